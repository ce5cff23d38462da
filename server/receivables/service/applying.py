"""Setting money and credits against invoices, and taking them back."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from server.billing.letterhead import letterhead
from server.billing.model import CreditNote, Invoice
from server.core import facts
from server.core.acting import acting_for
from server.core.problems import Conflict, Text
from server.core.stamp import Stamp
from server.ledger import service as ledger
from server.ledger.model import Allocation, AllocationSource
from server.receivables import events
from server.receivables.model import Payment
from server.receivables.queries import allocations_from, balance_cents, open_cents, payments_on
from shared.states import PaymentState


class NotOneAccount(Conflict):
    """Credit and invoice are not of one issuer, one customer and one currency (law 12)."""

    slug = "not-one-account"
    title = Text("Comptes différents", "Different accounts")


def allocate_credit(
    session: Session, *, credit: CreditNote, invoice: Invoice, amount_cents: int, stamp: Stamp
) -> Allocation:
    """Set a part of an issued credit note against another open invoice of the same customer.

    Raises:
        OverAllocated: more than the note still holds or the invoice has open.
        NotOneAccount: not one seller, one customer, one currency.

    Source: R082; laws 11 and 12.
    """
    if (credit.owner_id, credit.buyer_id, credit.currency) != (invoice.owner_id, invoice.buyer_id, invoice.currency):
        raise NotOneAccount(
            Text(
                "Crédit et facture doivent être du même émetteur, du même client et de la même devise.",
                "Credit and invoice must be of one issuer, one customer and one currency.",
            ),
            where=invoice.number,
        )
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
            on=letterhead(session, org_id=credit.owner_id).day_of(stamp.at),
            stamp=stamp,
            readers=credit.party_ids,
        )


def free_payments(session: Session, *, invoice: Invoice, stamp: Stamp) -> list[Payment]:
    """Undo what payments gave to an invoice before it is voided, and return them: the customer's credit again.

    Source: section 4 (publiée → annulée: payments re-freed); law 13.
    """
    with acting_for(session, invoice.owner_id):
        on = letterhead(session, org_id=invoice.owner_id).day_of(stamp.at)
        ledger.lock_accounts(session, pairs=[(invoice.owner_id, invoice.buyer_id)])
        freed: list[Payment] = []
        for allocation in payments_on(session, invoice_id=invoice.id):
            payment = session.get_one(Payment, allocation.source_id)
            undo(session, allocation, payment, on=on, stamp=stamp)
            if not allocations_from(session, source_id=payment.id):
                payment.move_to(PaymentState.SUCCEEDED)
            freed.append(payment)
        facts.record(session, events.INVOICE_FREED, invoice.id, stamp, readers=tuple(invoice.party_ids))
    return freed


def open_amount(session: Session, *, invoice: Invoice) -> int:
    """Return the cents that are still open of a published invoice."""
    with acting_for(session, invoice.owner_id):
        return open_cents(session, issuer_id=invoice.owner_id, document_ids=[invoice.id])[invoice.id]


def balance(session: Session, *, issuer_id: UUID, buyer_id: UUID) -> int:
    """Return what a customer owes an issuer in cents: invoices less credits and payments (R078)."""
    with acting_for(session, issuer_id):
        currency = letterhead(session, org_id=issuer_id).currency
        return balance_cents(session, issuer_id=issuer_id, customer_id=buyer_id, currency=currency)


def undo(session: Session, allocation: Allocation, payment: Payment, *, on: date, stamp: Stamp) -> None:
    """Give back to a payment what one allocation took of it; the session acts for the issuer and holds the account."""
    ledger.undo_allocation(
        session, allocation=allocation, customer_id=payment.buyer_id, currency=payment.currency, on=on, stamp=stamp
    )
    session.flush()
