"""Walking an issuer's journal: every entry sums to zero and every allocation is posted as it says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.core.database import Owned
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


@dataclass(frozen=True, slots=True)
class Head:
    """What an entry says beside its sides: its document says the same."""

    currency: str
    posted_on: date | None
    recorded_at: datetime | None


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
    yield from _lost_sides(session, issuer_id)
    yield from _allocation_faults(session, issuer_id)


def _lost_sides(session: Session, issuer_id: UUID) -> Iterator[LedgerFault]:
    """A posting whose entry is gone is in no entry's sum, but in balances; an entry of no kind has no document."""
    lost = (
        select(Posting.id)
        .outerjoin(JournalEntry, (JournalEntry.id == Posting.entry_id) & (JournalEntry.owner_id == issuer_id))
        .where(Posting.owner_id == issuer_id, JournalEntry.id.is_(None))
        .order_by(Posting.id)
    )
    for posting_id in session.scalars(lost):
        text = Text("Une écriture a perdu son en-tête.", "A posting lost its entry.")
        yield LedgerFault("lost-posting", issuer_id, str(posting_id), text)
    strange = select(JournalEntry.document_id, JournalEntry.document_kind).where(
        JournalEntry.owner_id == issuer_id, JournalEntry.document_kind.not_in([kind.value for kind in EntryKind])
    )
    for document_id, kind in session.execute(strange):
        text = Text(f"Une écriture est d’une sorte inconnue\u00a0: {kind}.", f"An entry is of an unknown kind: {kind}.")
        yield LedgerFault("unknown-entry", issuer_id, str(document_id), text)


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


def heads_of(session: Session, *, issuer_id: UUID, kind: EntryKind, document_ids: Iterable[UUID]) -> dict[UUID, Head]:
    """Return currency, day and instant of these documents' entries by id; one without entry is absent."""
    rows = session.execute(
        select(JournalEntry.document_id, JournalEntry.currency, JournalEntry.posted_on, JournalEntry.recorded_at).where(
            JournalEntry.owner_id == issuer_id,
            JournalEntry.document_kind == kind.value,
            JournalEntry.document_id.in_(list(document_ids)),
        )
    )
    return {row[0]: Head(row[1], row[2], row[3]) for row in rows}


def head_fault(issuer_id: UUID, where: str, *, expected: Head, posted: Head | None) -> LedgerFault | None:
    """Return what is wrong when an entry's currency, day or instant is not its document's; none is told elsewhere."""
    if posted is None or posted == expected:
        return None
    text = Text(
        "L’écriture n’a pas la devise, le jour ou l’instant de son document.",
        "The entry has not its document’s currency, day or instant.",
    )
    return LedgerFault("entry-differs", issuer_id, where, text)


def orphan_faults(
    session: Session, *, issuer_id: UUID, kind: EntryKind, document: type[Owned]
) -> Iterator[LedgerFault]:
    """Yield the entries of a kind whose document is gone."""
    orphans = (
        select(JournalEntry.document_id)
        .outerjoin(document, (document.id == JournalEntry.document_id) & (document.owner_id == issuer_id))
        .where(JournalEntry.owner_id == issuer_id, JournalEntry.document_kind == kind.value, document.id.is_(None))
        .order_by(JournalEntry.document_id)
    )
    for document_id in session.scalars(orphans):
        text = Text(
            f"Une écriture «\u00a0{kind.value}\u00a0» n’a plus ce qu’elle inscrit.",
            f"A “{kind.value}” entry lost what it records.",
        )
        yield LedgerFault(f"lost-{kind.value.partition('_')[0]}", issuer_id, str(document_id), text)


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
    kind, ids = EntryKind.ALLOCATION, [one.id for one in rows]
    posted = sides_of(session, issuer_id=issuer_id, kind=kind, document_ids=ids)
    heads = heads_of(session, issuer_id=issuer_id, kind=kind, document_ids=ids)
    invoices = heads_of(
        session, issuer_id=issuer_id, kind=EntryKind.INVOICE, document_ids={one.invoice_id for one in rows}
    )
    for one in rows:
        invoice = invoices.get(one.invoice_id)
        expected = Head(invoice.currency if invoice else "", one.allocated_on, one.recorded_at)
        yield from _faults_of(issuer_id, one, posted.get(one.id))
        if fault := head_fault(issuer_id, str(one.id), expected=expected, posted=heads.get(one.id)):
            yield fault
    yield from _undoing_faults(issuer_id, rows)
    yield from orphan_faults(session, issuer_id=issuer_id, kind=kind, document=Allocation)


def _faults_of(issuer_id: UUID, one: Allocation, posted: set[Side] | None) -> Iterator[LedgerFault]:
    customers = {side.customer_id for side in posted or ()}
    customer_id = customers.pop() if len(customers) == 1 else None
    expected = allocation_sides(
        source=one.source,
        source_id=one.source_id,
        invoice_id=one.invoice_id,
        customer_id=customer_id or issuer_id,
        amount_cents=one.amount_cents,
    )
    if fault := posting_fault(issuer_id, str(one.id), expected=expected, posted=posted):
        yield fault


def _undoing_faults(issuer_id: UUID, rows: Iterable[Allocation]) -> Iterator[LedgerFault]:
    """Law 13: what takes an allocation back names it, and gives back all of it."""
    known = {one.id: one for one in rows}
    for one in known.values():
        undone = known.get(one.reverses_id) if one.reverses_id else None
        if one.reverses_id is None and one.amount_cents > 0:
            continue
        if undone is None or _account_of(undone) != _account_of(one) or undone.amount_cents != -one.amount_cents:
            text = Text(
                "Une affectation défaite n’est pas celle qu’elle nomme.", "An undone allocation is not the one named."
            )
            yield LedgerFault("wrong-undoing", issuer_id, str(one.id), text)


def _account_of(one: Allocation) -> tuple[UUID, UUID]:
    return one.source_id, one.invoice_id
