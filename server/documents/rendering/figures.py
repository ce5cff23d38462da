"""How figures are written in the two languages: dates, times, counts, rates, distances, weights.

French follows the Office québécois de la langue française (``13 h 30``, ``9,975 %``, no-break spaces).
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel.numbers import format_decimal

from server.core.days import written_day
from server.documents.rendering.parts import Fix, Moment, Window
from shared.money import format_money
from shared.problems import Language

NBSP = "\u00a0"
LOCALES: dict[Language, str] = {"fr": "fr_CA", "en": "en_CA"}
METRE = Decimal("0.00001")  # of a degree
NOON_H, DAY_H = 12, 24
ZONES_IN_FRENCH = {"EST": "HNE", "EDT": "HAE", "AST": "HNA", "ADT": "HAA"}
MIN_PRICE_DECIMALS, MAX_PRICE_DECIMALS = 2, 4

__all__ = ["format_money"]


def colon(label: str, language: Language) -> str:
    """Return ``label`` with its colon, after a no-break space in French."""
    return f"{label}{NBSP}:" if language == "fr" else f"{label}:"


def day(value: date, language: Language, *, weekday: bool = False) -> str:
    """Return ``22 novembre 2026`` or ``November 22, 2026``, after the day of the week if asked."""
    return written_day(value, language, "long" if weekday else "medium")


def clock(minutes: int, language: Language) -> str:
    """Return a time of day: ``13 h 30`` or ``1:30 p.m.``; midnight at the end of the day is 24 h."""
    hours, rest = divmod(minutes, 60)
    if language == "fr":
        return f"{hours}{NBSP}h{NBSP}{rest:02d}" if rest else f"{hours}{NBSP}h"
    half = "a.m." if hours % DAY_H < NOON_H else "p.m."
    return f"{(hours - 1) % NOON_H + 1}:{rest:02d}{NBSP}{half}"


def time_of(value: datetime, zone: str, language: Language) -> str:
    """Return the time of an instant in ``zone``, to the minute."""
    local = value.astimezone(ZoneInfo(zone))
    return clock(local.hour * 60 + local.minute, language)


def moment(value: Moment, zone: str, language: Language) -> str:
    """Return date, time with seconds and, when there is one, the uncertainty of the clock."""
    local = value.at.astimezone(ZoneInfo(zone))
    zone_name = local.tzname() or ""
    named = ZONES_IN_FRENCH.get(zone_name, zone_name) if language == "fr" else zone_name
    written = f"{day(local.date(), language)}, {local:%H:%M:%S} {named}"
    return f"{written} (±{NBSP}{value.uncertainty_s}{NBSP}s)" if value.uncertainty_s else written


def window(value: Window, language: Language) -> str:
    """Return ``9 h – 11 h 30``."""
    return f"{clock(value.opens_min, language)} – {clock(value.closes_min, language)}"


def count(value: int, language: Language) -> str:
    """Return an integer with its thousands apart."""
    return str(format_decimal(value, format="#,##0", locale=LOCALES[language]))


def exact(value: Decimal, language: Language, *, decimals: int = 0, most: int = 6) -> str:
    """Return a decimal as it is, with at least ``decimals`` and at most ``most`` places."""
    pattern = "#,##0." + "0" * decimals + "#" * (most - decimals)
    return str(format_decimal(value, format=pattern, locale=LOCALES[language], decimal_quantization=False))


def unit_price(value: Decimal, language: Language) -> str:
    """Return an exact unit price, with 2 to 4 decimals and no currency."""
    return exact(value, language, decimals=MIN_PRICE_DECIMALS, most=MAX_PRICE_DECIMALS)


def percent(rate: Decimal, language: Language) -> str:
    """Return a rate given as a fraction: ``9,975 %`` or ``9.975%``."""
    written = exact(rate * 100, language)
    return f"{written}{NBSP}%" if language == "fr" else f"{written}%"


def kilometres(distance_m: int, language: Language) -> str:
    """Return a distance in kilometres to one decimal, half up."""
    tenths = (distance_m + 50) // 100
    return f"{exact(Decimal(tenths) / 10, language, decimals=1)}{NBSP}km"


def kilograms(weight_g: int, language: Language) -> str:
    """Return a weight in whole kilograms, half up."""
    return f"{count((weight_g + 500) // 1000, language)}{NBSP}kg"


def duration(seconds: int) -> str:
    """Return ``25 min`` or ``2 h 05``, to the minute, half up: written alike in both languages."""
    hours, minutes = divmod((seconds + 30) // 60, 60)
    if not hours:
        return f"{minutes}{NBSP}min"
    return f"{hours}{NBSP}h{NBSP}{minutes:02d}"


def place(fix: Fix, language: Language) -> str:
    """Return latitude and longitude to about one metre, and the accuracy in metres."""
    lat, lon = (
        exact(Decimal(angle).scaleb(-7).quantize(METRE), language, decimals=5) for angle in (fix.lat_e7, fix.lon_e7)
    )
    return f"{lat}°; {lon}° (±{NBSP}{fix.accuracy_m}{NBSP}m)"
