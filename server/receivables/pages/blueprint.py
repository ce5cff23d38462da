"""The blueprint of the pages of accounts, and what their forms say."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from flask import Blueprint, request

from server.core.problems import BadRequest, Text
from server.core.web.asked import asked_day, asked_page
from server.receivables.pages.written import written_cents
from server.receivables.service import Part
from shared.ids import new_id

__all__ = ["asked_day", "asked_page", "fresh_key", "pages", "written_parts"]
pages = Blueprint("receivables", __name__, template_folder="../templates")
_PART: Final = "part-"


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
