"""``tournee import …``: each context's own command under one word."""

from __future__ import annotations

from typing import Final

import click

from server.cli.lazy import LazyCommands

_IMPORTS: Final = {
    "catalogue": "server.catalog.cli:import_catalogue",
    "clients": "server.parties.cli:import_clients",
    "orders": "server.fulfilment.cli:import_orders",
}


@click.group("import", cls=LazyCommands, places=_IMPORTS)
def import_() -> None:
    """Importer un fichier CSV · Import a CSV file.

    Un fichier fautif ne change rien · a faulty file changes nothing.
    """
