"""Setting credits against invoices: first their own, then the customer's next ones (C11, R083)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from server.billing.model import CreditNote, Invoice
from server.billing.numbering import issue_day
from server.billing.queries import waiting_credits
from server.core.stamp import Stamp
from server.ledger import service as ledger
from server.ledger.model import AllocationSource
from server.ledger.queries import open_cents


def apply_credits(
    session: Session, *, issuer_id: UUID, documents: Sequence[Invoice | CreditNote], stamp: Stamp
) -> None:
    """Apply each new credit to its own invoice, then what still waits to each new invoice of its customer.

    The session acts for the issuer, holds its accounts' lock, and the documents are numbered and posted.

    Source: R082, R083, C11; laws 6, 11, 12.
    """
    session.flush()
    notes = [(one, one.invoice_id) for one in documents if isinstance(one, CreditNote) and one.invoice_id]
    invoices = [one for one in documents if isinstance(one, Invoice) and one.total_cents]
    if notes:
        _apply_to_own(session, issuer_id, notes, stamp)
    for currency in sorted({one.currency for one in invoices}):
        _apply_waiting(session, issuer_id, [one for one in invoices if one.currency == currency], currency, stamp)


def _apply_to_own(session: Session, issuer_id: UUID, notes: Sequence[tuple[CreditNote, UUID]], stamp: Stamp) -> None:
    still = dict(open_cents(session, issuer_id=issuer_id, document_ids={invoice_id for _, invoice_id in notes}))
    for note, invoice_id in notes:
        amount_cents = min(note.total_cents, still[invoice_id])
        still[invoice_id] -= amount_cents
        _apply(session, note, invoice_id, amount_cents, on=issue_day(note), stamp=stamp)


def _apply_waiting(session: Session, issuer_id: UUID, invoices: Sequence[Invoice], currency: str, stamp: Stamp) -> None:
    buyers = {one.buyer_id for one in invoices}
    waiting = waiting_credits(session, issuer_id=issuer_id, buyer_ids=buyers, currency=currency)
    open_of = {one.id: one.total_cents for one in invoices}
    for note, held_cents in waiting:
        left_cents = held_cents
        for invoice in invoices:
            if invoice.buyer_id == note.buyer_id:
                amount_cents = min(left_cents, open_of[invoice.id])
                left_cents -= amount_cents
                open_of[invoice.id] -= amount_cents
                _apply(session, note, invoice.id, amount_cents, on=issue_day(invoice), stamp=stamp)


def _apply(session: Session, note: CreditNote, invoice_id: UUID, amount_cents: int, *, on: date, stamp: Stamp) -> None:
    if amount_cents <= 0:
        return
    ledger.allocate(
        session,
        source=AllocationSource.CREDIT_NOTE,
        source_id=note.id,
        invoice_id=invoice_id,
        customer_id=note.buyer_id,
        currency=note.currency,
        amount_cents=amount_cents,
        on=on,
        stamp=stamp,
        readers=note.party_ids,
    )
