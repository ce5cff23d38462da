"""Days and times of a carrier: delivery cycles, and instants of its local day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from server.planning.model import DeliveryCycle


def next_delivery(cycle: DeliveryCycle, *, after: date) -> date:
    """Return the first delivery day of the cycle that comes after a day, never the day itself.

    Source: R074, R075.
    """
    step = timedelta(weeks=cycle.every_weeks)
    if after < cycle.first_on:
        return cycle.first_on
    return cycle.first_on + ((after - cycle.first_on) // step + 1) * step


def earliest(cycles: Iterable[DeliveryCycle], *, after: date) -> date | None:
    """Return the first day that any of the cycles delivers after a day, or None without cycles (R076)."""
    return min((next_delivery(cycle, after=after) for cycle in cycles), default=None)


def instant(day: date, zone: ZoneInfo, seconds: int) -> datetime:
    """Return the instant, in UTC, of so many seconds of wall clock after a local midnight."""
    return (datetime.combine(day, time()) + timedelta(seconds=seconds)).replace(tzinfo=zone).astimezone(UTC)


def seconds_of(at: datetime, day: date, zone: ZoneInfo) -> int:
    """Return the seconds of wall clock from a day's local midnight to an instant."""
    local = at.astimezone(zone).replace(tzinfo=None)
    return round((local - datetime.combine(day, time())).total_seconds())
