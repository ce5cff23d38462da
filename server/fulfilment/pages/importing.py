"""Orders from a file: looked at first, then taken."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response

from server.billing.service import publish_pending
from server.core.csv_rows import UnreadableSheet
from server.core.imports import FaultyRows
from server.core.problems import Problem, Text
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.core.web.importing import ImportWords, fault_page, import_page, is_trial, report_page, sent_file
from server.fulfilment.service.importing import import_orders, preview_orders
from server.fulfilment.service.order_rows import COLUMNS, read_orders
from server.identity.permissions import Permission

imports = Blueprint("orders_import", __name__)
_WORDS: Final = ImportWords(
    title=Text("Importer des commandes", "Import orders"),
    back="/commandes",
    from_where=Text("Commandes", "Orders"),
    what=Text("Commande", "Order"),
    columns=COLUMNS,
)


@imports.get("/commandes/importer")
@requires(Permission.ORDER_ACCEPT)
def choose_file() -> str:
    """Say which columns a file of orders has, and take one."""
    return import_page(_WORDS)


@imports.post("/commandes/importer")
@requires(Permission.ORDER_ACCEPT)
def take_file() -> Response:
    """Show what a file would do, or take it: all of it or nothing."""
    content, now = sent_file(), stamp()
    found = read_orders(content)
    with transaction(actor().org_id) as session:
        if is_trial():
            report = preview_orders(session, found=found, stamp=now)
        else:
            report = import_orders(session, found=found, stamp=now)
            publish_pending(session, stamp=now)
    return report_page(_WORDS, report, content)


@imports.errorhandler(FaultyRows)
@imports.errorhandler(UnreadableSheet)
def show_faults(problem: Problem) -> Response:
    """Show each fault beside the form; nothing was written."""
    return fault_page(_WORDS, problem)
