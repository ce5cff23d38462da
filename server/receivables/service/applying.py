"""Setting credits against invoices, payments that came free, and what is open."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from server.billing.letterhead import letterhead
from server.billing.model import CreditNote, Invoice
from server.billing.queries import invoice as read_invoice
from server.billing.service.clearing import readers_of, when_freed
from server.core.acting import acting_for
from server.core.stamp import Stamp
from server.ledger import service as ledger
from server.ledger.model import Allocation, AllocationSource
from server.ledger.queries import balance_cents, open_cents
from server.receivables.model import Payment
from server.receivables.service.allocating import Part, allocation_day, require_one_account, settle_state


def apply_credit(session: Session, *, credit: CreditNote, parts: Sequence[Part], stamp: Stamp) -> list[Allocation]:
    """Split what an issued credit note still holds over these invoices, and return the allocations.

    What is left waits for the customer's next invoice (R083).

    Raises:
        As ``allocate_credit``; NotFound: there is no such invoice.

    Source: R082.
    """
    return [
        allocate_credit(
            session,
            credit=credit,
            invoice=read_invoice(session, invoice_id=part.invoice_id),
            amount_cents=part.amount_cents,
            stamp=stamp,
        )
        for part in parts
    ]


def allocate_credit(
    session: Session, *, credit: CreditNote, invoice: Invoice, amount_cents: int, stamp: Stamp
) -> Allocation:
    """Set a part of an issued credit note against another open invoice of the same customer.

    Raises:
        OverAllocated: more than the note still holds or the invoice has open.
        NotOneAccount: not one seller, one customer, one currency.

    Source: R082; laws 11 and 12.
    """
    require_one_account(credit, invoice)
    with acting_for(session, credit.owner_id):
        ledger.lock_accounts(session, pairs=[(credit.owner_id, credit.buyer_id)])
        return ledger.allocate(
            session,
            source=AllocationSource.CREDIT_NOTE,
            source_id=credit.id,
            invoice_id=invoice.id,
            customer_id=credit.buyer_id,
            currency=credit.currency,
            amount_cents=amount_cents,
            on=allocation_day(invoice, letterhead(session, org_id=credit.owner_id).day_of(stamp.at)),
            stamp=stamp,
            readers=readers_of(credit, invoice),
        )


@when_freed
def settle_freed(session: Session, payment_id: UUID) -> None:
    """Say of a payment that an annulled invoice let go what it pays now; its rest is the customer's credit again."""
    settle_state(session, session.get_one(Payment, payment_id))


def open_amount(session: Session, *, invoice: Invoice) -> int:
    """Return the cents that are still open of a published invoice."""
    with acting_for(session, invoice.owner_id):
        return open_cents(session, issuer_id=invoice.owner_id, document_ids=[invoice.id])[invoice.id]


def balance(session: Session, *, issuer_id: UUID, buyer_id: UUID) -> int:
    """Return what a customer owes an issuer in cents: invoices less credits and payments (R078)."""
    with acting_for(session, issuer_id):
        currency = letterhead(session, org_id=issuer_id).currency
        return balance_cents(session, issuer_id=issuer_id, customer_id=buyer_id, currency=currency)
