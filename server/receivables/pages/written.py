"""What the forms of accounts say: amounts in cents, within the bounds of one payment."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from server.core.web.forms import form_cents, form_id, required

MAX_WRITTEN_CENTS: Final = 10**11


def written_cents(name: str) -> int | None:
    """Return an amount written in dollars, in cents; None when the field is empty.

    Raises:
        UnreadableField: it is no amount.
    """
    return form_cents(name, most=MAX_WRITTEN_CENTS)


def written_id(name: str) -> UUID:
    """Return an identifier that the form must have.

    Raises:
        UnreadableField: it is none, or empty.
    """
    return required(name, form_id(name))
