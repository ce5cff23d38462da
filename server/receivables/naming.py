"""What the entries of an account are about, in words: each kind of document asked once, for all of its entries."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Row, select
from sqlalchemy.orm import Session, aliased

from server.billing.model import CreditNote, Invoice
from server.core.database import among
from server.ledger.entries import EntryKind
from server.ledger.model import Allocation, AllocationSource
from server.receivables.model import METHOD_LABELS, Payment, Refund, WriteOff
from server.receivables.movements import MOVEMENT_LABELS, Movement, named
from shared.money import format_money
from shared.problems import Text

_FEW: Final = 500
_Of, _Against = aliased(CreditNote), aliased(Invoice)


class About(NamedTuple):
    """What one entry is about: its movement and number, what is said beyond these, and what it links to."""

    movement: Movement
    number: str
    said: Text | None = None
    invoice_id: UUID | None = None
    credit_id: UUID | None = None
    payment_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Names:
    """What the documents of one customer's account at one issuer are called; the session acts for the issuer."""

    session: Session
    issuer_id: UUID
    buyer_id: UUID

    def of(self, kind: EntryKind, document_ids: Collection[UUID]) -> Mapping[UUID, About]:
        """Return what entries of a kind are about, by their documents."""
        match kind:
            case EntryKind.INVOICE:
                return {one: About(Movement.INVOICE, number, None, one)
                        for one, number in self._read(Invoice, document_ids, Invoice.number)}  # fmt: skip
            case EntryKind.CREDIT_NOTE:
                return {one: About(Movement.CREDIT_NOTE, number, None, None, one)
                        for one, number in self._read(CreditNote, document_ids, CreditNote.number)}  # fmt: skip
            case EntryKind.PAYMENT | EntryKind.PAYMENT_FAILED:
                columns = (Payment.method, Payment.reference, Payment.currency, Payment.amount_cents)
                rows = self._read(Payment, document_ids, *columns, Payment.rounding_cents)
                return {row[0]: _payment(Movement(kind.value), row) for row in rows}
            case EntryKind.REFUND | EntryKind.REFUND_FAILED:
                rows = self._read(Refund, document_ids, Refund.source, Refund.source_id, Refund.reason)
                return {row[0]: _refund(Movement(kind.value), *row[1:]) for row in rows}
            case _:
                return self._allocations(document_ids)

    def _read(self, table: Any, document_ids: Collection[UUID], *columns: Any) -> Any:
        """Read columns of these documents: of few by their ids, of many all that the account has, by its index."""
        query = select(table.id, *columns).where(*self._mine(table))
        if len(document_ids) <= _FEW:
            query = query.where(among(table.id, document_ids))
        return self.session.execute(query)

    def _allocations(self, document_ids: Collection[UUID]) -> Mapping[UUID, About]:
        query = (
            select(
                Allocation.id, Allocation.source, Allocation.source_id, Allocation.invoice_id,
                Allocation.amount_cents, _Against.number, _Of.number, WriteOff.number, WriteOff.reason,
            )
            .outerjoin(_Against, _Against.id == Allocation.invoice_id)
            .outerjoin(_Of, _Of.id == Allocation.source_id)
            .outerjoin(WriteOff, WriteOff.id == Allocation.source_id)
            .where(Allocation.owner_id == self.issuer_id, among(Allocation.id, document_ids))
        )  # fmt: skip
        return {row[0]: _allocation(row) for row in self.session.execute(query)}

    def _mine(self, table: Any) -> tuple[ColumnElement[bool], ...]:
        return table.owner_id == self.issuer_id, table.buyer_id == self.buyer_id


def nameless(kind: EntryKind) -> About:
    """Return what is said of an entry whose document nobody can read."""
    return About(Movement(kind.value), "")


def _payment(movement: Movement, row: Row[*tuple[Any, ...]]) -> About:
    payment_id, method, reference, currency, amount_cents, rounding_cents = row
    label, by = MOVEMENT_LABELS[movement], METHOD_LABELS[method]
    more = Text(f", {reference}", f", {reference}") if reference else Text("", "")
    if rounding_cents:
        fr, en = (format_money(amount_cents + rounding_cents, currency, one) for one in ("fr", "en"))
        more = Text(f"{more.fr} ({fr} en argent)", f"{more.en} ({en} in cash)")
    words = Text(f"{label.fr}, {by.fr.lower()}{more.fr}", f"{label.en}, {by.en.lower()}{more.en}")
    return About(movement, "", words, payment_id=payment_id)


def _refund(movement: Movement, source: AllocationSource, source_id: UUID, reason: str) -> About:
    credit_id, payment_id = _source(source, source_id)
    return About(movement, "", named(movement, "", reason), None, credit_id, payment_id)


def _allocation(row: Row[*tuple[Any, ...]]) -> About:
    _id, source, source_id, invoice_id, amount_cents, against, of, write_off, reason = row
    credit_id, payment_id = _source(source, source_id)
    if source is AllocationSource.WRITE_OFF:
        movement = Movement.WRITE_OFF_UNDONE if amount_cents < 0 else Movement.WRITE_OFF
        return About(movement, write_off or "", named(movement, write_off or "", reason or ""), invoice_id)
    movement = Movement.ALLOCATION_UNDONE if amount_cents < 0 else Movement.ALLOCATION
    label, given = MOVEMENT_LABELS[movement], Text(of, of) if of else Text("paiement", "payment")
    words = Text(f"{label.fr}\u00a0: {given.fr} → {against}", f"{label.en}: {given.en} → {against}")
    return About(movement, "", words if against else label, invoice_id, credit_id, payment_id)


def _source(source: AllocationSource, source_id: UUID) -> tuple[UUID | None, UUID | None]:
    """Return the credit note and the payment that money came from, of which one is None at least."""
    is_credit, is_payment = source is AllocationSource.CREDIT_NOTE, source is AllocationSource.PAYMENT
    return source_id if is_credit else None, source_id if is_payment else None
