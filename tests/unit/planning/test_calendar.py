"""Delivery cycles and the carrier's local day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from server.orders.model import Order
from server.orders.queries import due_base_on
from server.planning.calendar import earliest, instant, next_delivery, seconds_of
from server.planning.model import DeliveryCycle

MONTREAL = ZoneInfo("America/Toronto")
THURSDAYS = DeliveryCycle(first_on=date(2021, 5, 6), every_weeks=2)


def test_accepted_on_12_may_is_delivered_on_20_may_and_due_on_19_june() -> None:
    """R074, R075: Thursdays every two weeks; net 30 counts from the planned delivery."""
    planned_on = next_delivery(THURSDAYS, after=date(2021, 5, 12))
    assert planned_on == date(2021, 5, 20)
    accepted_at = datetime(2021, 5, 12, 15, tzinfo=UTC)
    order = Order(planned_on=planned_on, accepted_at=accepted_at)
    assert due_base_on(order, issued_at=accepted_at, zone=MONTREAL) + timedelta(days=30) == date(2021, 6, 19)


def test_without_a_planned_day_the_acceptance_counts() -> None:
    """R076: the business day of acceptance, in the issuer's zone."""
    order = Order(planned_on=None, accepted_at=datetime(2021, 5, 13, 2, tzinfo=UTC))
    assert due_base_on(order, issued_at=datetime(2021, 6, 1, tzinfo=UTC), zone=MONTREAL) == date(2021, 5, 12)


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (date(2021, 4, 1), date(2021, 5, 6)),
        (date(2021, 5, 5), date(2021, 5, 6)),
        (date(2021, 5, 6), date(2021, 5, 20)),
        (date(2021, 5, 19), date(2021, 5, 20)),
        (date(2021, 12, 20), date(2021, 12, 30)),
    ],
)
def test_the_next_delivery_comes_after_the_day_itself(after: date, expected: date) -> None:
    """R074: cycles go on for ever; an order of a delivery day waits for the next one."""
    assert next_delivery(THURSDAYS, after=after) == expected


def test_the_first_of_several_cycles_wins_and_none_gives_no_day() -> None:
    """R074, R076."""
    weekly = DeliveryCycle(first_on=date(2021, 5, 4), every_weeks=1)
    assert earliest((THURSDAYS, weekly), after=date(2021, 5, 12)) == date(2021, 5, 18)
    assert earliest((), after=date(2021, 5, 12)) is None


@pytest.mark.parametrize("day", [date(2026, 11, 1), date(2026, 3, 8), date(2026, 7, 1)])
def test_a_planned_hour_is_the_clock_on_the_wall_even_when_clocks_change(day: date) -> None:
    """Runs and windows are in the carrier's local time."""
    at = instant(day, MONTREAL, 9 * 3600 + 30 * 60)
    assert at.astimezone(MONTREAL).strftime("%H:%M") == "09:30"
    assert seconds_of(at, day, MONTREAL) == 9 * 3600 + 30 * 60
