"""A refund given at the provider that fails there: what was taken off invoices for it pays again, and nothing else."""

from __future__ import annotations

import pytest

from server.core.transaction import transaction
from server.receivables.audit import book_faults
from server.receivables.providers import Given
from tests.factories.accounts import Books, answered
from tests.factories.online import PAID, ask, deliver, follow
from tests.factories.strict_gateway import StrictGateway

GIVEN = 3_000


def paid_but(books: Books, gateway: StrictGateway, kept_cents: int | None):
    """Pay an invoice online, and let a person keep so much of it on the account, all when None."""
    invoice = books.invoice(cases=2)
    payment = ask(books, invoice)
    deliver(books, gateway.happen(payment["id"], "payment_intent.succeeded", **PAID))
    follow(books, payment["id"])
    [paid] = answered(books.issuer.get(f"/api/v1/payments/{payment['id']}/allocations"))
    if kept_cents is None:
        answered(books.issuer.delete(f"/api/v1/payment-allocations/{paid['id']}"))
    elif kept_cents:
        part = {"invoice_id": str(invoice.id), "amount_cents": invoice.total_cents - kept_cents}
        body = {"parts": [part], "replace": True}
        answered(books.issuer.post(f"/api/v1/payments/{payment['id']}/allocations", json=body), 201)
    return invoice, payment["id"]


@pytest.mark.parametrize("ways", [(None, True, False), (None, False), (True, False)], ids=["late", "waited", "arrived"])
@pytest.mark.parametrize(
    ("kept_cents", "freed_cents"),
    [(None, 0), (GIVEN, 0), (0, GIVEN), (1_000, 2_000)],
    ids=["all-apart", "as-much-apart", "all-freed", "half-freed"],
)
def test_what_a_person_left_unpaid_stays_so_when_the_refund_fails(
    books: Books, gateway: StrictGateway, kept_cents: int | None, freed_cents: int, ways
) -> None:
    """Laws 13, 14: only what was taken off the invoice for the refund pays it again; the rest is held as it was."""
    invoice, payment_id = paid_but(books, gateway, kept_cents)
    before, opened = books.balance(), books.open_of(invoice)
    charge = gateway.charges[f"pi_{payment_id.replace('-', '')}"]
    for arrived in ways:
        charge.refunds["dashboard"] = (GIVEN, Given("re_dashboard", arrived))
        for _ in range(2):
            deliver(books, gateway.happen(payment_id, "refund.updated"))
            follow(books, payment_id)
        there = 0 if arrived is False else 1
        assert books.balance() == before + there * GIVEN
        assert books.open_of(invoice) == opened + there * freed_cents
    state = answered(books.issuer.get(f"/api/v1/payments/{payment_id}"))["state"]
    assert state == ("succeeded" if kept_cents is None else "allocated")
    with transaction(books.world.seller.id) as session:
        assert list(book_faults(session, issuer_id=books.world.seller.id)) == []
