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
from server.ledger.audit import (
    Head,
    LedgerFault,
    head_fault,
    heads_of,
    journal_faults,
    orphan_faults,
    posting_fault,
    sides_of,
)
from server.ledger.entries import EntryKind, payment_sides, refund_sides, reversed_sides
from server.ledger.model import Account, Posting
from server.ledger.queries import IS_OWED
from server.receivables.model import Payment, Refund, RefundState
from server.receivables.service.payments import received_of
from server.receivables.service.refunds import refunded_of
from shared.states import CreditState, InvoiceState


def book_faults(session: Session, *, issuer_id: UUID) -> Iterator[LedgerFault]:
    """Yield everything that does not hold in an issuer's books, the first fault first; the session acts for it."""
    yield from document_faults(session, issuer_id=issuer_id)
    yield from journal_faults(session, issuer_id=issuer_id)
    yield from _payment_faults(session, issuer_id)
    yield from _refund_faults(session, issuer_id)
    yield from revaluation_faults(session, issuer_id=issuer_id)
    yield from _open_faults(session, issuer_id)


def _payment_faults(session: Session, issuer_id: UUID) -> Iterator[LedgerFault]:
    payments = session.scalars(select(Payment).where(Payment.owner_id == issuer_id).order_by(Payment.id)).all()
    ids = [one.id for one in payments]
    posted = sides_of(session, issuer_id=issuer_id, kind=EntryKind.PAYMENT, document_ids=ids)
    heads = heads_of(session, issuer_id=issuer_id, kind=EntryKind.PAYMENT, document_ids=ids)
    for one in payments:
        received = received_of(one)
        sides = posted.get(one.id)
        if sides is None and one.never_came:
            continue
        into = Account.IN_TRANSIT if sides and Account.IN_TRANSIT in {side.account for side in sides} else Account.BANK
        if fault := posting_fault(issuer_id, str(one.id), expected=payment_sides(received, into=into), posted=sides):
            yield fault
        head = Head(one.currency, one.received_on, one.recorded_at)
        if fault := head_fault(issuer_id, str(one.id), expected=head, posted=heads.get(one.id)):
            yield fault
    for kind in (EntryKind.PAYMENT, EntryKind.PAYMENT_BANKED, EntryKind.PAYMENT_FAILED):
        yield from orphan_faults(session, issuer_id=issuer_id, kind=kind, document=Payment)
    for kind in (EntryKind.REFUND, EntryKind.REFUND_FAILED):
        yield from orphan_faults(session, issuer_id=issuer_id, kind=kind, document=Refund)


def _refund_faults(session: Session, issuer_id: UUID) -> Iterator[LedgerFault]:
    refunds = session.scalars(select(Refund).where(Refund.owner_id == issuer_id).order_by(Refund.id)).all()
    ids = [one.id for one in refunds]
    posted = sides_of(session, issuer_id=issuer_id, kind=EntryKind.REFUND, document_ids=ids)
    heads = heads_of(session, issuer_id=issuer_id, kind=EntryKind.REFUND, document_ids=ids)
    undone = sides_of(session, issuer_id=issuer_id, kind=EntryKind.REFUND_FAILED, document_ids=ids)
    for one in refunds:
        sides = refund_sides(refunded_of(one))
        if fault := posting_fault(issuer_id, str(one.id), expected=sides, posted=posted.get(one.id)):
            yield fault
        head = Head(one.currency, one.refunded_on, one.recorded_at)
        if fault := head_fault(issuer_id, str(one.id), expected=head, posted=heads.get(one.id)):
            yield fault
        back = reversed_sides(sides) if one.state is RefundState.FAILED else ()
        if fault := posting_fault(issuer_id, str(one.id), expected=back, posted=undone.get(one.id, set())):
            yield fault


def _open_faults(session: Session, issuer_id: UUID) -> Iterator[LedgerFault]:
    """Laws 6 and 11: nothing is open below zero or above its total, and every open amount has its document."""
    totals = _totals(session, issuer_id)
    rows = session.execute(
        select(Posting.detail, func.sum(Posting.amount_cents))
        .where(Posting.owner_id == issuer_id, IS_OWED)
        .group_by(Posting.detail)
        .order_by(Posting.detail)
    )
    for detail, cents in rows:
        total = totals.get(detail, 0)
        if not min(0, total) <= cents <= max(0, total):
            text = Text(f"{cents} cents ouverts sur {total}.", f"{cents} cents open of {total}.")
            yield LedgerFault("open-out-of-range", issuer_id, detail, text)


def _totals(session: Session, issuer_id: UUID) -> dict[str, int]:
    """What may be open of each: invoices up to their total, credits and payments down to minus theirs."""
    invoices = select(Invoice.id, Invoice.total_cents).where(
        Invoice.owner_id == issuer_id, Invoice.state == InvoiceState.PUBLISHED
    )
    notes = select(CreditNote.id, -CreditNote.total_cents).where(
        CreditNote.owner_id == issuer_id, CreditNote.state == CreditState.ISSUED
    )
    payments = select(Payment.id, -Payment.amount_cents).where(Payment.owner_id == issuer_id)
    return {
        str(document_id): int(cents)
        for query in (invoices, notes, payments)
        for document_id, cents in session.execute(query)
    }
