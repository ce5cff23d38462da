"""Commands over catalogues: ``tournee import catalogue``."""

from __future__ import annotations

from pathlib import Path

import click

from server.catalog.importing import import_catalogue as take_catalogue
from server.catalog.importing import preview_catalogue, read_catalogue
from server.core.imports import read_import_file
from server.parties.cli import import_options, run_import


@click.command("catalogue")
@import_options
def import_catalogue(file: Path, seller: str, *, dry_run: bool) -> None:
    """Importer produits et formats depuis FILE (CSV) · Import products and formats from FILE.

    Code de sortie · exit code: 0 fait · done, 2 fichier refusé, rien d'écrit · file refused, nothing written.
    """
    sheet = read_catalogue(read_import_file(file))
    run_import(
        seller,
        rows=len(sheet.rows),
        dry_run=dry_run,
        preview=lambda session, _stamp, _note: preview_catalogue(session, sheet=sheet),
        take=lambda session, stamp, note: take_catalogue(session, sheet=sheet, stamp=stamp, note=note),
    )
