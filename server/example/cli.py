"""``tournee day``: the example day, and the proof of it."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from server.example.standing import VAR, DayPlace, StoreKind


@click.group()
def day() -> None:
    """La journée d’exemple · the example day."""


@day.command("run")
@click.option("--once", is_flag=True, help="finir après le rapport · end after the report")
@click.option("--store", type=click.Choice(["local", "s3"]), default="local", show_default=True)
@click.option("--roads", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="extrait OSM · OSM extract")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
@click.option("--lang", type=click.Choice(["fr", "en"]), default="fr", show_default=True)
def run(*, once: bool, store: StoreKind, roads: Path | None, port: int, lang: str) -> None:
    """Vivre la journée, la prouver, puis servir ses pages · live the day, prove it, then serve its pages."""
    from server.core.logs import configure_logs
    from server.example.progress import Bars
    from server.example.running import DayRunner
    from server.example.standing import standing

    place = DayPlace(VAR.resolve(), store)
    console = Console()
    with standing(place):
        configure_logs("WARNING")
        bars = Bars(console, "en" if lang == "en" else "fr")
        with bars.shown():
            DayRunner(place, bars).run()
