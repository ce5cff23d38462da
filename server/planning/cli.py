"""Commands of the planner: ``tournee roads …`` and ``tournee plan``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, NoReturn

import click
import orjson

from shared.problems import Problem as Refusal
from shared.problems import Text

EXIT_INFEASIBLE = 1
EXIT_BAD_INPUT = 2
DEFAULT_FOLDER = Path("var/roads/truck")

type Document = dict[str, Any]


@click.group()
def roads() -> None:
    """Réseau routier des camions · Road network of the trucks."""


@roads.command("build")
@click.argument("extract", type=click.Path(path_type=Path))
@click.option("--into", "folder", type=click.Path(path_type=Path), default=DEFAULT_FOLDER, show_default=True)
def build(extract: Path, folder: Path) -> None:
    """Construire le réseau depuis EXTRACT (.osm.pbf) · Build the network from EXTRACT."""
    from server.planning.roads import build_network

    try:
        network = build_network(extract, folder, on_progress=lambda step: click.echo(f"… {step.label.fr}", err=True))
    except Refusal as refusal:
        _refuse(refusal)
    click.echo(f"{network.folder}  {network.network_id}")
    click.echo("© OpenStreetMap contributors")


@roads.command("fetch")
@click.argument("name")
@click.option("--to", "folder", type=click.Path(path_type=Path), default=Path("var/roads"), show_default=True)
def fetch(name: str, folder: Path) -> None:
    """Télécharger l'extrait NAME · Download the extract NAME."""
    from server.planning.roads.fetching import fetch_extract

    try:
        extract = fetch_extract(name, folder, on_progress=_show_download)
    except Refusal as refusal:
        _refuse(refusal)
    click.echo(str(extract))
    click.echo(f"tournee roads build {extract}")


@roads.command("tiles")
@click.argument("extract", type=click.Path(path_type=Path))
@click.option(
    "--to", "out", type=click.Path(path_type=Path), default=Path("var/roads/roads.pmtiles"), show_default=True
)
def tiles(extract: Path, out: Path) -> None:
    """Dessiner la carte du répartiteur · Draw the dispatcher's map."""
    from server.planning.roads.tiles import export_tiles

    try:
        export_tiles(extract, out)
    except Refusal as refusal:
        _refuse(refusal)
    click.echo(str(out))


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--seconds", type=float, help="Durée de recherche · Search time (10).")
@click.option("--iterations", type=int, help="Nombre d'itérations, reproductible · Iterations, reproducible.")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=1, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Réponse en JSON · Answer as JSON.")
def plan(file: Path, seconds: float | None, iterations: int | None, seed: int, *, as_json: bool) -> None:
    """Planifier FILE (VRPLIB, Solomon ou JSON) · Plan FILE.

    Code de sortie · exit code: 0 plan légal · legal, 1 sinon · not, 2 fichier refusé · file refused.
    """
    from server.planning.plan_command import plan_file

    if seconds is None and iterations is None:
        seconds = 10.0
    try:
        document = plan_file(file, seconds=seconds, iterations=iterations, seed=seed)
    except Refusal as refusal:
        _refuse(refusal, as_json=as_json, file=file)
    click.echo(orjson.dumps(document) if as_json else _as_text(document))
    sys.exit(0 if document["feasible"] else EXIT_INFEASIBLE)


def _as_text(document: Document) -> str:
    routes = [
        f"Tournée {number} ({when['vehicle']}): {' '.join(map(str, stops))}"
        for number, (stops, when) in enumerate(zip(document["routes"], document["timetable"], strict=True), start=1)
    ]
    left_out = [f"Non planifié · Unassigned: {one['stop']} ({one['reason']})" for one in document["unassigned"]]
    broken = [f"Violation: {one['kind']} {one['vehicle']} {one['stop']}" for one in document["violations"]]
    verdict = "légal · legal" if document["feasible"] else "illégal · not legal"
    summary = [f"Coût · Cost: {document['cost']} ({document['convention']})", f"Plan {verdict}"]
    return "\n".join(routes + left_out + broken + summary)


def _show_download(done_bytes: int, total_bytes: int) -> None:
    share = f"{100 * done_bytes // total_bytes} %" if total_bytes else f"{done_bytes // 1_000_000} Mo"
    click.echo(f"\r… {share}", nl=False, err=True)


def _refuse(refusal: Refusal, *, as_json: bool = False, file: Path | None = None) -> NoReturn:
    detail: Text = refusal.detail
    if as_json:
        click.echo(orjson.dumps(refusal.as_document("fr")))
    click.echo(f"{refusal.title.fr}\N{NO-BREAK SPACE}: {detail.fr}", err=True)
    click.echo(f"{refusal.title.en}: {detail.en}", err=True)
    for where in dict.fromkeys(str(one) for one in (file, refusal.where) if one):
        click.echo(f"→ {where}", err=True)
    sys.exit(EXIT_BAD_INPUT)
