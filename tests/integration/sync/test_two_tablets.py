"""Two tablets at one stop: one truth, and a question where they differ."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import select

from server.billing.model import CreditNote, Invoice
from server.core.transaction import transaction
from server.delivery.model import Delivery, Discrepancy, DiscrepancyState
from server.delivery.service import decide_discrepancy
from server.receivables.model import Payment
from server.sync.service.disputes import DISPUTES
from shared.lifecycles import CreditState, InvoiceState
from shared.visit import VisitCollection, VisitContainers
from tests.factories.corrections import correction_of, first_event
from tests.factories.hand_tablet import HandTablet, Yard, short
from tests.factories.web import now_stamp, tablet_of


def questions(yard: Yard) -> set[str]:
    with transaction(yard.world.carrier_id) as session:
        return {one.kind for one in session.scalars(select(Discrepancy))} - {"plan_changed", "clock_skew"}


def papers(yard: Yard) -> tuple[int, int, int]:
    """Return how many invoices, credits and payments the suppliers have."""
    counts = [0, 0, 0]
    for seller in yard.world.sellers:
        with transaction(seller.id) as session:
            counts[0] += len(session.scalars(select(Invoice).where(Invoice.state == InvoiceState.PUBLISHED)).all())
            counts[1] += len(session.scalars(select(CreditNote).where(CreditNote.state == CreditState.ISSUED)).all())
            counts[2] += len(session.scalars(select(Payment)).all())
    return counts[0], counts[1], counts[2]


def taken_at(tablet: HandTablet, *, kegs: int = 1, cents: int = 5000) -> dict:
    stop = tablet.stop()
    seller_id = stop.orders[0].goods.seller_id
    keg = next(one for one in stop.containers if one.container_class == "keg_50l" and one.owner_id == seller_id)
    return {
        "containers": [
            VisitContainers(
                owner_id=keg.owner_id,
                creditor_id=keg.creditor_id,
                container_class=keg.container_class,
                returned=kegs,
                unit_cents=keg.unit_cents,
            )
        ],
        "collections": [VisitCollection(issuer_id=seller_id, method="cash", amount_cents=cents)],
    }


def test_the_same_visit_from_two_tablets_counts_once(yard: Yard) -> None:
    """Protocol, 7: the same quantities, empties and cash are one truth, and nobody is asked."""
    for tablet in (yard.tablet, yard.again):
        tablet.visit(tablet.stop(), **taken_at(tablet))
    assert yard.tablet.push()["results"][0]["documents"]
    before = papers(yard)
    assert yard.again.push()["results"][0] | {"event_id": ""} == {
        "seq": 1, "event_id": "", "status": "applied", "refusal": None, "documents": [],
    }  # fmt: skip
    assert papers(yard) == before == (2, 1, 1)
    assert questions(yard) == set()


def test_two_tablets_that_differ_open_a_dispute_and_the_first_stands(yard: Yard) -> None:
    """Protocol, 7: the first stays, no second credit; a dispatcher sees both."""
    stop = yard.tablet.stop()
    credited = next(order for order in stop.orders if order.goods.settlement_policy == "credit")
    line = credited.goods.lines[0]
    yard.tablet.visit(stop, counted=short(line.line_id, line.quantity, 1), **taken_at(yard.tablet))
    yard.again.visit(stop, counted=short(line.line_id, line.quantity, 2), **taken_at(yard.again, kegs=3, cents=9000))
    yard.tablet.push()
    before = papers(yard)
    yard.again.push()
    assert papers(yard) == before
    assert questions(yard) == {"two_deliveries", "two_visits"}
    with transaction(yard.world.carrier_id) as session:
        assert len(session.scalars(select(Delivery)).all()) == 2


@pytest.mark.parametrize(
    ("kegs", "cents", "missing", "asked"),
    [
        (1, 6000, 1, set()),
        (1, 5000, 0, {"two_deliveries", "two_visits"}),
        (0, 6000, 1, {"two_visits"}),
    ],
    ids=["what stands", "what stood before", "without what the correction left alone"],
)
def test_a_second_tablet_is_held_to_what_stands(
    yard: Yard, kegs: int, cents: int, missing: int, asked: set[str]
) -> None:
    """Protocol, 7: after a correction its quantities, empties and money are the truth that another tablet may tell."""
    stop = yard.tablet.stop()
    line = stop.orders[0].goods.lines[0]
    yard.tablet.visit(stop, **taken_at(yard.tablet))
    counted = short(line.line_id, line.quantity, 1)
    correction_of(yard.tablet, first_event(yard.tablet), counted=counted, **taken_at(yard.tablet, cents=6000))
    assert [one["status"] for one in yard.tablet.push()["results"]] == ["applied", "applied"]
    counted = short(line.line_id, line.quantity, missing) if missing else {}
    yard.again.visit(stop, counted=counted, **taken_at(yard.again, kegs=kegs, cents=cents))
    assert yard.again.push()["results"][0]["status"] == "applied"
    assert questions(yard) & DISPUTES == asked


def test_each_tablet_that_differs_is_asked_about(yard: Yard) -> None:
    """Protocol, 7: what a third tablet says is no answer to what a second one said, decided or not."""
    stop = yard.tablet.stop()
    line = stop.orders[0].goods.lines[0]
    driver = yard.again.client.member
    assert driver is not None
    third = HandTablet(tablet_of(yard.app, driver), yard.tablet.run)
    yard.tablet.visit(stop)
    yard.again.visit(stop, counted=short(line.line_id, line.quantity, 1))
    third.visit(stop, counted=short(line.line_id, line.quantity, 2))
    yard.tablet.push()
    yard.again.push()
    with transaction(yard.world.carrier_id) as session:
        first = session.scalars(select(Discrepancy).where(Discrepancy.kind == "two_deliveries")).one()
        decide_discrepancy(session, first, decision="Le premier compte est le bon.", stamp=now_stamp())
    for _ in range(2):
        assert third.push()["results"][0]["refusal"] is None
    with transaction(yard.world.carrier_id) as session:
        asked = session.scalars(select(Discrepancy).where(Discrepancy.kind == "two_deliveries")).all()
        assert sorted(one.state for one in asked) == [DiscrepancyState.DECIDED, DiscrepancyState.OPEN]


def test_an_order_that_the_visit_withholds_is_asked_about(yard: Yard) -> None:
    """R018, R022: a stop's order without a leaf cannot vanish; the others are delivered."""
    stop = yard.tablet.stop()
    withheld = stop.orders[0].order_id
    yard.tablet.visit(stop, without=[withheld])
    assert yard.tablet.push()["results"][0]["status"] == "applied"
    assert questions(yard) == {"order_not_mentioned"}
    with transaction(yard.world.carrier_id) as session:
        asked = session.scalars(select(Discrepancy).where(Discrepancy.kind == "order_not_mentioned")).one()
        assert asked.subject_id == UUID(withheld)
        assert [str(one.order_id) for one in session.scalars(select(Delivery))] == [stop.orders[1].order_id]


@pytest.mark.parametrize("skew_ms", [-3 * 86_400_000, 3 * 86_400_000, -1_795_000_000_000])
def test_a_lying_clock_changes_neither_order_nor_money(skew_ms: int, yard: Yard) -> None:
    """Protocol, 8: the order is the sequence; the time shown is never later than the reception."""
    tablet = yard.tablet
    tablet.visit(tablet.stop(), envelope={"wall_ms": tablet.run.starts_at_ms + skew_ms})
    assert tablet.push()["results"][0]["status"] == "applied"
    assert papers(yard) == (2, 0, 0)
    with transaction(yard.world.carrier_id) as session:
        assert all(one.delivered_at <= one.received_at for one in session.scalars(select(Delivery)))
