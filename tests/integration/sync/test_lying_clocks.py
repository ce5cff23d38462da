"""Twelve clocks that lie, one a stop of the same run: the order is the sequence, and the money is the honest one's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from server.billing.model import Invoice
from server.core.transaction import transaction
from server.delivery.model import Delivery, Discrepancy, Visit
from server.planning.model import Run
from shared.lifecycles import InvoiceState, RunState
from tests.factories.hand_tablet import Yard, short
from tests.factories.world import ADJUST

DAY_MS = 86_400_000
HOUR_MS = 3_600_000


def ms(*moment: int) -> int:
    return int(datetime(*moment, tzinfo=UTC).timestamp() * 1000)


def clocks(now_ms: int) -> dict[str, dict[str, int | str]]:
    """Return what twelve tablets' clocks say at ``now_ms``; ``server_*`` is their last contact, where they have one."""
    contact = {"server_ms": now_ms - HOUR_MS, "server_monotonic_ms": 1_000, "monotonic_ms": HOUR_MS + 1_000}
    return {
        "three days late": {"wall_ms": now_ms - 3 * DAY_MS},
        "three days early": {"wall_ms": now_ms + 3 * DAY_MS},
        "three days early, heard an hour ago": {"wall_ms": now_ms + 3 * DAY_MS} | contact,
        "an hour skipped in spring": {"wall_ms": ms(2026, 3, 8, 7, 0) + 1},
        "an hour twice in autumn": {"wall_ms": ms(2026, 11, 1, 5, 30) - HOUR_MS},
        "1970": {"wall_ms": 0},
        "before 1970": {"wall_ms": -DAY_MS},
        "2038": {"wall_ms": 2**31 * 1000},
        "the end of time": {"wall_ms": 2**53 - 1},
        "backwards since the stop before": {"wall_ms": now_ms - 2 * HOUR_MS},
        "monotonic backwards in one boot": {"wall_ms": now_ms} | contact | {"monotonic_ms": 5},
        "a contact in the future": {"wall_ms": now_ms} | contact | {"server_ms": now_ms + 30 * DAY_MS},
    }


def test_twelve_lying_clocks_change_neither_order_nor_money(make_day: Callable[..., Yard]) -> None:
    """Protocol, 8: ± 3 days, daylight saving, 1970, 2038, backwards: same order, same cents; doubts are shown."""
    before = datetime.now(UTC)
    lies = clocks(int(before.timestamp() * 1000))
    assert len(lies) == 12
    yard = make_day(ADJUST, shops=len(lies) + 1)
    tablet, stops = yard.tablet, yard.tablet.run.stops
    tablet.depart()
    for number, stop in enumerate(stops):
        line = stop.orders[0].goods.lines[0]
        said = list(lies.values())[number - 1] if number else {"wall_ms": int(before.timestamp() * 1000)}
        tablet.visit(stop, counted=short(line.line_id, line.quantity), envelope=said)
    tablet.come_back()
    tablet.hello()
    answer = tablet.push()
    assert {one["status"] for one in answer["results"]} == {"applied"}
    with transaction(yard.world.seller.id) as session:
        totals = session.scalars(select(Invoice.total_cents).where(Invoice.state == InvoiceState.PUBLISHED)).all()
    assert len(totals) == len(stops)
    assert len(set(totals)) == 1, "each clock bills what the honest one bills"
    with transaction(yard.world.carrier_id) as session:
        visits = session.scalars(select(Visit).order_by(Visit.position)).all()
        assert [str(visit.stop_id) for visit in visits] == [stop.stop_id for stop in stops]
        assert [visit.event_seq for visit in visits] == list(range(2, len(stops) + 2))
        after = datetime.now(UTC) + timedelta(seconds=1)
        assert all(before - timedelta(days=91) < visit.delivered_at <= visit.received_at <= after for visit in visits)
        assert session.scalars(select(Run)).one().state is RunState.SYNCED
        assert len(session.scalars(select(Delivery)).all()) == len(stops)
        flagged = {one.stop_id for one in session.scalars(select(Discrepancy).where(Discrepancy.kind == "clock_skew"))}
    by_name = dict(zip(lies, (stop.stop_id for stop in stops[1:]), strict=True))
    for name in ("three days early", "1970", "2038", "three days early, heard an hour ago", "the end of time"):
        assert name in {lie for lie, stop_id in by_name.items() if stop_id in {str(one) for one in flagged}}
