"""The app's words, French of Québec first, and how it writes numbers, hours and days."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from shared.money import format_money
from shared.problems import Language, Text

NBSP = "\u00a0"
_UNITS = {
    "case": (Text("caisse", "case"), Text("caisses", "cases")),
    "keg": (Text("fût", "keg"), Text("fûts", "kegs")),
    "unit": (Text("unité", "unit"), Text("unités", "units")),
    "bottle": (Text("bouteille", "bottle"), Text("bouteilles", "bottles")),
}
_DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_MONTHS = (
    *("janvier", "février", "mars", "avril", "mai", "juin", "juillet"),
    *("août", "septembre", "octobre", "novembre", "décembre"),
)


def units(quantity: int, unit: str, language: Language) -> str:
    """Return « 20 caisses »; zero takes the singular in French."""
    one, many = _UNITS.get(unit, (Text(unit, unit), Text(unit, unit)))
    is_one = quantity < 2 if language == "fr" else quantity == 1  # noqa: PLR2004 - French counts from two
    return f"{quantity}{NBSP}{(one if is_one else many).say(language)}"


def count(quantity: int, one: Text, many: Text, language: Language) -> str:
    """Return the number with its noun."""
    is_one = quantity < 2 if language == "fr" else quantity == 1  # noqa: PLR2004 - French counts from two
    return f"{quantity}{NBSP}{(one if is_one else many).say(language)}"


def money(cents: int, language: Language, currency: str = "CAD") -> str:
    """Return « 1 284,36 $ »."""
    return format_money(cents, currency, language)


def minutes(after_midnight: int, language: Language) -> str:
    """Return « 13 h 30 », « 8 h », or ``13:30`` in English."""
    hour, minute = divmod(after_midnight, 60)
    if language == "en":
        return f"{hour}:{minute:02d}"
    return f"{hour}{NBSP}h{NBSP}{minute:02d}" if minute else f"{hour}{NBSP}h"


def hour(at_ms: int, timezone: str, language: Language) -> str:
    """Return the local time of an instant in milliseconds."""
    local = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(ZoneInfo(timezone))
    return minutes(local.hour * 60 + local.minute, language)


def day(iso: str, language: Language) -> str:
    """Return « mardi 24 novembre » for a business day."""
    on = date.fromisoformat(iso)
    if language == "en":
        return f"{on:%A}, {on:%B} {on.day}"
    return f"{_DAYS[on.weekday()]} {'1er' if on.day == 1 else on.day} {_MONTHS[on.month - 1]}"


def labelled(label: Text, value: str, language: Language) -> str:
    """Return « Total : 12,00 $ », with the space that French puts before a colon."""
    return f"{label.say(language)}{NBSP if language == 'fr' else ''}: {value}"


def initial(text: str) -> str:
    """Return the text with its first letter in capital."""
    return text[:1].upper() + text[1:]
