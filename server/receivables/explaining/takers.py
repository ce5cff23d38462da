"""What took of an invoice, each as what it is: payment, refund, chargeback, write-off or credit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.billing.explaining import Source
from server.core.database import among
from server.ledger.entries import EntryKind
from server.ledger.model import Allocation, AllocationSource, JournalEntry
from server.receivables.model import METHOD_LABELS, Payment, Refund, WriteOff
from shared.problems import Text

type _Causes = Mapping[tuple[UUID, datetime], Refund]


def takers(session: Session, allocations: Sequence[Allocation]) -> Mapping[UUID, Source]:
    """Return what each allocation took from, or why it was undone, as far as the acting organisation may read it.

    Credits are left to the books, which know them; absent is also what may not be read.

    Source: the issue's « why this number »; laws 6, 15.
    """
    payment_ids = {one.source_id for one in allocations if one.source is AllocationSource.PAYMENT}
    payments = {one.id: one for one in session.scalars(select(Payment).where(among(Payment.id, payment_ids)))}
    refunds = _refunds(session, payment_ids)
    failed = _failed(session, payment_ids)
    found = {
        one.id: _payment(one, payments[one.source_id], refunds, failed)
        for one in allocations
        if one.source is AllocationSource.PAYMENT and one.source_id in payments
    }
    return found | _write_offs(session, [one for one in allocations if one.source is AllocationSource.WRITE_OFF])


def paid_by(payment: Payment) -> Text:
    """Return a payment in words: its method, and its reference when it has one."""
    method, reference = METHOD_LABELS[payment.method], f", {payment.reference}" if payment.reference else ""
    return Text(f"Paiement, {method.fr.lower()}{reference}", f"Payment, {method.en.lower()}{reference}")


def _payment(allocation: Allocation, payment: Payment, refunds: _Causes, failed: frozenset[object]) -> Source:
    of, link = paid_by(payment), f"/paiements/{payment.id}"
    if allocation.reverses_id is None:
        return Source(kind="payment", id=payment.id, text=of, link=link)
    moment = (payment.id, allocation.recorded_at)  # what one command does bears one instant
    refund = refunds.get(moment)
    if refund is not None and refund.is_chargeback:
        text = Text(f"Contestation bancaire\u00a0: {_low(of.fr)}", f"Chargeback: {_low(of.en)}")
        return Source(kind="chargeback", id=refund.id, text=text, link=link)
    if refund is not None:
        text = Text(f"Remboursement\u00a0: {_low(of.fr)}", f"Refund: {_low(of.en)}")
        return Source(kind="refund", id=refund.id, text=text, link=link)
    if moment in failed:
        text = Text(f"Paiement refusé\u00a0: {_low(of.fr)}", f"Payment failed: {_low(of.en)}")
        return Source(kind="payment_failed", id=payment.id, text=text, link=link)
    return Source(kind="payment", id=payment.id, text=Text(f"{of.fr}, défait", f"{of.en}, undone"), link=link)


def _low(words: str) -> str:
    return words[:1].lower() + words[1:]


def _refunds(session: Session, payment_ids: set[UUID]) -> _Causes:
    rows = session.scalars(select(Refund).where(among(Refund.source_id, payment_ids)))
    return {(one.source_id, one.recorded_at): one for one in rows}


def _failed(session: Session, payment_ids: set[UUID]) -> frozenset[object]:
    rows = session.execute(
        select(JournalEntry.document_id, JournalEntry.recorded_at).where(
            JournalEntry.document_kind == EntryKind.PAYMENT_FAILED.value,
            among(JournalEntry.document_id, payment_ids),
        )
    )
    return frozenset((row.document_id, row.recorded_at) for row in rows)


def _write_offs(session: Session, allocations: Sequence[Allocation]) -> dict[UUID, Source]:
    wanted = {one.source_id for one in allocations}
    rows = {one.id: one for one in session.scalars(select(WriteOff).where(among(WriteOff.id, wanted)))}
    return {one.id: _write_off(one, rows[one.source_id]) for one in allocations if one.source_id in rows}


def _write_off(allocation: Allocation, made: WriteOff) -> Source:
    fr, en = ("", "") if allocation.reverses_id is None else (", défaite", ", undone")
    text = Text(f"Radiation {made.number}\u00a0: {made.reason}{fr}", f"Write-off {made.number}: {made.reason}{en}")
    return Source(kind="write_off", id=made.id, text=text)
