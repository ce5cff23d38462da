"""Bounds of what a door takes: texts that the database can keep, days near ours, pages of a list."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from marshmallow import ValidationError, fields, validate

from server.core.web.schemas import QuerySchema

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2100, 12, 31)
MAX_OFFSET: Final = 1_000_000
MAX_PAGE: Final = 200


def is_printable(value: str) -> bool:
    """Say whether the database can keep the text: it has no NUL and no half of a surrogate pair."""
    return "\x00" not in value and not any("\ud800" <= letter <= "\udfff" for letter in value)


def printable(value: str) -> None:
    """Accept a text that the database can keep.

    Raises:
        ValidationError: it has a NUL or half of a surrogate pair.
    """
    if not is_printable(value):
        raise ValidationError("Not a valid string.")


def near_day(value: date) -> None:
    """Accept a day of this century.

    Raises:
        ValidationError: an earlier or later one.
    """
    if not FIRST_DAY <= value <= LAST_DAY:
        raise ValidationError("Not a valid date.")


def line(*, longest: int = 200, **options: Any) -> fields.String:
    """Return a field of printable text with at most ``longest`` characters."""
    return fields.String(validate=[validate.Length(max=longest), printable], **options)


def day(**options: Any) -> fields.Date:
    """Return a field of a business day of this century."""
    return fields.Date(validate=near_day, **options)


def whole(*, least: int = 0, most: int, **options: Any) -> fields.Integer:
    """Return a field of a whole number inside its bounds."""
    return fields.Integer(validate=validate.Range(min=least, max=most), **options)


class PageQuery(QuerySchema):
    """Which part of a list: ``limit`` items after ``offset``."""

    offset = whole(most=MAX_OFFSET, load_default=0)
    limit = whole(least=1, most=MAX_PAGE, load_default=50)
