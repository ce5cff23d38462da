"""What all web processes take in together: places of a push, and the calls of one tablet in a minute."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from server.core.settings import reload_settings
from server.core.transaction import transaction
from server.sync.service.overall import Saturated, TooManyPushes, count_call, take_place
from tests.factories.hand_tablet import Yard

NOW = datetime(2026, 11, 24, 15, 0, 30, tzinfo=UTC)


def test_places_are_counted_where_processes_meet(yard: Yard) -> None:
    """Back-pressure: two connections, as of two processes, share the places; each comes free with its transaction."""
    carrier_id = yard.world.carrier_id
    with transaction(carrier_id) as one, transaction(carrier_id) as other:
        take_place(one, most=1, patience_s=0)
        with pytest.raises(Saturated) as away:
            take_place(other, most=1, patience_s=0.2)
        assert away.value.members["retry_after_s"] == 1
        take_place(other, most=2, patience_s=0)
    with transaction(carrier_id) as session:
        take_place(session, most=1, patience_s=0)
        take_place(session, most=0, patience_s=0)


def test_a_tablets_minute_is_counted_over_all_processes(yard: Yard) -> None:
    """Back-pressure: each call in a transaction of its own; the next minute begins anew, and the wait leads there."""
    yard.tablet.hello()
    device_id = yard.tablet.tablet.device_id

    def call(now: datetime) -> None:
        with transaction(yard.world.carrier_id) as session:
            count_call(session, device_id=device_id, most=2, now=now)

    for _ in range(2):
        call(NOW)
    with pytest.raises(TooManyPushes) as away:
        call(NOW)
    assert away.value.members["retry_after_s"] == 30
    call(NOW.replace(minute=1))


def test_a_tablet_that_is_turned_away_hears_when_to_come_back(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    """Back-pressure: 503 with Retry-After while every place is taken elsewhere; then the same push is taken."""
    monkeypatch.setenv("TOURNEE_PUSHES_OVERALL", "1")
    reload_settings()
    yard.tablet.depart()
    with transaction(yard.world.carrier_id) as elsewhere:
        take_place(elsewhere, most=1, patience_s=0)
        away = yard.tablet.send(yard.tablet.message())
        assert (away.status_code, away.json["slug"]) == (503, "office-busy")
        assert int(away.headers["Retry-After"]) >= 1
    assert yard.tablet.push()["results"][-1]["status"] == "applied"
