"""A customer's account as a list of movements; the session acts for the issuer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import accumulate
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, String, and_, case, cast, func, select
from sqlalchemy.orm import Session, aliased

from server.billing.model import CreditNote, Invoice, InvoiceOrder
from server.core.acting import acting_org
from server.delivery.sharing.model import ProofEntry
from server.ledger.entries import EntryKind
from server.ledger.model import Allocation, AllocationSource, JournalEntry, Posting
from server.ledger.queries import OWED
from server.receivables.model import METHOD_LABELS, Payment, PaymentMethod, Refund, WriteOff
from shared.problems import Text

MAX_ROWS: Final = 100_000


class Movement(StrEnum):
    """What moved on an account."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    PAYMENT = "payment"
    PAYMENT_FAILED = "payment_failed"
    REFUND = "refund"
    REFUND_FAILED = "refund_failed"
    WRITE_OFF = "write_off"
    WRITE_OFF_UNDONE = "write_off_undone"
    ALLOCATION = "allocation"
    ALLOCATION_UNDONE = "allocation_undone"


MOVEMENT_LABELS: Mapping[Movement, Text] = {
    Movement.INVOICE: Text("Facture", "Invoice"),
    Movement.CREDIT_NOTE: Text("Note de crédit", "Credit note"),
    Movement.PAYMENT: Text("Paiement", "Payment"),
    Movement.PAYMENT_FAILED: Text("Paiement refusé", "Payment failed"),
    Movement.REFUND: Text("Remboursement", "Refund"),
    Movement.REFUND_FAILED: Text("Remboursement non remis", "Refund failed"),
    Movement.WRITE_OFF: Text("Radiation", "Write-off"),
    Movement.WRITE_OFF_UNDONE: Text("Radiation annulée", "Write-off undone"),
    Movement.ALLOCATION: Text("Affectation", "Allocation"),
    Movement.ALLOCATION_UNDONE: Text("Désaffectation", "Allocation undone"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One movement. ``amount_cents`` is what it adds to the balance; an allocation moves ``moved_cents`` within it.

    ``invoice_id``, ``credit_id`` and ``payment_id`` are what the line links to.
    """

    entry_id: UUID
    on: date
    movement: Movement
    document_id: UUID
    number: str
    words: Text
    amount_cents: int
    moved_cents: int
    balance_cents: int
    invoice_id: UUID | None
    credit_id: UUID | None
    payment_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What a customer owed before the period, what moved in it, and what it owed at its end (law 25)."""

    issuer_id: UUID
    buyer_id: UUID
    currency: str
    first_day: date
    last_day: date
    opening_cents: int
    lines: Sequence[Line]

    @property
    def closing_cents(self) -> int:
        """Opening and movements."""
        return self.opening_cents + sum(line.amount_cents for line in self.lines)


def statement(session: Session, *, buyer_id: UUID, currency: str, first_day: date, last_day: date) -> Statement:
    """Return a customer's statement at the acting issuer: movements of the days from first to last, both included.

    Allocations between two documents of the account move nothing and are left out. At most ``MAX_ROWS`` lines.

    Source: R086; law 25.
    """
    me = acting_org(session)
    before = select(func.coalesce(func.sum(Posting.amount_cents), 0)).join(
        JournalEntry, JournalEntry.id == Posting.entry_id
    )
    opening_cents = session.scalar(
        _of_account(before, me, buyer_id, currency).where(JournalEntry.posted_on < first_day)
    )
    rows = session.execute(
        _movements(me, buyer_id, currency)
        .where(JournalEntry.posted_on.between(first_day, last_day))
        .having(func.sum(Posting.amount_cents) != 0)
        .order_by(JournalEntry.posted_on, JournalEntry.recorded_at, JournalEntry.id)
        .limit(MAX_ROWS)
    ).all()
    opening = int(opening_cents or 0)
    return Statement(
        issuer_id=me,
        buyer_id=buyer_id,
        currency=currency,
        first_day=first_day,
        last_day=last_day,
        opening_cents=opening,
        lines=_lines(rows, opening),
    )


def transactions(session: Session, *, buyer_id: UUID, currency: str, limit: int, offset: int = 0) -> Sequence[Line]:
    """Return every transaction of a customer's account, allocations too, newest first (R090).

    ``balance_cents`` of a line is 0 here: a page does not know what stands on the others.
    """
    rows = session.execute(
        _movements(acting_org(session), buyer_id, currency)
        .order_by(JournalEntry.posted_on.desc(), JournalEntry.recorded_at.desc(), JournalEntry.id.desc())
        .limit(limit)
        .offset(offset)
    ).all()
    return [_line(row, 0) for row in rows]


def proofs_of_invoices(session: Session, invoice_ids: set[UUID]) -> Mapping[UUID, Sequence[UUID]]:
    """Return the signed proofs of the orders that these invoices cover, as the acting organisation was given them."""
    rows = session.execute(
        select(InvoiceOrder.invoice_id, ProofEntry.proof_id)
        .join(ProofEntry, ProofEntry.order_id == InvoiceOrder.order_id)
        .where(InvoiceOrder.invoice_id.in_(invoice_ids), ProofEntry.owner_id == acting_org(session))
        .order_by(ProofEntry.delivered_at, ProofEntry.proof_id)
    )
    found: dict[UUID, list[UUID]] = {}
    for invoice_id, proof_id in rows:
        found.setdefault(invoice_id, []).append(proof_id)
    return found


def _of_account(query: Any, issuer_id: UUID, buyer_id: UUID, currency: str) -> Any:
    return query.where(
        Posting.owner_id == issuer_id,
        Posting.account.in_(OWED),
        Posting.customer_id == buyer_id,
        JournalEntry.currency == currency,
    )


_Of, _Against = aliased(CreditNote), aliased(Invoice)


def _movements(issuer_id: UUID, buyer_id: UUID, currency: str) -> Any:
    """One row for each entry of the account, with the names of what it is about: no further query for any line."""
    is_kind = JournalEntry.document_kind
    about = JournalEntry.document_id
    paid = (EntryKind.PAYMENT.value, EntryKind.PAYMENT_FAILED.value)
    refunded = (EntryKind.REFUND.value, EntryKind.REFUND_FAILED.value)
    query = (
        select(
            JournalEntry.id,
            JournalEntry.posted_on,
            is_kind.label("kind"),
            about.label("document_id"),
            func.sum(Posting.amount_cents).label("amount_cents"),
            func.max(func.abs(Posting.amount_cents)).label("moved_cents"),
            func.max(Invoice.number).label("invoice_number"),
            func.max(CreditNote.number).label("credit_number"),
            func.max(cast(Payment.method, String)).label("method"),
            func.max(Payment.reference).label("reference"),
            func.max(cast(Allocation.source, String)).label("source"),
            func.max(case((Allocation.amount_cents < 0, 1), else_=0)).label("is_undoing"),
            func.max(cast(Allocation.source_id, String)).label("source_id"),
            func.max(cast(Allocation.invoice_id, String)).label("against_id"),
            func.max(_Against.number).label("against_number"),
            func.max(_Of.number).label("of_number"),
            func.max(WriteOff.number).label("write_off_number"),
            func.max(WriteOff.reason).label("write_off_reason"),
            func.max(Refund.reason).label("refund_reason"),
            func.max(cast(Refund.source_id, String)).label("refund_source_id"),
            func.max(cast(Refund.source, String)).label("refund_source"),
        )
        .select_from(Posting)
        .join(JournalEntry, JournalEntry.id == Posting.entry_id)
        .outerjoin(Invoice, and_(is_kind == EntryKind.INVOICE.value, Invoice.id == about))
        .outerjoin(CreditNote, and_(is_kind == EntryKind.CREDIT_NOTE.value, CreditNote.id == about))
        .outerjoin(Payment, and_(is_kind.in_(paid), Payment.id == about))
        .outerjoin(Refund, and_(is_kind.in_(refunded), Refund.id == about))
        .outerjoin(Allocation, and_(is_kind == EntryKind.ALLOCATION.value, Allocation.id == about))
        .outerjoin(_Against, _Against.id == Allocation.invoice_id)
        .outerjoin(_Of, _Of.id == Allocation.source_id)
        .outerjoin(WriteOff, WriteOff.id == Allocation.source_id)
        .group_by(JournalEntry.id)
    )
    return _of_account(query, issuer_id, buyer_id, currency)


def _lines(rows: Sequence[Row[Any]], opening_cents: int) -> list[Line]:
    balances = accumulate((int(row.amount_cents) for row in rows), initial=opening_cents)
    next(balances)
    return [_line(row, balance_cents) for row, balance_cents in zip(rows, balances, strict=True)]


def _line(row: Row[Any], balance_cents: int) -> Line:
    movement = _movement(row)
    invoice_id, credit_id, payment_id = _links(row)
    return Line(
        entry_id=row.id,
        on=row.posted_on,
        movement=movement,
        document_id=row.document_id,
        number=row.invoice_number or row.credit_number or row.write_off_number or "",
        words=_words(row, movement),
        amount_cents=int(row.amount_cents),
        moved_cents=int(row.moved_cents),
        balance_cents=balance_cents,
        invoice_id=invoice_id,
        credit_id=credit_id,
        payment_id=payment_id,
    )


def _movement(row: Row[Any]) -> Movement:
    if row.kind != EntryKind.ALLOCATION.value:
        return Movement(row.kind)
    if row.source == AllocationSource.WRITE_OFF.value:
        return Movement.WRITE_OFF_UNDONE if row.is_undoing else Movement.WRITE_OFF
    return Movement.ALLOCATION_UNDONE if row.is_undoing else Movement.ALLOCATION


def _links(row: Row[Any]) -> tuple[UUID | None, UUID | None, UUID | None]:
    """Return the invoice, the credit note and the payment that a line opens."""
    kind = EntryKind(row.kind)
    if kind is EntryKind.INVOICE:
        return row.document_id, None, None
    if kind is EntryKind.CREDIT_NOTE:
        return None, row.document_id, None
    if kind in {EntryKind.PAYMENT, EntryKind.PAYMENT_FAILED}:
        return None, None, row.document_id
    source, source_id = (row.refund_source, row.refund_source_id) if row.refund_source else (row.source, row.source_id)
    invoice_id = UUID(row.against_id) if row.against_id else None
    credit_id = UUID(source_id) if source == AllocationSource.CREDIT_NOTE.value else None
    payment_id = UUID(source_id) if source == AllocationSource.PAYMENT.value else None
    return invoice_id, credit_id, payment_id


def _words(row: Row[Any], movement: Movement) -> Text:
    label = MOVEMENT_LABELS[movement]
    if row.method:
        method = METHOD_LABELS[PaymentMethod(row.method)]
        more = f", {row.reference}" if row.reference else ""
        return Text(f"{label.fr}, {method.fr.lower()}{more}", f"{label.en}, {method.en.lower()}{more}")
    if row.against_number and movement in {Movement.ALLOCATION, Movement.ALLOCATION_UNDONE}:
        of = Text(row.of_number, row.of_number) if row.of_number else Text("paiement", "payment")
        return Text(f"{label.fr}\u00a0: {of.fr} → {row.against_number}", f"{label.en}: {of.en} → {row.against_number}")
    why = row.write_off_reason or row.refund_reason
    number = row.invoice_number or row.credit_number or row.write_off_number or ""
    name = Text(f"{label.fr} {number}".strip(), f"{label.en} {number}".strip())
    return Text(f"{name.fr}\u00a0: {why}", f"{name.en}: {why}") if why else name
