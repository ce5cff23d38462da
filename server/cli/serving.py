"""Commands that stay: the web server and the worker."""

from __future__ import annotations

from contextlib import suppress

import click

from server.cli.web_server import WebServer
from server.core.ground import standing_ground
from server.core.logs import configure_logs
from server.core.settings import settings


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="adresse d’écoute · address to listen on")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64))
@click.option("--threads", default=8, show_default=True, type=click.IntRange(1, 64))
def serve(host: str, port: int, workers: int, threads: int) -> None:
    """Servir les pages et l’API · serve the pages and the API, until Ctrl-C."""
    with standing_ground(), WebServer(host=host, port=port, workers=workers, threads=threads) as server:
        if port not in {0, server.port}:
            _say(
                f"Le port {port} est pris; voici {server.port} · port {port} is taken; here is {server.port}", err=True
            )
        _say(f"{server.url}  (Ctrl-C pour arrêter · to stop)")
        server.wait()


def _say(words: str, *, err: bool = False) -> None:
    """Say something that nobody depends on: a full log volume must not end the office."""
    with suppress(OSError):
        click.echo(words, err=err)


@click.command()
@click.option("--concurrency", default=2, show_default=True, type=click.IntRange(1, 32))
def worker(concurrency: int) -> None:
    """Exécuter les tâches en file · run the queued jobs, until Ctrl-C."""
    from server.worker import run_forever

    configure_logs(settings().log_level)
    with standing_ground():
        run_forever(concurrency=concurrency)
