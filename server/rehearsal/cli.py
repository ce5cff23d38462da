"""``tournee rehearse``: days under faults, and the seed of the first that does not hold."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console
from rich.table import Table

from server.core.problems import Text
from server.rehearsal.verdict import HEADS
from server.rehearsal.weather import Profile

EXIT_FAULT: Final = 1


@click.command()
@click.option("--days", default=100, show_default=True, type=click.IntRange(1), help="journées · days")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="première graine · first seed")
@click.option("--plant", "planted", default="", help="erreur plantée, à attraper · planted mistake, to be caught")
@click.option(
    "--profile", type=click.Choice(["calm", "network", "faults", "full"]), default="full", show_default=True,
    help="pannes · faults",
)  # fmt: skip
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64), help="processus · processes")
@click.option(
    "--resume",
    type=click.Path(path_type=Path, dir_okay=False),
    help="journal d’une nuit, repris où il s’arrête · record of a night, gone on with",
)
@click.option("--json", "as_json", is_flag=True, help="résultat en JSON · result as JSON")
def rehearse(
    *, days: int, seed: int, planted: str, profile: Profile, workers: int, resume: Path | None, as_json: bool
) -> None:
    """Répéter des journées entières sous pannes · rehearse whole days under faults.

    La même graine rejoue la même journée · the same seed replays the same day. Code de sortie · exit code: 0 tout
    tient · all holds, 1 une journée ne tient pas · a day does not hold, 2 problème · problem.
    """
    from server.rehearsal.night import Night
    from server.rehearsal.running import Wanted

    console, began = Console(stderr=as_json), time.monotonic()
    night = Night(Wanted(days=days, seed=seed, profile=profile, planted=planted), workers, resume)
    for done in night.chunks():
        seconds = time.monotonic() - began
        said = Text(f"{done} journées, {seconds:.0f} s", f"{done} days, {seconds:.0f} s")
        console.print(f"{said.fr} · {said.en}", highlight=False)
    pace = round(night.played / (time.monotonic() - began), 2)
    record = night.total.record() | {"profile": profile, "plant": planted, "days_per_s": pace}
    if as_json:
        click.echo(json.dumps(record, ensure_ascii=False))
    else:
        _tell(console, record)
    sys.exit(0 if night.total.holds else EXIT_FAULT)


def _tell(console: Console, record: dict[str, Any]) -> None:
    table = Table("pannes · faults", "")
    for kind, count in record["faults"].items():
        table.add_row(kind, str(count))
    console.print(table)
    for name in ("days", "events", *HEADS, "days_per_s", "seed"):
        console.print(f"{name}: {record[name]}", highlight=False)
    for line in record["first"]:
        console.print(f"  {line}", highlight=False, soft_wrap=True)
