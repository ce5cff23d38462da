"""The first story: everything goes well."""

from __future__ import annotations

from shared.states import InvoiceState, RunState
from tests.factories.world import ADJUST, CREDIT


def test_a_run_delivered_in_full_is_signed_synced_invoiced_and_proven(open_office):
    """R014, R016, R018, R025, R026: full deliveries under both policies, one tablet, no network until the evening.

    The dispatcher settles and closes the run when everything is there.
    """
    office = open_office([ADJUST, CREDIT], buyers=2)
    for buyer in office.world.buyers:
        for seller in office.world.sellers:
            office.order(seller=seller, buyer=buyer)
    (run_id,) = office.plan()
    office.load(run_id)
    office.drive({"enrol": office.code(), "pull": True, "runs": [], "push": True})
    said = office.drive({"pull": False, "runs": [{"run_id": "*"}], "push": True})
    office.jobs()
    assert office.run(run_id).state == RunState.SYNCED, said
    for seller in office.world.sellers:
        supplier = office.program_of(seller)
        invoices, deliveries = supplier.invoices(), supplier.all("/deliveries")
        assert {invoice.state for invoice in invoices} == {InvoiceState.PUBLISHED}
        assert len(invoices) == len(deliveries) == 2
        proofs = supplier.proofs()
        assert {supplier.verified(one).order.order_id for one in proofs} == {one.order_id for one in deliveries}
        told = [one.subject_id for one in supplier.all("/inbox") if one.kind == "proof.sealed"]
        assert sorted(told) == sorted(one.id for one in proofs)
    wholeness = office.dispatcher.get(f"/runs/{run_id}/tablets")
    assert wholeness.is_whole, wholeness.reasons
    assert office.dispatcher.post(f"/runs/{run_id}/settle").state == RunState.SETTLED
    assert office.dispatcher.post(f"/runs/{run_id}/close").state == RunState.CLOSED
