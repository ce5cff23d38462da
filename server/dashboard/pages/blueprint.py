"""The blueprint of the pages that show, and what they read from an address."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from enum import StrEnum
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, request, url_for
from sqlalchemy.orm import Session

from server.core import clock
from server.core.problems import BadRequest, Text
from server.core.web import actor
from server.identity.model import Role
from server.identity.permissions import Permission
from server.orders.listing import Today
from server.parties import queries as parties

pages = Blueprint("dashboard", __name__, template_folder="../templates")
MAX_WORDS: Final = 80
MAX_PAGE: Final = 200


def zone_here(session: Session) -> ZoneInfo:
    """Return the time zone in which the caller's organisation counts its days."""
    return parties.zone_of(session, org_id=actor().org_id)


def today_in(zone: ZoneInfo) -> date:
    """Return the business day of now in ``zone``."""
    return clock.now().astimezone(zone).date()


def day_in(zone: ZoneInfo) -> Today:
    """Return the business day of now in ``zone``, with the instant at which it began."""
    return Today.of(clock.now(), zone)


def driver_only() -> UUID | None:
    """Return the caller when it is a driver, who sees its own runs alone; else None."""
    who = actor()
    return who.user_id if who.only(Role.DRIVER, permission=Permission.ORDER_READ) else None


def asked_day(name: str = "jour") -> date | None:
    """Return the day in the address, or None.

    Raises:
        BadRequest: it is no day.
    """
    raw = request.args.get(name, "")
    if not raw:
        return None
    try:
        return date.fromisoformat(raw)
    except ValueError as error:
        raise BadRequest(
            Text("Ce jour ne se lit pas. Écrivez-le AAAA-MM-JJ.", "This day cannot be read. Write it YYYY-MM-DD."),
            where=name,
        ) from error


def asked_page() -> int:
    """Return the page in the address, from 1 to the last that lists go to."""
    raw = request.args.get("page", "1")
    return min(max(int(raw), 1), MAX_PAGE) if raw.isascii() and raw.isdigit() and len(raw) < len("1000000") else 1


def asked_words(name: str = "q") -> str:
    """Return what is searched for, within its bounds."""
    return request.args.get(name, "").replace("\x00", "").strip()[:MAX_WORDS]


def asked_choice[E: StrEnum](name: str, kind: type[E]) -> E | None:
    """Return a choice of the address when it is one of ``kind``."""
    raw = request.args.get(name, "")
    return kind(raw) if raw in {one.value for one in kind} else None


def asked_id(name: str) -> UUID | None:
    """Return an id of the address, or None when there is none or it cannot be read."""
    try:
        return UUID(request.args.get(name, ""))
    except ValueError:
        return None


def turning() -> Callable[[int], str]:
    """Return what makes the address of another page of the same list."""
    kept = {name: value for name, value in request.args.items() if name != "page"}
    endpoint = str(request.endpoint)
    return lambda page: url_for(endpoint, **{**(request.view_args or {}), **kept, "page": page})


def same_list(**changes: str | None) -> str:
    """Return the address of this list with other choices, from its first page."""
    kept = {name: value for name, value in request.args.items() if name not in {"page", "avant", "apres"}} | changes
    wanted: dict[str, Any] = {name: value for name, value in kept.items() if value}
    return url_for(str(request.endpoint), **wanted)
