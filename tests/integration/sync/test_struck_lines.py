"""A line that the seller struck out while its run was under way, and a customer who signs again without it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import select

from server.billing.model import CreditKind, Invoice
from server.core.transaction import transaction
from server.delivery.model import Delivery, Discrepancy
from server.fulfilment.service.orders import revise_order
from server.orders import queries as orders_read
from server.orders import service as orders
from server.sync.service.bundles import build_bundle
from shared.delivered_line import DeliveredLine
from shared.states import CreditState, OrderState
from shared.wire.bundle import BundleRun
from tests.factories.billing import publish, void
from tests.factories.corrections import (
    assert_books_agree,
    billed,
    correct,
    correction_of,
    delivery_of,
    event_id_of,
    lent_containers,
    notes_of,
    office,
    only_order,
    order_of,
    recount,
    supplement_units,
)
from tests.factories.hand_tablet import Yard, short
from tests.factories.world import ADJUST, AGENT, CREDIT, Deal, items_of, stamp

POLICIES = pytest.mark.parametrize("deal", [ADJUST, CREDIT, AGENT], ids=["adjust", "credit", "agent"])


@dataclass(frozen=True)
class Changed:
    """A run whose one order changed once its tablet had left: what the tablet has, and what it pulls next."""

    yard: Yard
    before: BundleRun
    now: BundleRun

    def visit(self, counted: Mapping[str, DeliveredLine] | None = None) -> None:
        """Deliver by the version that left, and let the office have it."""
        self.yard.tablet.visit(self.before.stops[0], counted=counted)
        assert [one["status"] for one in self.yard.tablet.push(len(self.yard.tablet.events))["results"]] == ["applied"]

    def sign_again(self, counted: Mapping[str, DeliveredLine] | None = None) -> list[str]:
        """Correct the last visit by the version that was pulled since; return the kinds of what was issued."""
        tablet = self.yard.tablet
        tablet.run = self.now
        correction_of(tablet, event_id_of(tablet, len(tablet.events)), counted=counted)
        (result,) = tablet.push(len(tablet.events))["results"]
        assert result["status"] == "applied", result
        return [one["kind"] for one in result["documents"]]


def changed(yard: Yard, *, keeps: int = 2, adds: int = 0) -> Changed:
    """Void the invoice of the papers; once the run left, its seller keeps so many lines and adds so many cases."""
    void(only_order(yard), acting=publish_now(yard))
    before, seller = bundle(yard), yard.world.seller
    with transaction(seller.id) as session:
        order = orders_read.order(session, order_id=only_order(yard))
        kept = [orders.OrderItem(line_id=one.id, quantity=one.quantity) for one in order.lines[:keeps]]
        revise_order(session, order=order, items=[*kept, *items_of(seller, cases=adds)], stamp=stamp())
    yard.tablet.run = before
    return Changed(yard, before, bundle(yard))


def publish_now(yard: Yard) -> UUID:
    """Publish what the papers of the run had; return who issued it."""
    invoice_id = publish(yard.world, only_order(yard))
    with transaction(yard.world.carrier_id) as session:
        return session.get_one(Invoice, invoice_id).owner_id


def bundle(yard: Yard) -> BundleRun:
    """Return the run as a tablet pulls it now."""
    with transaction(yard.world.carrier_id) as session:
        return msgspec.json.decode(build_bundle(session, yard.run_id, stamp=stamp()).body, type=BundleRun)


def asked(yard: Yard) -> set[str]:
    """Return what the carrier's dispatchers are asked beside the change of the plan itself."""
    with transaction(yard.world.carrier_id) as session:
        return {one.kind for one in session.scalars(select(Discrepancy))} - {"plan_changed", "clock_skew"}


@POLICIES
def test_what_the_customer_signs_again_without_is_billed_no_more(make_day: Callable[..., Yard], deal: Deal) -> None:
    """R023, R024, law 19: the keg was delivered, struck out, and taken back: 217.30 and its deposit less."""
    run = changed(make_day(deal), keeps=1)
    run.visit()
    order_id = only_order(run.yard)
    whole = billed(delivery_of(run.yard, order_id))
    assert run.sign_again() == ["credit_note"]
    now = delivery_of(run.yard, order_id)
    assert billed(now) == now.shown_total_cents == whole - 24_730
    assert_books_agree(run.yard, order_id)
    assert struck_out(run.yard) == [1, 2]
    assert asked(run.yard) == {"line_struck_out"}


