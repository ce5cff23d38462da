"""Commands over orders: ``tournee import orders``."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import click

from server.billing.service import publish_pending
from server.core import clock
from server.core.ground import standing_ground
from server.core.imports import read_import_file, told_report
from server.core.stamp import Stamp
from server.core.transaction import transaction
from server.fulfilment.service.importing import import_orders as take_orders
from server.fulfilment.service.importing import preview_orders
from server.fulfilment.service.order_rows import read_orders
from server.parties import queries as parties


@click.command("orders")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--seller", default="", help="Code, nom ou identifiant du vendeur · Seller's code, name or id.")
@click.option("--dry-run", is_flag=True, help="Montrer sans écrire · Show and write nothing.")
def import_orders(file: Path, seller: str, *, dry_run: bool) -> None:
    """Importer des commandes depuis FILE (CSV) · Import orders from FILE.

    Code de sortie · exit code: 0 fait · done, 2 fichier refusé, rien d'écrit · file refused, nothing written.
    """
    found = read_orders(read_import_file(file))
    stamp = Stamp(by=None, at=clock.now())
    with standing_ground():
        with transaction(acting=UUID(int=0), as_owner=True) as session:
            seller_id = parties.seller_named(session, seller)
        with transaction(acting=seller_id) as session:
            if dry_run:
                report = preview_orders(session, found=found, stamp=stamp)
            else:
                report = take_orders(session, found=found, stamp=stamp)
                publish_pending(session, stamp=stamp)
    for line in told_report(report, is_dry=dry_run):
        click.echo(line)
