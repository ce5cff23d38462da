"""The blueprint of the pages of accounts, and what they read from an address."""

from __future__ import annotations

from datetime import date
from typing import Final
from uuid import UUID

from flask import Blueprint, request

from server.core.problems import BadRequest, Text
from server.core.web.limits import FIRST_DAY, LAST_DAY
from server.receivables.pages.written import written_cents
from server.receivables.service import Part
from shared.ids import new_id

pages = Blueprint("receivables", __name__, template_folder="../templates")
MAX_PAGE: Final = 10_000
_PART: Final = "part-"


def asked_day(name: str) -> date | None:
    """Return a day of the address, or None.

    Raises:
        BadRequest: it is no day.
    """
    raw = request.args.get(name, "")
    if not raw:
        return None
    try:
        found = date.fromisoformat(raw)
    except ValueError:
        found = None
    if found is None or not FIRST_DAY <= found <= LAST_DAY:
        raise BadRequest(
            Text("Ce jour ne se lit pas. L’écrire AAAA-MM-JJ.", "This day cannot be read. Write it YYYY-MM-DD."),
            where=name,
        )
    return found


def asked_page() -> int:
    """Return the page of a list, from 1."""
    raw = request.args.get("page", "1")
    return min(max(int(raw), 1), MAX_PAGE) if raw.isascii() and raw.isdigit() and len(raw) < len("1000000") else 1


def written_parts() -> list[Part]:
    """Return what the form gives to each invoice: its fields ``part-<invoice>``, empty ones left out.

    Raises:
        BadField: an amount cannot be read. BadRequest: a name is no invoice's.
    """
    named = ((name, written_cents(name)) for name in request.form if name.startswith(_PART))
    return [Part(_invoice_id(name), amount_cents) for name, amount_cents in named if amount_cents]


def fresh_key() -> str:
    """Return the key of a form's command: sent twice, it is done once."""
    return str(new_id())


def _invoice_id(name: str) -> UUID:
    try:
        return UUID(name.removeprefix(_PART))
    except ValueError as error:
        raise BadRequest(Text("Cette facture n’existe pas.", "There is no such invoice."), where=name) from error
