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

type Waiting = Sequence[tuple[CreditNote, int]]


def credits_waiting_for(session: Session, *, issuer_id: UUID, documents: Sequence[Invoice | CreditNote]) -> Waiting:
    """Return the credits that the customers of these invoices still hold, with their cents, oldest first.

    The session acts for the issuer and holds its accounts' lock, so that nobody else takes of them.
    """
    invoices = [one for one in documents if isinstance(one, Invoice) and one.total_cents]
    buyer_ids = {one.buyer_id for one in invoices}
    return [
        held
        for currency in sorted({one.currency for one in invoices})
        for held in waiting_credits(session, issuer_id=issuer_id, buyer_ids=buyer_ids, currency=currency)
    ]


def apply_credits(
    session: Session, *, issuer_id: UUID, documents: Sequence[Invoice | CreditNote], waiting: Waiting, stamp: Stamp
) -> None:
    """Apply each new credit to its own invoice, then what waited or is left to each new invoice of its customer.

    The session acts for the issuer, holds its accounts' lock, and the documents are numbered and posted.

    Source: R082, R083, C11; laws 6, 11, 12.
    """
    notes = [one for one in documents if isinstance(one, CreditNote)]
    fresh = _apply_to_own(session, issuer_id, notes, stamp) if notes else []
    _apply_waiting(session, [one for one in documents if isinstance(one, Invoice)], [*waiting, *fresh], stamp)


def _apply_to_own(session: Session, issuer_id: UUID, notes: Sequence[CreditNote], stamp: Stamp) -> Waiting:
    """Return what is left of each note, e.g. all of a deposit credit, which has no invoice of its own."""
    own = {one.invoice_id for one in notes if one.invoice_id}
    still = dict(open_cents(session, issuer_id=issuer_id, document_ids=own)) if own else {}
    left: list[tuple[CreditNote, int]] = []
    for note in notes:
        amount_cents = 0
        if note.invoice_id:
            amount_cents = min(note.total_cents, still[note.invoice_id])
            still[note.invoice_id] -= amount_cents
            _apply(
                session, note, note.invoice_id, amount_cents, readers=note.party_ids, on=issue_day(note), stamp=stamp
            )
        left.append((note, note.total_cents - amount_cents))
    return left


def _apply_waiting(session: Session, invoices: Sequence[Invoice], waiting: Waiting, stamp: Stamp) -> None:
    open_of = {one.id: one.total_cents for one in invoices}
    for note, held_cents in waiting:
        left_cents = held_cents
        for invoice in invoices:
            if (invoice.buyer_id, invoice.currency) == (note.buyer_id, note.currency):
                amount_cents = min(left_cents, open_of[invoice.id])
                left_cents -= amount_cents
                open_of[invoice.id] -= amount_cents
                readers = (*note.party_ids, *invoice.party_ids)
                _apply(session, note, invoice.id, amount_cents, readers=readers, on=issue_day(invoice), stamp=stamp)


def _apply(
    session: Session,
    note: CreditNote,
    invoice_id: UUID,
    amount_cents: int,
    *,
    readers: Sequence[UUID],
    on: date,
    stamp: Stamp,
) -> None:
    """``readers`` are the invoice's too: whoever reads it sees the same open amount as its issuer (R085)."""
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
        readers=readers,
    )
