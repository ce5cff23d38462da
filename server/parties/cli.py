"""Commands over clients: ``tournee import clients``."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import click

from server.core import clock
from server.core.ground import standing_ground
from server.core.imports import read_import_file, told_report
from server.core.stamp import Stamp
from server.core.transaction import transaction
from server.parties import queries
from server.parties.service import import_clients as take_clients
from server.parties.service import preview_clients
from server.parties.service.client_rows import read_clients


@click.command("clients")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--seller", default="", help="Code, nom ou identifiant du vendeur · Seller's code, name or id.")
@click.option("--dry-run", is_flag=True, help="Montrer sans écrire · Show and write nothing.")
def import_clients(file: Path, seller: str, *, dry_run: bool) -> None:
    """Importer des clients depuis FILE (CSV) · Import clients from FILE.

    Code de sortie · exit code: 0 fait · done, 2 fichier refusé, rien d'écrit · file refused, nothing written.
    """
    sheet = read_clients(read_import_file(file))
    with standing_ground():
        with transaction(acting=UUID(int=0), as_owner=True) as session:
            seller_id = queries.seller_named(session, seller)
        with transaction(acting=seller_id) as session:
            if dry_run:
                report = preview_clients(session, sheet=sheet)
            else:
                report = take_clients(session, sheet=sheet, stamp=Stamp(by=None, at=clock.now()))
    for line in told_report(report, is_dry=dry_run):
        click.echo(line)
