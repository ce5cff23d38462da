"""A short delivery, from the tablet without network to the invoice, the credit or the notice."""

from __future__ import annotations

from server.parties.model import SettlementPolicy
from shared.states import CreditState, InvoiceState, OrderState
from tests.factories.world import ADJUST, AGENT, CREDIT, EXTERNAL, Deal
from tests.scenarios.stories import live_day, told_documents

ONE_CASE_CENTS = 4250 + 213 + 424 + 240  # 42.50 $, GST, QST, 24 cans of 0.10 $


def test_broken_cases_leave_the_provisional_invoice_and_their_photo_reaches_the_proof(open_office):
    """R016, R019, R021: lost goods are not on the published invoice, and the supplier holds the picture."""
    office = open_office([ADJUST])
    office.order(cases=6, kegs=0)
    said = live_day(office, {"position": 1, "outcome": "short", "lines": {"#0": {"lost": 2, "reason": "breakage"}}})
    supplier = office.program_of(office.world.seller)
    (invoice,) = supplier.invoices()
    assert (invoice.state, invoice.net_cents, invoice.deposit_cents) == (InvoiceState.PUBLISHED, 4 * 4250, 4 * 240)
    assert told_documents(said) == {"invoice": invoice.total_cents}
    assert supplier.credits() == []
    (proof,) = supplier.proofs()
    verified = supplier.verified(proof)
    (line,) = verified.order.lines
    assert (line.delivered, line.lost) == (4, 2)
    assert line.photos
    assert set(line.photos) < set(verified.contents.attachments)  # less than: the signature is there, too


def test_goods_that_never_left_are_credited_on_the_invoice_that_was_published_in_the_morning(open_office):
    """R017, R024, T5: the published invoice stays, and a credit note takes the missing units."""
    office = open_office([CREDIT])
    office.order(cases=5, kegs=0)
    said = live_day(
        office, {"position": 1, "outcome": "short", "lines": {"#0": {"not_shipped": 1, "reason": "out_of_stock"}}}
    )
    supplier = office.program_of(office.world.seller)
    (invoice,), (credit,) = supplier.invoices(), supplier.credits()
    assert (invoice.net_cents, credit.net_cents, credit.deposit_cents) == (5 * 4250, 4250, 240)
    assert (credit.state, credit.invoice_id) == (CreditState.ISSUED, invoice.id)
    assert told_documents(said) == {"credit_note": credit.total_cents}
    assert abs(credit.total_cents - ONE_CASE_CENTS) <= 1  # the invoice's own taxes are shared (T5), not taxed afresh


def test_what_the_customer_sends_back_is_not_billed_by_the_agent(open_office):
    """R020, C28: under agent billing the distributor's invoice carries the delivered quantities."""
    office = open_office([AGENT])
    order_id = office.order(cases=3, kegs=1)
    live_day(office, {"position": 1, "outcome": "short", "lines": {"#1": {"returned": 1, "reason": "wrong_item"}}})
    world = office.world
    supplier, carrier, buyer = (office.program_of(one) for one in (world.seller, world.carrier_id, world.buyer))
    (invoice,) = carrier.invoices()
    assert (invoice.issuer_id, invoice.net_cents) == (str(world.carrier_id), 3 * 4250)
    assert [one.id for one in supplier.all("/invoices", order_id=order_id)] == [invoice.id]
    assert [(one.id, one.total_cents) for one in buyer.invoices()] == [(invoice.id, invoice.total_cents)]
    (delivery,) = supplier.all("/deliveries", order_id=order_id)
    assert delivery.outcome == "partial"
    assert [order.state for order in supplier.orders()] == [OrderState.PARTLY_DELIVERED]


def test_a_credit_above_the_threshold_waits_and_the_tablet_never_shows_it_as_granted(open_office):
    """C12: the delivery is settled, the credit proposed, and the supplier approves it."""
    office = open_office([Deal(settlement_policy=SettlementPolicy.CREDIT, credit_threshold_cents=5_000)])
    office.order(cases=4, kegs=0)
    said = live_day(office, {"position": 1, "outcome": "short", "lines": {"#0": {"returned": 2, "reason": "expired"}}})
    assert told_documents(said) == {"credit_pending": 0}
    supplier = office.program_of(office.world.seller)
    (proof,) = supplier.proofs()
    signed = supplier.verified(proof).order.leaf
    assert (signed.shown, signed.shown_credit_cents) == ("credit_pending", 0)
    (credit,) = supplier.credits()
    assert (credit.state, credit.number) == (CreditState.PROPOSED, "")
    supplier.post(f"/credit-notes/{credit.id}/decision", approve=True)
    (issued,) = supplier.credits()
    assert (issued.state, issued.net_cents, bool(issued.number)) == (CreditState.ISSUED, 2 * 4250, True)


def test_an_order_invoiced_outside_gets_a_notice_and_no_invoice(open_office):
    """C14: the supplier is told what is missing; nothing is billed here."""
    office = open_office([EXTERNAL])
    order_id = office.order(cases=4, kegs=1)
    said = live_day(office, {"position": 1, "outcome": "short", "lines": {"#0": {"lost": 1, "reason": "missing"}}})
    supplier = office.program_of(office.world.seller)
    (order,) = supplier.orders()
    (told,) = (one for one in supplier.all("/inbox") if one.kind == "delivery.variance")
    assert order.number in told.title_fr
    assert "1" in told.text_fr
    papers = supplier.all("/documents", order_id=order_id)
    assert "variance_notice" in {paper.kind for paper in papers}
    assert supplier.invoices() == supplier.credits() == []
    assert told_documents(said) == {"variance_notice": 0}
