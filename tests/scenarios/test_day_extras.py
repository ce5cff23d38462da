"""More than was ordered, empties that come back, and money at the door."""

from __future__ import annotations

from sqlalchemy import select

from server.core.transaction import transaction
from server.receivables.model import Payment
from server.receivables.service import confirm_payment
from server.stock.model import ContainerEntry
from shared.states import BillingState, OrderState, PaymentState
from tests.factories.web import now_stamp
from tests.factories.world import CREDIT, make_order
from tests.scenarios.stories import (
    credits_of,
    drive_alone,
    invoices_of,
    live_day,
    make_ready,
    orders_of,
    told_documents,
)


def test_what_was_accepted_beyond_the_order_becomes_an_order_of_its_own(open_office):
    """R023, C21: the invoice stays as it was; two more cases are a delivered, uninvoiced supplementary order."""
    office = open_office([CREDIT])
    order_id = make_order(office.world, cases=3, kegs=0)
    said = live_day(office, {"position": 1, "lines": {"#0": {"extra": 2}}})
    seller_id = office.world.seller.id
    first, extra = orders_of(seller_id)
    assert (first.id, first.state) == (order_id, OrderState.DELIVERED)
    assert (extra.supplement_of_id, extra.state, extra.billing_state) == (
        order_id,
        OrderState.DELIVERED,
        BillingState.UNINVOICED,
    )
    assert [line.quantity for line in extra.lines] == [2]
    assert told_documents(said)["supplementary_order"] == extra.total_cents
    assert len(invoices_of(seller_id)) == 1
    assert credits_of(seller_id) == []


def test_empties_and_kegs_are_credited_by_their_owners_at_the_price_of_the_day(open_office):
    """C30, law 20: the supplier credits its kegs, the carrier the public cans; accounts sum to zero."""
    office = open_office([CREDIT])
    make_order(office.world)
    world = office.world
    live_day(
        office,
        {"position": 1, "containers": {f"keg_50l+{world.seller.id}": 2, f"can_public+{world.carrier_id}": 120}},
    )
    (kegs,), (cans,) = credits_of(world.seller.id), credits_of(world.carrier_id)
    assert (kegs.deposit_cents, kegs.invoice_id) == (6000, None)
    assert (cans.deposit_cents, cans.total_cents) == (1200, 1200)
    with transaction(world.seller.id) as session:
        sides = session.scalars(select(ContainerEntry.quantity).where(ContainerEntry.owner_id == world.seller.id)).all()
    assert sum(sides) == 0


def test_cash_waits_in_the_truck_until_the_office_has_counted_it(open_office):
    """R084, C29, T7: taken at the door for one issuer, rounded to five cents, set against its invoice once banked."""
    office = open_office([CREDIT])
    make_order(office.world, cases=2, kegs=0)
    make_ready(office)
    seller_id = office.world.seller.id
    (invoice,) = invoices_of(seller_id)
    drive_alone(office, {"position": 1, "cash": {str(seller_id): invoice.total_cents}})
    with transaction(seller_id) as session:
        payment = session.scalars(select(Payment)).one()
        assert (payment.state, payment.amount_cents) == (PaymentState.PENDING, invoice.total_cents)
        assert (payment.amount_cents + payment.rounding_cents) % 5 == 0
        confirm_payment(session, payment=payment, stamp=now_stamp())
    with transaction(seller_id) as session:
        assert session.scalars(select(Payment.state)).one() is PaymentState.ALLOCATED
