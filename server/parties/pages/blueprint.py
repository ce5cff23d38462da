"""What the pages of parties share."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, request

from server.core.problems import BadRequest, Text
from server.core.web.limits import is_printable

pages = Blueprint("parties", __name__, template_folder="../templates")
LAST_PAGE = 500


def asked_page() -> int:
    """Return the page that the address names, the first when it names none."""
    raw = request.args.get("page", "1")
    return min(int(raw), LAST_PAGE) if raw.isascii() and raw.isdigit() and 0 < len(raw) < 6 and int(raw) else 1  # noqa: PLR2004  # digits


def asked_words(name: str = "q") -> str:
    """Return what is searched for."""
    raw = request.args.get(name, "").strip()[:80]
    return raw if is_printable(raw) else ""


def form_id(name: str, *, required: bool = True) -> UUID | None:
    """Return an identifier of the form; None when it is empty and may be.

    Raises:
        BadRequest: it is no identifier.
    """
    raw = request.form.get(name, "")
    if not raw and not required:
        return None
    try:
        return UUID(raw)
    except ValueError as error:
        raise BadRequest(
            Text("Le formulaire est incomplet. Recharger la page.", "The form is incomplete. Reload the page."),
            where=name,
        ) from error
