"""A delivery meets its invoice: each policy, each standing of the invoice, each way of being short."""

from __future__ import annotations

from tests.factories.billing import (
    Counted,
    credits_on,
    entry_sums,
    make_provisional,
    publish,
    read_invoice,
    short_day,
)
from tests.factories.world import ADJUST, CREDIT, make_order, make_world


def test_a_provisional_invoice_is_published_with_what_was_delivered(database):
    """R016, C1: the reference gets revision 2, then a number; only the delivered units are billed."""
    world = make_world([ADJUST])
    order_id = make_order(world, cases=4, kegs=1)
    provisional_id = make_provisional(world, order_id)
    settlement = short_day(world, order_id, {1: Counted(3, lost=1)})
    invoice = read_invoice(provisional_id, acting=world.seller.id)
    assert settlement.kind == "invoice"
    assert invoice.number == "BR1-2026-000001"
    assert invoice.revision == 2
    assert [line.quantity for line in invoice.lines] == [3, 1]
    assert invoice.net_cents == 3 * 4250 + 18900
    assert set(entry_sums(world.seller.id)) == {0}


def test_a_published_invoice_stays_and_gets_a_credit(database):
    """R017, R024: the published invoice is unchanged; one credit note takes the missing unit, taxes and deposits."""
    world = make_world([CREDIT])
    order_id = make_order(world, cases=4, kegs=1)
    invoice_id = publish(world, order_id)
    before = read_invoice(invoice_id, acting=world.seller.id)
    settlement = short_day(world, order_id, {1: Counted(3, returned=1)})
    after = read_invoice(invoice_id, acting=world.seller.id)
    [note] = credits_on(invoice_id, acting=world.seller.id)
    assert settlement.kind == "credit"
    assert after.hash == before.hash
    assert note.number == "BR1-NC-2026-000001"
    assert (note.net_cents, note.deposit_cents) == (4250, 240)
    assert set(entry_sums(world.seller.id)) == {0}
