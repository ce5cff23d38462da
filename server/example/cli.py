"""``tournee day``: the example day, and the proof of it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console

from server.core.problems import Language, Text
from server.example.standing import VAR, DayPlace, StoreKind

EXIT_FAULT = 1

type Command = Callable[..., None]


def _shared(function: Command) -> Command:
    """Give a command the options that both have: store and language."""
    stores = click.Choice(["local", "s3"])
    function = click.option("--store", type=stores, default="local", show_default=True, help="magasin · store")(
        function
    )
    languages = click.Choice(["fr", "en"])
    return click.option("--lang", "language", type=languages, default="fr", show_default=True)(function)


@click.group()
def day() -> None:
    """La journée d’exemple · the example day."""


@day.command("run")
@click.option("--once", is_flag=True, help="finir après le rapport · end after the report")
@_shared
@click.option(
    "--roads", type=click.Path(path_type=Path), help="extrait OpenStreetMap (.osm.pbf) · OpenStreetMap extract"
)
@click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="port des pages · pages’ port"
)
def run(*, once: bool, store: StoreKind, roads: Path | None, port: int, language: Language) -> None:
    """Vivre la journée, la prouver, puis servir ses pages · live the day, prove it, then serve its pages.

    Relancée, la commande reprend où elle en était · run again, it goes on where it stood. Code de sortie · exit code:
    0 tout tient · all holds, 1 une vérification échoue · a check fails, 2 problème · problem.
    """
    from server.core.logs import configure_logs
    from server.example.progress import Bars
    from server.example.roads import build_roads, notice_of_day
    from server.example.running import DayRunner
    from server.example.standing import standing

    place, console = DayPlace(VAR.resolve(), store), Console()
    with standing(place):
        configure_logs("WARNING")
        bars = Bars(console, language)
        with bars.shown():
            build_roads(roads, bars)
            users = DayRunner(place, bars).run()
        holds = _conclude(place, console, language)
        if (notice := notice_of_day()) is not None:
            console.print(notice.say(language), highlight=False, soft_wrap=True)
        if once or not holds:
            sys.exit(0 if holds else EXIT_FAULT)
        _serve(console, users.path, port, language)


@day.command("check")
@_shared
def check(*, store: StoreKind, language: Language) -> None:
    """Prouver la journée depuis la base et le magasin · prove the day from database and store.

    Code de sortie · exit code: 0 tout tient · all holds, 1 sinon · otherwise.
    """
    from server.core.logs import configure_logs
    from server.example.check import check_day, read_books
    from server.example.standing import standing
    from server.example.telling import tell

    place = DayPlace(VAR.resolve(), store)
    with standing(place):
        configure_logs("WARNING")
        console = Console()
        findings = [tell(console, finding, language) for finding in check_day(read_books(place.scope))]
    sys.exit(0 if all(finding.holds for finding in findings) else EXIT_FAULT)


def _conclude(place: DayPlace, console: Console, language: Language) -> bool:
    """Check the day, write its report and papers, print them, and say whether everything holds."""
    from server.example.check import check_day, read_books
    from server.example.papers import write_papers
    from server.example.report import make_report, report_table
    from server.example.telling import tell

    books = read_books(place.scope)
    findings = [tell(console, one, language) for one in check_day(books)]
    report = make_report(books, findings, store=place.store)
    write_papers(books, place.folder)
    path = place.folder / "report.json"
    path.write_text(json.dumps(report, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    console.print(report_table(report, language))
    files = Text("Rapport, documents et preuves\u00a0: {}", "Report, documents and proofs: {}").say(language)
    console.print(files.format(place.folder), highlight=False, soft_wrap=True)
    return all(finding.holds for finding in findings)


def _serve(console: Console, users: Path, port: int, language: Language) -> None:
    from server.cli.web_server import WebServer

    with WebServer(port=port) as server, _worker():
        console.print(users.read_text(encoding="utf-8"), highlight=False, soft_wrap=True)
        if port not in {0, server.port}:
            taken = Text(
                f"Le port {port} est pris; voici {server.port}.", f"Port {port} is taken; here is {server.port}."
            )
            console.print(taken.say(language))
        stop = Text("Ctrl-C pour arrêter", "Ctrl-C to stop").say(language)
        console.print(f"{server.url}  ({stop})", highlight=False)
        server.wait()


@contextmanager
def _worker() -> Iterator[None]:
    """Run the jobs that the pages ask for, in a process of its own, inside the block."""
    command = [sys.executable, "-c", "from server.cli import main; main()", "worker"]
    worker = subprocess.Popen(command)
    try:
        yield
    finally:
        worker.terminate()
        worker.wait()
