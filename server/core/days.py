"""Days as people write them, in French (Québec) and English (Canada)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import format_date

from shared.problems import Language, Text

HOME_ZONE: Final = ZoneInfo("America/Toronto")
"""The product’s own time zone, where no organisation’s is known."""
_PATTERNS: Final[Mapping[str, Text]] = {
    "long": Text("EEEE d MMMM y", "EEEE, MMMM d, y"),
    "medium": Text("d MMMM y", "MMMM d, y"),
    "short": Text("d MMM", "MMM d"),
}
_LOCALES: Final = Text("fr_CA", "en_CA")


def written_day(value: date, language: Language, form: str = "medium") -> str:
    """Return ``1er novembre 2026`` or ``November 1, 2026``; ``long`` has the day of the week, ``short`` no year."""
    pattern = _PATTERNS[form].say(language)
    if language == "fr" and value.day == 1:
        pattern = pattern.replace("d ", "d'er' ")
    return str(format_date(value, pattern, locale=_LOCALES.say(language)))


def day_text(value: date) -> Text:
    """Return a day in both languages: ``1er novembre 2026`` and ``November 1, 2026``."""
    return Text(written_day(value, "fr"), written_day(value, "en"))
