"""What the address of a page asks for: a day, a page of a list."""

from __future__ import annotations

from datetime import date
from typing import Final

from flask import request

from server.core.problems import BadRequest, Text
from server.core.web.limits import FIRST_DAY, LAST_DAY

MAX_PAGE: Final = 10_000


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