@pytest.mark.parametrize("deal", [ADJUST, CREDIT], ids=["adjust", "credit"])
def test_a_struck_line_moves_with_the_lines_that_are_counted_anew(make_day: Callable[..., Yard], deal: Deal) -> None:
    """R023, law 19: fewer cases and no keg, then all cases at the office, then nothing at all: it opens again."""
    run = changed(make_day(deal), keeps=1)
    run.visit()
    order_id = only_order(run.yard)
    case = run.now.stops[0].orders[0].goods.lines[0]
    assert run.sign_again(short(case.line_id, case.quantity, 2)) == ["credit_note"]
    assert_books_agree(run.yard, order_id)
    for quantity, issued in ((4, ["invoice"]), (0, ["credit_note"] * 2)):
        now = delivery_of(run.yard, order_id)
        again = {now.lines[0].order_line_id: recount(now.lines[0], quantity)}
        assert [one["kind"] for one in correct(office(run.yard), now, again).json["documents"]] == issued
        assert_books_agree(run.yard, order_id)
    assert (billed(now), order_of(run.yard, now.order_id).state) == (0, OrderState.NOT_DELIVERED)


def test_what_was_taken_beyond_a_struck_line_is_given_back_with_it(make_day: Callable[..., Yard]) -> None:
    """R023, C6, law 19: its supplementary order is withdrawn, the invoice of that voided."""
    run = changed(make_day(CREDIT), keeps=1)
    keg = run.before.stops[0].orders[0].goods.lines[1]
    run.visit({keg.line_id: DeliveredLine(keg.line_id, keg.quantity, keg.quantity, extra=2)})
    order_id = only_order(run.yard)
    assert supplement_units(run.yard.world.seller.id, order_id) == 2
    assert run.sign_again() == ["credit_note", "credit_note"]
    assert_books_agree(run.yard, order_id)
    assert billed(delivery_of(run.yard, order_id)) == 20_506


def test_a_credit_of_a_struck_line_that_waits_is_proposed_anew(make_day: Callable[..., Yard]) -> None:
    """C12: the keg is missing, above the threshold; signed again without it, the same credit waits for an approval."""
    run = changed(make_day(Deal(settlement_policy=CREDIT.settlement_policy, credit_threshold_cents=8_000)), keeps=1)
    run.visit()
    keg = run.before.stops[0].orders[0].goods.lines[1]
    tablet = run.yard.tablet
    correction_of(tablet, event_id_of(tablet, 1), counted=short(keg.line_id, keg.quantity))
    assert [one["status"] for one in tablet.push(2)["results"]] == ["applied"]
    run.sign_again()
    now = delivery_of(run.yard, only_order(run.yard))
    notes = [(one.state, one.total_cents) for one in notes_of(now.issuer_id) if one.kind is CreditKind.ITEMS]
    assert notes == [(CreditState.REFUSED, 24_730), (CreditState.PROPOSED, 24_730)]


def test_a_visit_by_the_former_version_that_replaces_one_takes_back_what_only_that_brought(
    make_day: Callable[..., Yard],
) -> None:
    """Protocol 7, law 19: two tablets, two versions; the older one's word stands, and its order has a line less."""
    run = changed(make_day(CREDIT), adds=2)
    yard, order_id = run.yard, only_order(run.yard)
    yard.tablet.run = run.now
    yard.tablet.visit(run.now.stops[0])
    yard.again.visit(run.before.stops[0])
    assert [tablet.push()["results"][0]["status"] for tablet in (yard.tablet, yard.again)] == ["applied"] * 2
    assert_books_agree(yard, order_id)
    lent = lent_containers(yard, yard.world.buyer.id)
    with transaction(yard.world.carrier_id) as session:
        dispute = session.scalars(select(Discrepancy).where(Discrepancy.kind == "two_deliveries")).one()
    path = f"/api/v1/discrepancies/{dispute.id}/replacement"
    done = office(yard).post(path, json={"decision": "Les deux caisses sont restées au camion"})
    assert done.status_code == 200, done.json
    now = delivery_of(yard, order_id)
    assert billed(now) == now.shown_total_cents
    assert lent_containers(yard, yard.world.buyer.id) == lent - 48
    assert_books_agree(yard, order_id)


def struck_out(yard: Yard) -> list[int]:
    """Return which revisions of the delivery left stock to be corrected by hand."""
    with transaction(yard.world.carrier_id) as session:
        subject = select(Discrepancy.subject_id).where(Discrepancy.kind == "line_struck_out")
        return sorted(session.scalars(select(Delivery.revision).where(Delivery.id.in_(subject))))
