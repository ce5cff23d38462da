"""Letting a customer off: a document of its own, with a number and a reason."""

from __future__ import annotations

from datetime import UTC, date
from hashlib import sha256
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.billing.letterhead import letterhead, series_code
from server.billing.model import Invoice
from server.core import facts
from server.core.acting import acting_for
from server.core.stamp import Stamp
from server.ledger import service as ledger
from server.ledger.model import AllocationSource
from server.receivables import events
from server.receivables.model import WriteOff
from server.receivables.service.allocating import allocation_day
from server.receivables.service.refunds import reason_of
from server.receivables.service.repeated import require_same_write_off
from shared.canonical import canonical_bytes
from shared.ids import new_id


def write_off(
    session: Session, *, invoice: Invoice, amount_cents: int, reason: str, key: UUID, stamp: Stamp
) -> WriteOff:
    """Return the write-off of a part of what an invoice has open; undone by undoing its allocation.

    Numbers run from 1 for each issuer and year, without gaps. ``key`` is the command's: repeating it gives the same
    write-off.

    Raises:
        OverAllocated: nothing, or more than is open.
        BadReason: no words, or too many.
        KeyUsed: the key wrote off something else.

    Source: the table of the ledger (write-off); law 6.
    """
    with acting_for(session, invoice.owner_id):
        ledger.lock_command(session, issuer_id=invoice.owner_id, key=key)
        known = session.scalars(
            select(WriteOff).where(WriteOff.owner_id == invoice.owner_id, WriteOff.cause_id == key)
        ).one_or_none()
        if known is not None:
            require_same_write_off(known, (invoice.id, amount_cents, reason_of(reason)))
            return known
        # the issuer's own pair is the lock of its numbers; one call takes both in the order that everyone keeps
        ledger.lock_accounts(
            session, pairs=[(invoice.owner_id, invoice.buyer_id), (invoice.owner_id, invoice.owner_id)]
        )
        on = allocation_day(invoice, letterhead(session, org_id=invoice.owner_id).day_of(stamp.at))
        number, before = _next_number(session, invoice.owner_id, on)
        made = WriteOff(
            id=new_id(),
            owner_id=invoice.owner_id,
            party_ids=[],
            number=number,
            buyer_id=invoice.buyer_id,
            invoice_id=invoice.id,
            currency=invoice.currency,
            amount_cents=amount_cents,
            reason=reason_of(reason),
            written_on=on,
            cause_id=key,
            recorded_at=stamp.at,
        )
        made.hash = chained(before.hash if before else b"", made)
        session.add(made)
        _allocate(session, made, invoice, on, stamp)
        facts.record(session, events.INVOICE_WRITTEN_OFF, made.id, stamp)
    return made


def chained(before: bytes, one: WriteOff) -> bytes:
    """Return the hash of a write-off over all that it says and the hash of the one before it in its series (law 2)."""
    says = {
        "document": "write_off",
        "number": one.number,
        "issuer": str(one.owner_id),
        "buyer": str(one.buyer_id),
        "invoice": str(one.invoice_id),
        "currency": one.currency,
        "amount_cents": one.amount_cents,
        "reason": one.reason,
        "written_on": one.written_on.isoformat(),
        "cause": str(one.cause_id),
        "recorded_at": one.recorded_at.astimezone(UTC).isoformat(),
    }
    return sha256(before + canonical_bytes(says)).digest()


def _next_number(session: Session, issuer_id: UUID, on: date) -> tuple[str, WriteOff | None]:
    series = f"{series_code(session, issuer_id=issuer_id)}-RAD-{on.year}-"
    mine = (WriteOff.owner_id == issuer_id, WriteOff.number.like(f"{series}%"))
    known = session.scalar(select(func.count()).where(*mine)) or 0
    last = select(WriteOff).where(*mine).order_by(WriteOff.number.desc()).limit(1)
    return f"{series}{known + 1:06}", session.scalars(last).one_or_none()


def _allocate(session: Session, made: WriteOff, invoice: Invoice, on: date, stamp: Stamp) -> None:
    ledger.allocate(
        session,
        source=AllocationSource.WRITE_OFF,
        source_id=made.id,
        invoice_id=invoice.id,
        customer_id=invoice.buyer_id,
        currency=invoice.currency,
        amount_cents=made.amount_cents,
        on=on,
        stamp=stamp,
        readers=invoice.party_ids,
    )
