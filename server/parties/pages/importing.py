"""Clients from a file, on a page: looked at first, then taken."""

from __future__ import annotations

from typing import Final

from flask import Response

from server.core.csv_rows import UnreadableSheet
from server.core.imports import FaultyRows
from server.core.problems import Problem, Text
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.core.web.importing import ImportWords, fault_page, import_page, is_trial, report_page, sent_file
from server.identity.permissions import Permission
from server.parties.pages.blueprint import pages
from server.parties.service import import_clients, preview_clients
from server.parties.service.client_rows import COLUMNS, read_clients

_WORDS: Final = ImportWords(
    title=Text("Importer des clients", "Import clients"),
    back="/clients",
    from_where=Text("Clients", "Clients"),
    what=Text("Client", "Client"),
    columns=COLUMNS,
)


@pages.get("/clients/importer")
@requires(Permission.PARTY_EDIT)
def choose_clients_file() -> str:
    """Say which columns a file of clients has, and take one."""
    return import_page(_WORDS)


@pages.post("/clients/importer")
@requires(Permission.PARTY_EDIT)
def take_clients_file() -> Response:
    """Show what a file would do, or take it: all of it or nothing."""
    content = sent_file()
    sheet = read_clients(content)
    with transaction(actor().org_id) as session:
        report = (
            preview_clients(session, sheet=sheet) if is_trial() else import_clients(session, sheet=sheet, stamp=stamp())
        )
    return report_page(_WORDS, report, content)


@pages.errorhandler(FaultyRows)
@pages.errorhandler(UnreadableSheet)
def show_faults(problem: Problem) -> Response:
    """Show each fault beside the form; nothing was written."""
    return fault_page(_WORDS, problem)
