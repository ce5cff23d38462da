"""Commands over catalogues: ``tournee import catalogue``."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import click

from server.catalog.importing import import_catalogue as take_catalogue
from server.catalog.importing import preview_catalogue, read_catalogue
from server.core import clock
from server.core.ground import standing_ground
from server.core.imports import read_import_file, told_report
from server.core.stamp import Stamp
from server.core.transaction import transaction
from server.parties import queries as parties


@click.command("catalogue")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--seller", default="", help="Code, nom ou identifiant du vendeur · Seller's code, name or id.")
@click.option("--dry-run", is_flag=True, help="Montrer sans écrire · Show and write nothing.")
def import_catalogue(file: Path, seller: str, *, dry_run: bool) -> None:
    """Importer produits et formats depuis FILE (CSV) · Import products and formats from FILE.

    Code de sortie · exit code: 0 fait · done, 2 fichier refusé, rien d'écrit · file refused, nothing written.
    """
    sheet = read_catalogue(read_import_file(file))
    with standing_ground():
        with transaction(acting=UUID(int=0), as_owner=True) as session:
            seller_id = parties.seller_named(session, seller)
        with transaction(acting=seller_id) as session:
            if dry_run:
                report = preview_catalogue(session, sheet=sheet)
            else:
                report = take_catalogue(session, sheet=sheet, stamp=Stamp(by=None, at=clock.now()))
    for line in told_report(report, is_dry=dry_run):
        click.echo(line)
