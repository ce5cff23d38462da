"""Commands over orders: ``tournee import orders``."""

from __future__ import annotations

from pathlib import Path

import click
from sqlalchemy.orm import Session

from server.billing.service import publish_pending
from server.core.imports import ImportReport, Note, read_import_file
from server.core.stamp import Stamp
from server.fulfilment.service.importing import import_orders as take_orders
from server.fulfilment.service.importing import preview_orders
from server.fulfilment.service.order_rows import read_orders
from server.parties.cli import import_options, run_import


@click.command("orders")
@import_options
def import_orders(file: Path, seller: str, *, dry_run: bool) -> None:
    """Importer des commandes depuis FILE (CSV) · Import orders from FILE.

    Code de sortie · exit code: 0 fait · done, 2 fichier refusé, rien d'écrit · file refused, nothing written.
    """
    found = read_orders(read_import_file(file))

    def take(session: Session, stamp: Stamp, note: Note) -> ImportReport:
        report = take_orders(session, found=found, stamp=stamp, note=note)
        publish_pending(session, stamp=stamp)
        return report

    run_import(
        seller,
        rows=len(found),
        dry_run=dry_run,
        preview=lambda session, stamp, note: preview_orders(session, found=found, stamp=stamp, note=note),
        take=take,
    )
