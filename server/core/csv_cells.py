"""What makes a value of a cell's text: each reader takes trimmed text and raises ``BadCell`` with what to write."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from server.core.csv_rows import BadCell
from server.core.web.limits import FIRST_DAY, LAST_DAY

_YES: Final = frozenset({"oui", "yes", "vrai", "true", "o", "y", "1", "x"})
_NO: Final = frozenset({"non", "no", "faux", "false", "n", "0"})
_EMAIL: Final = re.compile(r"[^@\s,;<>\"]{1,64}@[^@\s,;<>\"]+\.[^@\s,;<>\".]{2,}")
_DECIMAL: Final = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_SPACES: Final = re.compile(r"[\s\u00a0\u202f]")
_MAX_DIGITS: Final = 20
_MAX_EMAIL: Final = 254  # RFC 5321

type Reader[T] = Callable[[str], T]


def words(longest: int = 200) -> Reader[str]:
    """Return a reader of one line of text."""

    def read(cell: str) -> str:
        if len(cell) > longest:
            raise BadCell(
                f"Ce texte a {len(cell)} caractères. En garder {longest} au plus.",
                f"This text has {len(cell)} characters. Keep {longest} at most.",
            )
        return " ".join(cell.split())

    return read


def whole(least: int, most: int) -> Reader[int]:
    """Return a reader of a whole number; spaces between thousands may stand."""

    def read(cell: str) -> int:
        bare = _SPACES.sub("", cell)
        if len(bare) > _MAX_DIGITS or not re.fullmatch(r"-?[0-9]+", bare, flags=re.ASCII):
            raise _not(cell, "un nombre entier", "a whole number", f"de {least} à {most}", f"from {least} to {most}")
        if not least <= int(bare) <= most:
            raise _outside(cell, f"{least}", f"{most}")
        return int(bare)

    return read


def exact(places: int, least: Decimal, most: Decimal) -> Reader[Decimal]:
    """Return a reader of an exact decimal with a point or a comma, at most ``places`` decimals."""

    def read(cell: str) -> Decimal:
        bare = _SPACES.sub("", cell).removesuffix("$").replace(",", ".")
        if len(bare) > _MAX_DIGITS or not _DECIMAL.fullmatch(bare):
            raise _not(cell, "un nombre", "a number", "par exemple 1234,50", "for example 1234.50")
        value = Decimal(bare)
        if len(bare.partition(".")[2]) > places:
            raise BadCell(
                f"«\u00a0{cell}\u00a0» a trop de décimales. En garder {places} au plus.",
                f"“{cell}” has too many decimals. Keep {places} at most.",
            )
        if not least <= value <= most:
            raise _outside(cell, f"{least}", f"{most}")
        return value

    return read


def cents(most: int) -> Reader[int]:
    """Return a reader of an amount in dollars, as whole cents."""
    dollars = exact(2, Decimal(0), Decimal(most) / 100)
    return lambda cell: int(dollars(cell) * 100)


def calendar_day(cell: str) -> date:
    """Read a day written 2026-11-25."""
    try:
        value = date.fromisoformat(cell) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", cell, flags=re.ASCII) else None
    except ValueError:
        value = None
    if value is None or not FIRST_DAY <= value <= LAST_DAY:
        raise _not(cell, "une date", "a date", "comme 2026-11-25", "like 2026-11-25")
    return value


def yes_or_no(cell: str) -> bool:
    """Read oui, non, yes, no, vrai, faux, true, false, 1, 0 or x."""
    said = cell.casefold()
    if said not in _YES | _NO:
        raise _not(cell, "oui ou non", "yes or no", "oui ou non", "yes or no")
    return said in _YES


def email(cell: str) -> str:
    """Read one e-mail address."""
    if len(cell) > _MAX_EMAIL or not _EMAIL.fullmatch(cell):
        raise _not(cell, "une adresse de courriel", "an e-mail address", "comme nom@exemple.ca", "like name@example.ca")
    return cell


def one_of(choices: Mapping[str, Any]) -> Reader[Any]:
    """Return a reader of one of some words, in any capitals."""
    known = {word.casefold(): value for word, value in choices.items()}

    def read(cell: str) -> Any:
        if cell.casefold() not in known:
            listed = ", ".join(choices)
            raise BadCell(
                f"«\u00a0{cell[:60]}\u00a0» n’est pas un choix possible. Écrire\u00a0: {listed}.",
                f"“{cell[:60]}” is not a possible choice. Write one of: {listed}.",
            )
        return known[cell.casefold()]

    return read


def member_of(kind: type[StrEnum]) -> Reader[StrEnum]:
    """Return a reader of an enumeration's value."""
    return one_of({one.value: one for one in kind})


def _not(cell: str, fr: str, en: str, how_fr: str, how_en: str) -> BadCell:
    return BadCell(
        f"«\u00a0{cell[:60]}\u00a0» n’est pas {fr}. Écrire {how_fr}.",
        f"“{cell[:60]}” is not {en}. Write {how_en}.",
    )


def _outside(cell: str, least: str, most: str) -> BadCell:
    return BadCell(
        f"«\u00a0{cell[:60]}\u00a0» est hors des bornes. Écrire de {least} à {most}.",
        f"“{cell[:60]}” is out of bounds. Write from {least} to {most}.",
    )
