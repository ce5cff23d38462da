"""More than was ordered, empties that come back, and money at the door."""

from __future__ import annotations

from shared.states import BillingState, OrderState, PaymentState
from tests.factories.world import CREDIT
from tests.scenarios.stories import drive_alone, live_day, make_ready, told_documents


def test_what_was_accepted_beyond_the_order_becomes_an_order_of_its_own(open_office):
    """R005, R023, R041, C21: the invoice stays as it was; two more cases are a delivered order with its own invoice."""
    office = open_office([CREDIT])
    order_id = office.order(cases=3, kegs=0)
    said = live_day(office, {"position": 1, "lines": {"#0": {"extra": 2}}})
    supplier = office.program_of(office.world.seller)
    first, extra = supplier.orders()
    assert (first.id, first.state) == (str(order_id), OrderState.DELIVERED)
    assert (extra.supplement_of_id, extra.state, extra.billing_state) == (
        first.id,
        OrderState.DELIVERED,
        BillingState.SETTLED,
    )
    assert [line.quantity for line in extra.lines] == [2]
    told = told_documents(said)
    assert (told["supplementary_order"], told["invoice"]) == (extra.total_cents, extra.total_cents)
    assert [one.total_cents for one in supplier.invoices()] == [first.total_cents, extra.total_cents]
    assert supplier.credits() == []


def test_empties_and_kegs_are_credited_by_their_owners_at_the_price_of_the_day(open_office):
    """C30, law 20: the supplier credits its kegs, the carrier the public cans; accounts sum to zero."""
    office = open_office([CREDIT])
    office.order()
    world = office.world
    live_day(
        office,
        {"position": 1, "containers": {f"keg_50l+{world.seller.id}": 2, f"can_public+{world.carrier_id}": 120}},
    )
    supplier, carrier = office.program_of(world.seller), office.program_of(world.carrier_id)
    (kegs,) = supplier.credits()
    (cans,) = (note for note in carrier.credits() if note.id != kegs.id)  # it delivers: it reads the kegs' too
    assert (kegs.issuer_id, cans.issuer_id) == (str(world.seller.id), str(world.carrier_id))
    assert (kegs.deposit_cents, kegs.invoice_id) == (6000, None)
    assert (cans.deposit_cents, cans.total_cents) == (1200, 1200)
    kegs_held = [one for one in supplier.get("/stock/containers") if one.owner_id == str(world.seller.id)]
    assert {one.quantity for one in kegs_held if one.holder_id == str(world.buyer.id)} == {1 - 2}
    assert sum(one.quantity for one in kegs_held) == 0


def test_cash_waits_in_the_truck_until_the_office_has_counted_it(open_office):
    """R084, C29, T7: taken at the door for one issuer, rounded to five cents, set against its invoice once banked."""
    office = open_office([CREDIT])
    office.order(cases=2, kegs=0)
    make_ready(office)
    seller_id = office.world.seller.id
    supplier = office.program_of(seller_id)
    (invoice,) = supplier.invoices()
    drive_alone(office, {"position": 1, "cash": {str(seller_id): invoice.total_cents}})
    (payment,) = supplier.all("/payments")
    assert (payment.state, payment.amount_cents) == (PaymentState.PENDING, invoice.total_cents)
    assert (payment.amount_cents + payment.rounding_cents) % 5 == 0
    supplier.post(f"/payments/{payment.id}/confirmation")
    assert supplier.get(f"/payments/{payment.id}").state == PaymentState.ALLOCATED
    (allocation,) = supplier.get(f"/payments/{payment.id}/allocations")
    assert (allocation.invoice_id, allocation.amount_cents) == (invoice.id, invoice.total_cents)
    (account,) = supplier.get(f"/accounts/{office.world.buyer.id}")
    assert account.balance_cents == 0
