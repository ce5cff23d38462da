"""The first story: everything goes well."""

from __future__ import annotations

from sqlalchemy import select

from server.billing.model import Invoice
from server.core.transaction import transaction
from server.delivery.model import Delivery, Proof
from server.notifications.model import InboxMessage
from shared.lifecycles import InvoiceState, RunState
from tests.factories.world import ADJUST, CREDIT, make_order


def test_a_run_delivered_in_full_is_signed_synced_invoiced_and_proven(open_office):
    """R014, R016, R018, R025, R026: full deliveries under both policies, one tablet, no network until the evening."""
    office = open_office([ADJUST, CREDIT], buyers=2)
    for buyer in office.world.buyers:
        for seller in office.world.sellers:
            make_order(office.world, seller=seller, buyer=buyer)
    (run_id,) = office.plan()
    office.load(run_id)
    office.drive({"enrol": office.code(), "pull": True, "runs": [], "push": True})
    said = office.drive({"pull": False, "runs": [{"run_id": "*"}], "push": True})
    office.jobs()
    assert office.run(run_id).state is RunState.SYNCED, said
    for seller in office.world.sellers:
        with transaction(seller.id) as session:
            invoices = session.scalars(select(Invoice)).all()
            assert {invoice.state for invoice in invoices} == {InvoiceState.PUBLISHED}
            assert len(invoices) == len(session.scalars(select(Delivery)).all()) == 2
            assert len(session.scalars(select(Proof)).all()) == 2
            assert len(session.scalars(select(InboxMessage).where(InboxMessage.kind == "proof.sealed")).all()) == 2
