"""What a browser's form says, field by field, within its bounds; what cannot be read names its field."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final
from uuid import UUID

from flask import request

from server.core.problems import Problem, Text
from server.core.web.limits import FIRST_DAY, LAST_DAY, is_printable

MAX_CHOICES: Final = 2000
_NUMBER: Final = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?", flags=re.ASCII)
_SPACES: Final = re.compile(r"[\s\u00a0\u202f$%]")


class UnreadableField(Problem):
    """A field of a form holds what cannot be read; ``where`` is its name."""

    slug = "unreadable-field"
    status = 422
    title = Text("Champ à corriger", "Field to correct")


def form_words(name: str, *, longest: int = 200) -> str:
    """Return a trimmed text, empty when the form has none.

    Raises:
        UnreadableField: it is too long, or holds what the database cannot keep.
    """
    value = request.form.get(name, "").replace("\r\n", "\n").strip()
    if len(value) > longest or not is_printable(value):
        raise _unreadable(name, f"Écrire {longest} caractères au plus.", f"Write {longest} characters at most.")
    return value


def form_number(name: str) -> Decimal | None:
    """Return an exact number written with a comma or a point, or None when the field is empty.

    Raises:
        UnreadableField: it is no such number.
    """
    value = _SPACES.sub("", request.form.get(name, "")).replace(",", ".")
    if not value:
        return None
    if not _NUMBER.fullmatch(value):
        raise _unreadable(name, "Écrire un nombre, comme 12,50.", "Write a number, like 12.50.")
    return Decimal(value)


def form_whole(name: str, *, least: int = 0, most: int) -> int | None:
    """Return a whole number, or None when the field is empty.

    Raises:
        UnreadableField: it is no whole number inside its bounds.
    """
    value = form_number(name)
    if value is not None and (value != int(value) or not least <= value <= most):
        raise _unreadable(
            name, f"Écrire un nombre entier de {least} à {most}.", f"Write a whole number from {least} to {most}."
        )
    return None if value is None else int(value)


def form_thousandths(name: str, *, most: int) -> int | None:
    """Return kilograms as whole grams, or None when the field is empty.

    Raises:
        UnreadableField: it has parts of a gram, or is too heavy.
    """
    value = form_number(name)
    if value is not None and (value * 1000 != int(value * 1000) or value * 1000 > most):
        raise _unreadable(
            name, f"Écrire jusqu’à {most // 1000}, comme 12,4.", f"Write up to {most // 1000}, like 12.4."
        )
    return None if value is None else int(value * 1000)


def form_cents(name: str, *, most: int) -> int | None:
    """Return an amount in dollars as whole cents, or None when the field is empty.

    Raises:
        UnreadableField: it has parts of a cent, or is too large.
    """
    value = form_number(name)
    if value is not None and (value * 100 != int(value * 100) or value * 100 > most):
        raise _unreadable(name, "Écrire un montant, comme 12,50.", "Write an amount, like 12.50.")
    return None if value is None else int(value * 100)


def form_day(name: str) -> date | None:
    """Return a day of this century, or None when the field is empty.

    Raises:
        UnreadableField: it is no such day.
    """
    raw = request.form.get(name, "").strip()
    if not raw:
        return None
    try:
        value = date.fromisoformat(raw)
    except ValueError:
        value = date.min
    if not FIRST_DAY <= value <= LAST_DAY:
        raise _unreadable(name, "Écrire une date, comme 2026-11-25.", "Write a date, like 2026-11-25.")
    return value


def form_choice[E: StrEnum](name: str, kind: type[E]) -> E:
    """Return a choice.

    Raises:
        UnreadableField: it is none of ``kind``.
    """
    raw = request.form.get(name, "")
    if raw not in {one.value for one in kind}:
        raise _unreadable(name, "Choisir dans la liste.", "Choose from the list.")
    return kind(raw)


def form_flag(name: str) -> bool:
    """Say whether a box is ticked."""
    return bool(request.form.get(name))


def form_id(name: str) -> UUID | None:
    """Return an identifier that was chosen, or None.

    Raises:
        UnreadableField: it is no identifier.
    """
    raw = request.form.get(name, "").strip()
    return read_id(name, raw) if raw else None


def form_ids(name: str) -> tuple[UUID, ...]:
    """Return every identifier that was ticked or chosen under a name, each once.

    Raises:
        UnreadableField: one is no identifier, or there are too many.
    """
    raw = list(dict.fromkeys(one for one in request.form.getlist(name) if one))
    if len(raw) > MAX_CHOICES:
        raise _unreadable(name, f"En choisir {MAX_CHOICES} au plus.", f"Choose {MAX_CHOICES} at most.")
    return tuple(read_id(name, one) for one in raw)


def required[T](name: str, value: T | None) -> T:
    """Return a value that the form must have.

    Raises:
        UnreadableField: the field is empty.
    """
    if value is None:
        raise _unreadable(name, "Remplir ce champ.", "Fill in this field.")
    return value


def read_id(name: str, raw: str) -> UUID:
    """Return the identifier that stands in a field, or in a field's name.

    Raises:
        UnreadableField: it is none.
    """
    try:
        return UUID(raw)
    except ValueError as error:
        raise _unreadable(name, "Choisir dans la liste.", "Choose from the list.") from error


def _unreadable(name: str, fr: str, en: str) -> UnreadableField:
    return UnreadableField(Text(fr, en), where=name)
