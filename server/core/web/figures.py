"""How pages write figures: days, hours, amounts, distances, in French (Québec) and English."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from server.core.days import HOME_ZONE, written_day
from server.core.web.caller import language
from shared.money import NBSP, format_money

_NOON_H = 12


def day(value: date | None, form: str = "medium") -> str:
    """Return a day in the caller's language: ``jeudi 19 novembre 2026``; a dash when there is none."""
    if value is None:
        return "–"
    return written_day(value, language(), form)


def local_day(value: datetime, zone: ZoneInfo = HOME_ZONE, form: str = "medium") -> str:
    """Return the day of an instant in ``zone``: in the evening it is not yet tomorrow."""
    return day(value.astimezone(zone).date(), form)


def clock(minutes: int) -> str:
    """Return minutes after midnight as ``13 h 30`` or ``1:30 p.m.``."""
    hours, rest = divmod(minutes, 60)
    if language() == "fr":
        return f"{hours}{NBSP}h{NBSP}{rest:02}" if rest else f"{hours}{NBSP}h"
    half = "a.m." if hours % 24 < _NOON_H else "p.m."
    return f"{(hours - 1) % _NOON_H + 1}:{rest:02}{NBSP}{half}"


def hour(value: datetime | None, zone: ZoneInfo) -> str:
    """Return the time of an instant in ``zone``; a dash when there is none."""
    if value is None:
        return "–"
    local = value.astimezone(zone)
    return clock(local.hour * 60 + local.minute)


def moment(value: datetime | None, zone: ZoneInfo, form: str = "medium") -> str:
    """Return day and time of an instant in ``zone``."""
    if value is None:
        return "–"
    local = value.astimezone(zone)
    return f"{day(local.date(), form)}, {clock(local.hour * 60 + local.minute)}"


def duration(seconds: int) -> str:
    """Return ``2 h 05`` or ``12 min``."""
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours}{NBSP}h{NBSP}{minutes:02}" if hours else f"{minutes}{NBSP}min"


def distance(metres: int) -> str:
    """Return ``12,4 km``."""
    return f"{decimal(metres / 1000, 1)}{NBSP}km"


def weight(grams: int) -> str:
    """Return ``1 240 kg``."""
    return f"{count(round(grams / 1000))}{NBSP}kg"


def size(octets: int) -> str:
    """Return ``84 ko`` or ``84 kB``."""
    return f"{count(max(1, round(octets / 1024)))}{NBSP}{'ko' if language() == 'fr' else 'kB'}"


def count(value: int) -> str:
    """Return a whole number with its thousands apart."""
    written = f"{value:,}"
    return written.replace(",", NBSP) if language() == "fr" else written


def decimal(value: float, places: int) -> str:
    """Return a number with so many decimals."""
    written = f"{value:,.{places}f}"
    return written.replace(",", NBSP).replace(".", ",") if language() == "fr" else written


def money(cents: int | None, currency: str = "CAD") -> str:
    """Return an amount as people write it; a dash when there is none."""
    return "–" if cents is None else format_money(cents, currency, language())


def price(value: Decimal, currency: str = "CAD") -> str:
    """Return a unit price with the decimals that it has, from 2 to 4: ``42,50 $``, ``$0.1275``."""
    fine = f"{value:.4f}"
    whole, part = fine.removeprefix("-").split(".")
    shown = part[:2] + part[2:].rstrip("0")
    written = format_money(int(whole) * 100, currency, language())
    mark = "," if language() == "fr" else "."
    return written.replace(f"{mark}00", f"{mark}{shown}", 1)


def lessening(change: str, currency: str = "CAD") -> str:
    """Return what a rule takes off, as it keeps it (``12.5 %`` or ``1.5000``), as people write it."""
    if change.endswith(" %"):
        number = change.removesuffix(" %")
        return f"{number.replace('.', ',')}{NBSP}%" if language() == "fr" else f"{number}%"
    return price(Decimal(change), currency)


def windows(value: list[list[int]]) -> str:
    """Return time windows as ``8 h – 12 h``, several apart by commas."""
    return ", ".join(f"{clock(opens)}{NBSP}–{NBSP}{clock(closes)}" for opens, closes in value)


def money_typed(cents: int) -> str:
    """Return an amount as people type it into a field: ``1234,56``."""
    whole, part = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{whole}{',' if language() == 'fr' else '.'}{part:02}"


def hours_typed(value: list[list[int]]) -> str:
    """Return time windows as people type them: ``8:00-12:00, 13:00-17:00``."""
    return ", ".join(f"{a // 60}:{a % 60:02}-{b // 60}:{b % 60:02}" for a, b in value)


FIGURES = (
    *(
        clock,
        count,
        day,
        distance,
        duration,
        hour,
        hours_typed,
        lessening,
        local_day,
        moment,
        money,
        money_typed,
        price,
    ),
    *(size, weight, windows),
)
"""What templates may say, each under its own name as a filter."""
