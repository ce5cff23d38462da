"""The blueprint of the catalogue's pages, and what its forms say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any, Final

from flask import Blueprint, request, url_for
from sqlalchemy.orm import Session

from server.catalog.prices.queries import chosen_groups
from server.catalog.service import Audience
from server.core import clock
from server.core.web import actor, language
from server.core.web.forms import form_ids
from server.parties import queries as parties

pages = Blueprint("catalog", __name__, template_folder="../templates")
MAX_WORDS: Final = 80
_LAST_PAGE: Final = 200


def asked_words() -> str:
    """Return what is searched for, within its bounds."""
    return request.args.get("q", "").replace("\x00", "").strip()[:MAX_WORDS]


def asked_page() -> int:
    """Return the page in the address, from 1 on."""
    raw = request.args.get("page", "1")
    return min(max(int(raw), 1), _LAST_PAGE) if raw.isascii() and raw.isdigit() and len(raw) < len("1000000") else 1


def turning() -> Callable[[int], str]:
    """Return what makes the address of another page of the same list."""
    kept = {name: value for name, value in request.args.items() if name != "page"}
    endpoint, given = str(request.endpoint), request.view_args or {}
    return lambda page: url_for(endpoint, **{**given, **kept, "page": page})


def today(session: Session) -> date:
    """Return the business day of the caller's organisation."""
    return clock.now().astimezone(parties.zone_or_ours(session, org_id=actor().org_id)).date()


def said_audience() -> Audience:
    """Return the groups and clients that a form has ticked."""
    return Audience(form_ids("group_ids"), form_ids("buyer_ids"))


def audiences(session: Session) -> dict[str, Any]:
    """Return the groups and clients that a form may tick, and the names of all of them."""
    groups = chosen_groups(session)
    clients = [card for _, card in parties.clients(session)]
    names = {group.id: group.name for group in groups} | {card.id: card.name for card in clients}
    return {"groups": groups, "clients": clients, "names": names}


def written(value: Decimal | None) -> str:
    """Return a decimal as a form's field begins with it: without needless zeros, two decimals at least."""
    if value is None:
        return ""
    plain = f"{value:.4f}".removesuffix("00")
    return plain.replace(".", ",") if language() == "fr" else plain
