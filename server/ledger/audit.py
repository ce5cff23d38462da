"""Walking an issuer's journal: every entry sums to zero and every allocation is posted as it says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.core.problems import Text
from server.ledger.entries import EntryKind, Side, allocation_sides
from server.ledger.model import Allocation, JournalEntry, Posting


@dataclass(frozen=True, slots=True)
class LedgerFault:
    """One thing in an issuer's books that does not hold, with the document's number or id."""

    kind: str
    issuer_id: UUID
    where: str
    text: Text


def journal_faults(session: Session, *, issuer_id: UUID) -> Iterator[LedgerFault]:
    """Yield the entries that do not sum to zero, then the allocations that their postings do not bear out.

    Source: law 1 and the table of the ledger.
    """
    sums = (
        select(JournalEntry.document_kind, JournalEntry.document_id, func.sum(Posting.amount_cents))
        .join(Posting, Posting.entry_id == JournalEntry.id)
        .where(JournalEntry.owner_id == issuer_id)
        .group_by(JournalEntry.id)
        .having(func.sum(Posting.amount_cents) != 0)
        .order_by(JournalEntry.document_kind, JournalEntry.document_id)
    )
    for kind, document_id, cents in session.execute(sums):
        yield LedgerFault(
            "unbalanced-entry",
            issuer_id,
            str(document_id),
            Text(f"L’écriture «\u00a0{kind}\u00a0» laisse {cents} cents.", f"The “{kind}” entry leaves {cents} cents."),
        )
    yield from _allocation_faults(session, issuer_id)


def sides_of(
    session: Session, *, issuer_id: UUID, kind: EntryKind, document_ids: Iterable[UUID]
) -> dict[UUID, set[Side]]:
    """Return the posted sides of these documents by id; one without entry is absent."""
    rows = session.execute(
        select(JournalEntry.document_id, Posting)
        .outerjoin(Posting, Posting.entry_id == JournalEntry.id)
        .where(
            JournalEntry.owner_id == issuer_id,
            JournalEntry.document_kind == kind.value,
            JournalEntry.document_id.in_(list(document_ids)),
        )
    )
    found: dict[UUID, set[Side]] = {}
    for document_id, posting in rows:
        sides = found.setdefault(document_id, set())
        if posting is not None:
            sides.add(Side(posting.account, posting.amount_cents, posting.detail, posting.customer_id))
    return found


def posting_fault(
    issuer_id: UUID, where: str, *, expected: Iterable[Side], posted: set[Side] | None
) -> LedgerFault | None:
    """Return what is wrong when a document's posted sides are not those that it asks for."""
    if posted is None:
        text = Text("Le document n’est pas au journal.", "The document is not in the journal.")
        return LedgerFault("not-posted", issuer_id, where, text)
    if posted != set(expected):
        text = Text("Les écritures ne sont pas celles du document.", "The postings are not the document’s.")
        return LedgerFault("wrong-postings", issuer_id, where, text)
    return None


def _allocation_faults(session: Session, issuer_id: UUID) -> Iterator[LedgerFault]:
    rows = session.scalars(
        select(Allocation).where(Allocation.owner_id == issuer_id).order_by(Allocation.recorded_at, Allocation.id)
    ).all()
    posted = sides_of(session, issuer_id=issuer_id, kind=EntryKind.ALLOCATION, document_ids=[one.id for one in rows])
    for one in rows:
        customers = {side.customer_id for side in posted.get(one.id, set())}
        customer_id = customers.pop() if len(customers) == 1 else None
        expected = allocation_sides(
            source=one.source,
            source_id=one.source_id,
            invoice_id=one.invoice_id,
            customer_id=customer_id or issuer_id,
            amount_cents=one.amount_cents,
        )
        fault = posting_fault(issuer_id, str(one.id), expected=expected, posted=posted.get(one.id))
        if fault:
            yield fault
    yield from _orphan_faults(session, issuer_id)


def _orphan_faults(session: Session, issuer_id: UUID) -> Iterator[LedgerFault]:
    orphans = (
        select(JournalEntry.document_id)
        .outerjoin(Allocation, Allocation.id == JournalEntry.document_id)
        .where(
            JournalEntry.owner_id == issuer_id,
            JournalEntry.document_kind == EntryKind.ALLOCATION.value,
            Allocation.id.is_(None),
        )
    )
    for document_id in session.scalars(orphans):
        text = Text(
            "Une écriture d’affectation n’a plus son affectation.", "An allocation’s entry lost its allocation."
        )
        yield LedgerFault("lost-allocation", issuer_id, str(document_id), text)
