"""Clients from a file, on a page: looked at first, then taken."""

from __future__ import annotations

from typing import Any, Final

from flask import Response, make_response, render_template, request

from server.core.csv_rows import MAX_BYTES, UnreadableSheet
from server.core.imports import VERDICTS, FaultyRows
from server.core.problems import Problem
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.identity.permissions import Permission
from server.parties.pages.blueprint import pages
from server.parties.service import import_clients, preview_clients
from server.parties.service.client_rows import COLUMNS, read_clients

MAX_KEPT: Final = 400_000
"""How long a text the page itself may hold between looking and taking, in characters; a longer file is chosen again."""


@pages.get("/clients/importer")
@requires(Permission.PARTY_EDIT)
def choose_clients_file() -> str:
    """Say which columns a file of clients has, and take one."""
    return _page()


@pages.post("/clients/importer")
@requires(Permission.PARTY_EDIT)
def take_clients_file() -> Response:
    """Show what a file would do, or take it: all of it or nothing."""
    is_dry = request.form.get("do") != "import"
    content = _content()
    try_first = preview_clients if is_dry else import_clients
    given: dict[str, Any] = {} if is_dry else {"stamp": stamp()}
    sheet = read_clients(content)
    with transaction(actor().org_id) as session:
        report = try_first(session, sheet=sheet, **given)
    return make_response(_page(report=report, is_dry=is_dry, kept=_kept(content) if is_dry else ""))


@pages.errorhandler(FaultyRows)
@pages.errorhandler(UnreadableSheet)
def show_faults(problem: Problem) -> Response:
    """Show each fault beside the form; nothing was written."""
    return make_response(_page(problem=problem), problem.status)


def _page(**shown: Any) -> str:
    blank = {"report": None, "problem": None, "is_dry": True, "kept": ""}
    return render_template("parties/import_clients.html", columns=COLUMNS, verdicts=VERDICTS, **(blank | shown))


def _content() -> bytes:
    file = request.files.get("file")
    if file is not None and file.filename:
        return file.stream.read(MAX_BYTES + 1)
    return request.form.get("kept", "").encode()


def _kept(content: bytes) -> str:
    text = content.decode("utf-8-sig")
    return text if len(text) <= MAX_KEPT else ""
