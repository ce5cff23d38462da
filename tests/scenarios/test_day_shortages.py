"""A short delivery, from the tablet without network to the invoice, the credit or the notice."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from server.billing.model import CreditNote
from server.billing.service import approve_credit, publish_pending
from server.core.blobs import blob_store
from server.core.transaction import transaction
from server.delivery.model import Proof, VarianceNotice
from server.delivery.proofs import verify_proof
from server.notifications.model import InboxMessage
from server.parties.model import SettlementPolicy
from shared.states import CreditState, InvoiceState, OrderState
from tests.factories.web import now_stamp
from tests.factories.world import ADJUST, AGENT, CREDIT, EXTERNAL, Deal, make_order
from tests.scenarios.stories import (
    credits_of,
    delivery_of,
    invoices_of,
    live_day,
    orders_of,
    told_documents,
)

ONE_CASE_CENTS = 4250 + 213 + 424 + 240  # 42.50 $, GST, QST, 24 cans of 0.10 $


def test_broken_cases_leave_the_provisional_invoice_and_their_photo_reaches_the_proof(open_office):
    """R016, R019, R021: lost goods are not on the published invoice, and the supplier holds the picture."""
    office = open_office([ADJUST])
    order_id = make_order(office.world, cases=6, kegs=0)
    said = live_day(office, {"position": 1, "outcome": "short", "lines": {"#0": {"lost": 2, "reason": "breakage"}}})
    seller_id = office.world.seller.id
    (invoice,) = invoices_of(seller_id)
    assert (invoice.state, invoice.net_cents, invoice.deposit_cents) == (InvoiceState.PUBLISHED, 4 * 4250, 4 * 240)
    assert told_documents(said) == {"invoice": invoice.total_cents}
    assert credits_of(seller_id) == []
    (line,) = delivery_of(office, order_id).lines
    with transaction(seller_id) as session:
        proof = session.scalars(select(Proof)).one()
    verified = verify_proof(blob_store().get(proof.owner_id, proof.file_sha256))
    assert set(line.photos) < set(verified.contents.attachments)
    assert (verified.order.lines[0].delivered, verified.order.lines[0].lost) == (4, 2)


def test_goods_that_never_left_are_credited_on_the_invoice_that_was_published_in_the_morning(open_office):
    """R017, R024, T5: the published invoice stays, and a credit note takes the missing units."""
    office = open_office([CREDIT])
    make_order(office.world, cases=5, kegs=0)
    said = live_day(
        office, {"position": 1, "outcome": "short", "lines": {"#0": {"not_shipped": 1, "reason": "out_of_stock"}}}
    )
    seller_id = office.world.seller.id
    (invoice,), (credit,) = invoices_of(seller_id), credits_of(seller_id)
    assert (invoice.net_cents, credit.net_cents, credit.deposit_cents) == (5 * 4250, 4250, 240)
    assert (credit.state, credit.invoice_id) == (CreditState.ISSUED, invoice.id)
    assert told_documents(said) == {"credit_note": credit.total_cents}
    assert abs(credit.total_cents - ONE_CASE_CENTS) <= 1  # the invoice's own taxes are shared (T5), not taxed afresh


def test_what_the_customer_sends_back_is_not_billed_by_the_agent(open_office):
    """R020, C28: under agent billing the distributor's invoice carries the delivered quantities."""
    office = open_office([AGENT])
    order_id = make_order(office.world, cases=3, kegs=1)
    live_day(office, {"position": 1, "outcome": "short", "lines": {"#1": {"returned": 1, "reason": "wrong_item"}}})
    assert invoices_of(office.world.seller.id) == []
    (invoice,) = invoices_of(office.world.carrier_id)
    assert (invoice.net_cents, invoice.seller_ids) == (3 * 4250, [office.world.seller.id])
    assert delivery_of(office, order_id).outcome == "partial"
    assert orders_of(office.world.seller.id)[0].state is OrderState.PARTLY_DELIVERED


def test_a_credit_above_the_threshold_waits_and_the_tablet_never_shows_it_as_granted(open_office):
    """C12: the delivery is settled, the credit proposed, and the supplier approves it."""
    office = open_office([Deal(settlement_policy=SettlementPolicy.CREDIT, credit_threshold_cents=5_000)])
    order_id = make_order(office.world, cases=4, kegs=0)
    said = live_day(office, {"position": 1, "outcome": "short", "lines": {"#0": {"returned": 2, "reason": "expired"}}})
    assert told_documents(said) == {"credit_pending": 0}
    delivery = delivery_of(office, order_id)
    assert (delivery.shown, delivery.shown_credit_cents) == ("credit_pending", 0)
    seller_id = office.world.seller.id
    (credit,) = credits_of(seller_id)
    assert (credit.state, credit.number) == (CreditState.PROPOSED, "")
    with transaction(seller_id) as session:
        waiting = session.scalars(select(CreditNote).options(selectinload(CreditNote.lines))).one()
        approve_credit(session, credit=waiting, stamp=now_stamp())
        publish_pending(session, stamp=now_stamp())
    (issued,) = credits_of(seller_id)
    assert (issued.state, issued.net_cents, bool(issued.number)) == (CreditState.ISSUED, 2 * 4250, True)


def test_an_order_invoiced_outside_gets_a_notice_and_no_invoice(open_office):
    """C14: the supplier is told what is missing; nothing is billed here."""
    office = open_office([EXTERNAL])
    order_id = make_order(office.world, cases=4, kegs=1)
    said = live_day(office, {"position": 1, "outcome": "short", "lines": {"#0": {"lost": 1, "reason": "missing"}}})
    seller_id = office.world.seller.id
    with transaction(seller_id) as session:
        notice = session.scalars(select(VarianceNotice)).one()
        kinds = set(session.scalars(select(InboxMessage.kind)))
    assert (notice.order_id, notice.short_units, notice.extra_units) == (order_id, 1, 0)
    assert invoices_of(seller_id) == credits_of(seller_id) == []
    assert told_documents(said) == {"variance_notice": 0}
    assert any("variance" in kind for kind in kinds)
