"""Walking an issuer's write-offs: numbers from 1 without gaps, an unbroken chain, and each one set as it says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core.problems import Text
from server.ledger.audit import LedgerFault
from server.ledger.model import Allocation, AllocationSource
from server.receivables.model import WriteOff
from server.receivables.service.write_offs import chained


def write_off_faults(session: Session, *, issuer_id: UUID) -> Iterator[LedgerFault]:
    """Yield what does not hold of an issuer's write-offs, series by series in the order of their numbers.

    Source: laws 2, 6, 17; the table of the ledger (« a document of its own with a reason »).
    """
    rows = session.scalars(select(WriteOff).where(WriteOff.owner_id == issuer_id).order_by(WriteOff.number)).all()
    set_off = _set_off(session, issuer_id)
    for series, written in groupby(rows, key=lambda one: one.number.rpartition("-")[0]):
        before = b""
        for sequence, one in enumerate(written, start=1):
            if one.number != f"{series}-{sequence:06}" or not series.endswith(f"-RAD-{one.written_on.year}"):
                yield _fault("wrong-number", one, "n’a pas le numéro qui suit", "has not the number that comes next")
            if one.hash != chained(before, one):
                yield _fault("broken-chain", one, "ne suit pas ce qui le précède", "does not follow the one before")
            before = one.hash
            yield from _faults_of(one, set_off.pop(one.id, []))
    for write_off_id in sorted(set_off):
        text = Text("Une radiation affectée n’existe plus.", "A write-off that is set is gone.")
        yield LedgerFault("lost-write-off", issuer_id, str(write_off_id), text)


def _set_off(session: Session, issuer_id: UUID) -> dict[UUID, list[Allocation]]:
    mine = Allocation.source == AllocationSource.WRITE_OFF
    rows = session.scalars(
        select(Allocation).where(Allocation.owner_id == issuer_id, mine, Allocation.reverses_id.is_(None))
    )
    found: dict[UUID, list[Allocation]] = {}
    for one in rows:
        found.setdefault(one.source_id, []).append(one)
    return found


def _faults_of(one: WriteOff, found: Sequence[Allocation]) -> Iterator[LedgerFault]:
    """A write-off was set once as it says; what a credit left of it is set again, on the same invoice (ADR 0053)."""
    says = (one.invoice_id, one.amount_cents, one.written_on, one.recorded_at)
    later = [it for it in found if says != (it.invoice_id, it.amount_cents, it.allocated_on, it.recorded_at)]
    is_less = all(it.invoice_id == one.invoice_id and 0 < it.amount_cents < one.amount_cents for it in later)
    if len(found) - len(later) != 1 or not is_less:
        yield _fault("wrong-write-off", one, "n’est pas affectée comme elle le dit", "is not set as it says")


def _fault(kind: str, one: WriteOff, fr: str, en: str) -> LedgerFault:
    return LedgerFault(kind, one.owner_id, one.number, Text(f"La radiation {fr}.", f"The write-off {en}."))
