"""How figures are written in French and English."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from server.documents.rendering import figures
from server.documents.rendering.parts import Moment


@pytest.mark.parametrize(
    ("minutes", "french", "english"),
    [
        (0, "0 h", "12:00 a.m."),
        (545, "9 h 05", "9:05 a.m."),
        (720, "12 h", "12:00 p.m."),
        (810, "13 h 30", "1:30 p.m."),
        (1440, "24 h", "12:00 a.m."),
    ],
)
def test_times_of_day(minutes, french, english):
    """Style: ``13 h 30`` in French with no-break spaces, ``1:30 p.m.`` in English."""
    assert figures.clock(minutes, "fr") == french.replace(" ", "\u00a0")
    assert figures.clock(minutes, "en") == english.replace(" ", "\u00a0")


@pytest.mark.parametrize(
    ("price", "french"),
    [("47.8525", "47,8525"), ("47.5", "47,50"), ("1284", "1\u00a0284,00"), ("0.0001", "0,0001"), ("1E+2", "100,00")],
)
def test_unit_prices_keep_up_to_four_decimals(price, french):
    """Money: unit prices keep 4 decimals and are never rounded for printing."""
    assert figures.unit_price(Decimal(price), "fr") == french


def test_rates():
    """Money: the rate is printed whole, 9.975 %."""
    assert figures.percent(Decimal("0.09975"), "fr") == "9,975\u00a0%"
    assert figures.percent(Decimal("0.05"), "en") == "5%"


def test_an_instant_is_written_in_its_zone_with_its_uncertainty():
    """Sync rule 8: the shown time says how far it may be off; summer time is the zone's own."""
    summer = datetime(2026, 7, 1, 3, 59, 59, tzinfo=UTC)
    assert figures.moment(Moment(at=summer), "America/Toronto", "fr") == "30 juin 2026, 23:59:59 HAE"
    told = figures.moment(Moment(at=summer, uncertainty_s=90), "America/Toronto", "en")
    assert told == "June 30, 2026, 23:59:59 EDT (±\u00a090\u00a0s)"


@pytest.mark.parametrize(
    ("metres", "written"), [(0, "0,0"), (49, "0,0"), (50, "0,1"), (38_420, "38,4"), (1_234_567, "1\u00a0234,6")]
)
def test_kilometres_round_half_up(metres, written):
    """Style: distances in kilometres to one decimal."""
    assert figures.kilometres(metres, "fr") == f"{written}\u00a0km"


@pytest.mark.parametrize(
    ("seconds", "written"), [(0, "0 min"), (29, "0 min"), (30, "1 min"), (3_599, "1 h 00"), (7_500, "2 h 05")]
)
def test_durations(seconds, written):
    """Style: minutes, then hours and minutes."""
    assert figures.duration(seconds) == written.replace(" ", "\u00a0")
