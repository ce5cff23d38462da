"""A catalogue from a file: looked at first, then taken."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response

from server.catalog.importing import COLUMNS, import_catalogue, preview_catalogue, read_catalogue
from server.core.csv_rows import UnreadableSheet
from server.core.imports import FaultyRows
from server.core.problems import Problem, Text
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.core.web.importing import ImportWords, fault_page, import_page, is_trial, report_page, sent_file
from server.identity.permissions import Permission

imports = Blueprint("catalog_import", __name__)
_WORDS: Final = ImportWords(
    title=Text("Importer un catalogue", "Import a catalogue"),
    back="/catalogue",
    from_where=Text("Catalogue", "Catalogue"),
    what=Text("Format", "Format"),
    columns=COLUMNS,
)


@imports.get("/catalogue/importer")
@requires(Permission.CATALOG_EDIT)
def choose_file() -> str:
    """Say which columns a file of formats has, and take one."""
    return import_page(_WORDS)


@imports.post("/catalogue/importer")
@requires(Permission.CATALOG_EDIT)
def take_file() -> Response:
    """Show what a file would do, or take it: all of it or nothing."""
    content = sent_file()
    sheet = read_catalogue(content)
    with transaction(actor().org_id) as session:
        report = (
            preview_catalogue(session, sheet=sheet)
            if is_trial()
            else import_catalogue(session, sheet=sheet, stamp=stamp())
        )
    return report_page(_WORDS, report, content)


@imports.errorhandler(FaultyRows)
@imports.errorhandler(UnreadableSheet)
def show_faults(problem: Problem) -> Response:
    """Show each fault beside the form; nothing was written."""
    return fault_page(_WORDS, problem)
