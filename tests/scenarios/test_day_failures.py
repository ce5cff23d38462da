"""Nothing could be delivered: the customer refuses, or the shop is closed."""

from __future__ import annotations

from shared.states import BillingState, CreditState, InvoiceState, OrderState, RunState
from tests.factories.world import ADJUST, CREDIT
from tests.scenarios.stories import drive_alone, make_ready


def test_a_refused_stop_voids_what_was_published_and_drops_what_was_provisional(open_office):
    """C27: the published invoice is credited in full, the provisional one goes, both orders may go out again."""
    office = open_office([ADJUST, CREDIT])
    for seller in office.world.sellers:
        office.order(seller=seller)
    run_id = make_ready(office)
    drive_alone(office, {"position": 1, "outcome": "refused", "signer": "Rachel Côté"})
    adjust, credit = (office.program_of(seller) for seller in office.world.sellers)
    assert [one.state for one in adjust.invoices()] == [InvoiceState.DROPPED]
    (invoice,), (note,) = credit.invoices(), credit.credits()
    assert (invoice.state, note.state, note.total_cents) == (
        InvoiceState.PUBLISHED,
        CreditState.ISSUED,
        invoice.total_cents,
    )
    for supplier in (adjust, credit):
        (order,) = supplier.orders()
        assert (order.state, order.billing_state) == (OrderState.NOT_DELIVERED, BillingState.UNINVOICED)
        assert supplier.post(f"/orders/{order.id}/replan").state == OrderState.ACCEPTED
    assert office.run(run_id).state == RunState.SYNCED


def test_a_closed_shop_leaves_a_proof_of_the_attempt_and_no_signature(open_office):
    """R018, section 4: a failed visit is evidence like any other, photographed and unsigned."""
    office = open_office([CREDIT])
    office.order()
    run_id = make_ready(office)
    drive_alone(office, {"position": 1, "outcome": "closed", "photo": True})
    supplier = office.program_of(office.world.seller)
    (proof,) = supplier.proofs()
    assert (proof.outcome, proof.missing_attachments) == ("failed", 0)
    verified = supplier.verified(proof)
    finished = verified.finished
    assert (verified.order.leaf.outcome, finished.failure, finished.signature_sha256) == ("failed", "closed", "")
    assert (
        verified.contents.attachments == {}
    )  # the picture of the shop is the carrier's: it shows no line of this order
    wholeness = office.dispatcher.get(f"/runs/{run_id}/tablets")
    assert wholeness.is_whole, wholeness.reasons  # and it has arrived
    (invoice,), (note,) = supplier.invoices(), supplier.credits()
    assert note.total_cents == invoice.total_cents
