"""Nothing could be delivered: the customer refuses, or the shop is closed."""

from __future__ import annotations

from sqlalchemy import select

from server.core.transaction import transaction
from server.delivery.model import Proof, Visit
from server.orders import service as orders
from shared.states import BillingState, CreditState, InvoiceState, OrderState, RunState
from tests.factories.web import now_stamp
from tests.factories.world import ADJUST, CREDIT, make_order
from tests.scenarios.stories import credits_of, drive_alone, invoices_of, make_ready, orders_of


def test_a_refused_stop_voids_what_was_published_and_drops_what_was_provisional(open_office):
    """C27: the published invoice is credited in full, the provisional one goes, both orders may go out again."""
    office = open_office([ADJUST, CREDIT])
    for seller in office.world.sellers:
        make_order(office.world, seller=seller)
    run_id = make_ready(office)
    drive_alone(office, {"position": 1, "outcome": "refused", "signer": "Rachel Côté"})
    adjust, credit = office.world.sellers
    assert [one.state for one in invoices_of(adjust.id)] == [InvoiceState.DROPPED]
    (invoice,), (note,) = invoices_of(credit.id), credits_of(credit.id)
    assert (invoice.state, note.state, note.total_cents) == (
        InvoiceState.PUBLISHED,
        CreditState.ISSUED,
        invoice.total_cents,
    )
    for seller in office.world.sellers:
        (order,) = orders_of(seller.id)
        assert (order.state, order.billing_state) == (OrderState.NOT_DELIVERED, BillingState.UNINVOICED)
        with transaction(office.world.carrier_id) as session:
            assert orders.reopen(session, order=session.merge(order), stamp=now_stamp()).state is OrderState.ACCEPTED
    assert office.run(run_id).state is RunState.SYNCED


def test_a_closed_shop_leaves_a_proof_of_the_attempt_and_no_signature(open_office):
    """R018, section 4: a failed visit is evidence like any other, photographed and unsigned."""
    office = open_office([CREDIT])
    make_order(office.world)
    make_ready(office)
    drive_alone(office, {"position": 1, "outcome": "closed", "photo": True})
    with transaction(office.world.carrier_id) as session:
        visit = session.scalars(select(Visit)).one()
    assert (visit.outcome, visit.failure, visit.signature_sha256) == ("failed", "closed", "")
    with transaction(office.world.seller.id) as session:
        assert session.scalars(select(Proof.missing_attachments)).one() == []
    (invoice,), (note,) = invoices_of(office.world.seller.id), credits_of(office.world.seller.id)
    assert note.total_cents == invoice.total_cents
