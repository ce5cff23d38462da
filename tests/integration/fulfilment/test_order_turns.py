"""Submission and acceptance with groups, cycles and invoices."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import select

from server.billing.letterhead import MissingCode
from server.billing.model import Invoice
from server.billing.queries import live_invoice
from server.billing.service import create_provisional, publish_pending
from server.core.problems import Conflict
from server.core.transaction import transaction
from server.fulfilment.service.leaving import take_off_run
from server.fulfilment.service.orders import accept_order, cancel_order, revise_order, submit_order
from server.orders import queries
from server.orders import service as orders
from server.parties.model import Emission, Organisation
from server.parties.terms import ChosenTerms
from server.planning import service as planning
from shared.states import BillingState, InvoiceState, OrderState
from tests.factories.world import (
    ADJUST,
    Deal,
    World,
    items_of,
    make_order,
    make_runs,
    make_vehicle,
    make_world,
    read_order,
    stamp,
)

pytestmark = pytest.mark.usefixtures("database")


def submitted(world: World, *, cases: int, chosen: ChosenTerms | None = None) -> UUID:
    """Order some cases and submit them through fulfilment."""
    with transaction(acting=world.buyer.id) as session:
        order = orders.create_order(
            session,
            parties_of=orders.OrderParties(
                seller_id=world.seller.id,
                buyer_id=world.buyer.id,
                site_id=world.buyer.site_id,
                carrier_id=world.carrier_id,
            ),
            items=items_of(world.seller, cases=cases),
            chosen=chosen,
            stamp=stamp(by=world.buyer.id),
        )
        submit_order(session, order=order, stamp=stamp(by=world.buyer.id))
        publish_pending(session, stamp=stamp())
        return order.id


def accepted(world: World, order_id: UUID) -> None:
    """Accept an order as its seller's door does."""
    with transaction(acting=world.seller.id) as session:
        accept_order(session, order=queries.order(session, order_id=order_id), stamp=stamp())
        publish_pending(session, stamp=stamp())


@pytest.mark.parametrize(
    ("min_items", "min_value_cents", "state"),
    [
        (2, 2 * 4250, OrderState.ACCEPTED),
        (3, 0, OrderState.PENDING),
        (0, 2 * 4250 + 1, OrderState.PENDING),
        (None, None, OrderState.ACCEPTED),
    ],
)
def test_an_order_is_accepted_by_itself_when_both_minimums_are_met(
    min_items: int | None, min_value_cents: int | None, state: OrderState
) -> None:
    """R067, R068, C8: equality passes; under either minimum the order waits."""
    world = make_world([Deal(auto_accept=True, min_items=min_items, min_value_cents=min_value_cents)])
    assert read_order(submitted(world, cases=2), acting=world.seller.id).state is state


def test_an_automatic_acceptance_is_the_systems() -> None:
    """R069: the actor in the timeline is the system, not the buyer who submitted."""
    world = make_world([Deal(auto_accept=True)])
    order_id = submitted(world, cases=2)
    with transaction(acting=world.seller.id) as session:
        by = {entry.kind: entry.by for entry in queries.timeline(session, order_id=order_id)}
    assert by["submitted"] == world.buyer.id
    assert by["accepted"] is None
    assert read_order(order_id, acting=world.seller.id).accepted_by_system


def test_the_seller_reads_why_an_order_waits() -> None:
    """C8: under the minimum, the supplier is warned."""
    world = make_world([Deal(auto_accept=True, min_items=10)])
    order_id = submitted(world, cases=2)
    with transaction(acting=world.seller.id) as session:
        kinds = {entry.kind for entry in queries.timeline(session, order_id=order_id)}
    assert "waits_for_seller" in kinds


def test_acceptance_publishes_exactly_one_invoice_in_its_transaction() -> None:
    """R004, R072, R077: emission on acceptance; the due date counts from the planned delivery (R074)."""
    world = make_world([Deal(auto_accept=True, emission=Emission.ON_ACCEPT)])
    with transaction(acting=world.carrier_id) as session:
        planning.set_cycle(session, name="Jeudis", first_on=date(2026, 11, 12), every_weeks=2, stamp=stamp())
    order_id = submitted(world, cases=2)
    order = read_order(order_id, acting=world.seller.id)
    with transaction(acting=world.seller.id) as session:
        (invoice,) = session.scalars(select(Invoice)).all()
    assert (order.planned_on, order.billing_state) == (date(2026, 11, 26), BillingState.SETTLED)
    assert (invoice.state, invoice.due_on) == (InvoiceState.PUBLISHED, date(2026, 12, 26))
    assert invoice.total_cents == order.total_cents


def test_when_the_invoice_is_refused_nothing_is_accepted() -> None:
    """R077: accept and invoice are one transaction; without a code, nothing of the seller's can be numbered."""
    world = make_world([Deal(emission=Emission.ON_ACCEPT)])
    order_id = submitted(world, cases=2)
    with transaction(acting=world.seller.id) as session:
        session.get_one(Organisation, world.seller.id).code = ""
    with pytest.raises(MissingCode):
        accepted(world, order_id)
    assert read_order(order_id, acting=world.seller.id).state is OrderState.PENDING


def on_a_run() -> tuple[World, UUID, UUID]:
    world = make_world([ADJUST])
    order_id, _ = make_order(world), make_order(world)
    make_vehicle(world)
    (run_id,) = make_runs(world)
    with transaction(acting=world.carrier_id) as session:
        order = queries.order(session, order_id=order_id)
        create_provisional(session, order=order, run_id=run_id, stamp=stamp())
    return world, run_id, order_id


def test_an_order_taken_off_its_run_loses_its_provisional_invoice() -> None:
    """Section 4: provisoire → annulée when the order is removed from its run."""
    world, run_id, order_id = on_a_run()
    with transaction(acting=world.carrier_id) as session:
        take_off_run(session, run_id=run_id, order_id=order_id, stamp=stamp())
    with transaction(acting=world.seller.id) as session:
        assert live_invoice(session, order_id=order_id) is None
        assert [one.state for one in session.scalars(select(Invoice))] == [InvoiceState.DROPPED]
    assert read_order(order_id, acting=world.seller.id).state is OrderState.ACCEPTED


def test_a_planned_order_is_cancelled_off_its_run() -> None:
    """Section 4: planifiée → annulée by the seller side."""
    world, _, order_id = on_a_run()
    with transaction(acting=world.seller.id) as session:
        cancel_order(session, order=queries.order(session, order_id=order_id), reason="Fermé", stamp=stamp())
    assert read_order(order_id, acting=world.seller.id).state is OrderState.CANCELLED


def test_an_order_with_an_invoice_is_not_edited() -> None:
    """R043: 409, even for a provisional one that papers already show."""
    world, _, order_id = on_a_run()
    with pytest.raises(Conflict), transaction(acting=world.seller.id) as session:
        revise_order(
            session,
            order=queries.order(session, order_id=order_id),
            items=items_of(world.seller, cases=1),
            stamp=stamp(),
        )
