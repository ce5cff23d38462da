"""Walking all of an issuer's books: documents, journal, payments, and what is open of each."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.billing.audit import document_faults
from server.billing.model import CreditNote, Invoice
from server.billing.revaluing.audit import revaluation_faults
from server.core.problems import Text
from server.ledger.audit import LedgerFault, journal_faults
from server.ledger.model import Posting
from server.ledger.queries import IS_OWED
from server.receivables.audit_money import payment_faults, refund_faults, refunded_cents
from server.receivables.audit_write_offs import write_off_faults
from server.receivables.model import Payment
from shared.states import CreditState, InvoiceState, PaymentState


def book_faults(session: Session, *, issuer_id: UUID) -> Iterator[LedgerFault]:
    """Yield everything that does not hold in an issuer's books, the first fault first; the session acts for it."""
    yield from document_faults(session, issuer_id=issuer_id)
    yield from journal_faults(session, issuer_id=issuer_id)
    yield from payment_faults(session, issuer_id=issuer_id)
    yield from refund_faults(session, issuer_id=issuer_id)
    yield from write_off_faults(session, issuer_id=issuer_id)
    yield from revaluation_faults(session, issuer_id=issuer_id)
    yield from _open_faults(session, issuer_id)


def _open_faults(session: Session, issuer_id: UUID) -> Iterator[LedgerFault]:
    """Laws 6, 11 and 15: nothing is open below zero or above its total, and every open amount has its document."""
    bounds = _bounds(session, issuer_id)
    rows = session.execute(
        select(Posting.detail, func.sum(Posting.amount_cents))
        .where(Posting.owner_id == issuer_id, IS_OWED)
        .group_by(Posting.detail)
        .order_by(Posting.detail)
    )
    for detail, cents in rows:
        least, most = bounds.get(detail, (0, 0))
        if not least <= cents <= most:
            text = Text(f"{cents} cents ouverts, de {least} à {most}.", f"{cents} cents open, of {least} to {most}.")
            yield LedgerFault("open-out-of-range", issuer_id, detail, text)


def _bounds(session: Session, issuer_id: UUID) -> dict[str, tuple[int, int]]:
    """What may be open of each: invoices up to their total, credits and payments down to minus theirs.

    Of a payment that failed, what was refunded of it by hand is owed, no more and no less; of another, what its
    provider or a bank took beyond what that had left.
    """
    invoices = select(Invoice.id, Invoice.total_cents).where(
        Invoice.owner_id == issuer_id, Invoice.state == InvoiceState.PUBLISHED
    )
    notes = select(CreditNote.id, -CreditNote.total_cents).where(
        CreditNote.owner_id == issuer_id, CreditNote.state == CreditState.ISSUED
    )
    found = {
        str(document_id): (min(0, int(cents)), max(0, int(cents)))
        for query in (invoices, notes)
        for document_id, cents in session.execute(query)
    }
    by_hand, gone = (refunded_cents(session, issuer_id=issuer_id, by_provider=one) for one in (False, True))
    payments = select(Payment.id, Payment.amount_cents, Payment.state).where(Payment.owner_id == issuer_id)
    for payment_id, amount_cents, state in session.execute(payments):
        given_cents = by_hand.get(payment_id, 0)
        left_cents = amount_cents - given_cents - gone.get(payment_id, 0)
        is_owed = state is PaymentState.FAILED or left_cents < 0
        owed_cents = given_cents if state is PaymentState.FAILED else max(0, -left_cents)
        found[str(payment_id)] = (owed_cents if is_owed else -amount_cents, owed_cents)
    return found
