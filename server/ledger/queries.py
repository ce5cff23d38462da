"""Reads over the journal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import func, literal_column, select
from sqlalchemy.orm import Session

from server.core.acting import acting_org
from server.core.database import among
from server.ledger.model import Account, Allocation, JournalEntry, Posting

OWED: Final = (Account.RECEIVABLE, Account.CUSTOMER_CREDIT)
"""The accounts that make what a customer owes, or is owed."""

IS_OWED: Final = Posting.account.in_([literal_column(f"'{one.value}'") for one in OWED])
"""That a posting is on one of them: written out, since the indexes of these postings are for these words alone."""


def open_cents(session: Session, *, issuer_id: UUID, document_ids: Iterable[UUID]) -> Mapping[UUID, int]:
    """Return what is still open of invoices (positive), credit notes and payments (negative), by their id.

    A document without postings is open for 0.

    Source: laws 6 and 7.
    """
    wanted = list(document_ids)
    rows = session.execute(
        select(Posting.detail, func.sum(Posting.amount_cents))
        .where(
            Posting.owner_id == issuer_id,
            IS_OWED,
            among(Posting.detail, map(str, wanted)),
        )
        .group_by(Posting.detail)
    )
    found = {UUID(detail): int(cents) for detail, cents in rows}
    return {one: found.get(one, 0) for one in wanted}


def balance_cents(
    session: Session, *, issuer_id: UUID, customer_id: UUID, currency: str, on: date | None = None
) -> int:
    """Return what a customer owes an issuer: invoices less credits and payments; negative when it is owed (R078).

    ``on`` counts what was posted up to that day, inclusive; everything when it is None.
    """
    query = (
        select(func.coalesce(func.sum(Posting.amount_cents), 0))
        .join(JournalEntry, JournalEntry.id == Posting.entry_id)
        .where(
            Posting.owner_id == issuer_id,
            IS_OWED,
            Posting.customer_id == customer_id,
            JournalEntry.currency == currency,
        )
    )
    if on is not None:
        query = query.where(JournalEntry.posted_on <= on)
    return int(session.scalar(query) or 0)


def balances_cents(
    session: Session, *, issuer_id: UUID, customer_ids: Iterable[UUID], currency: str
) -> Mapping[UUID, int]:
    """Return what each of these customers owes an issuer, negative when it is owed; 0 for one without postings."""
    wanted = list(customer_ids)
    rows = session.execute(
        select(Posting.customer_id, func.sum(Posting.amount_cents))
        .join(JournalEntry, JournalEntry.id == Posting.entry_id)
        .where(Posting.owner_id == issuer_id, IS_OWED, among(Posting.customer_id, wanted))
        .where(JournalEntry.currency == currency)
        .group_by(Posting.customer_id)
    )
    found = {customer_id: int(cents) for customer_id, cents in rows}
    return {one: found.get(one, 0) for one in wanted}


def account_totals(session: Session, *, issuer_id: UUID) -> Mapping[tuple[str, Account], int]:
    """Return the total of each account of an issuer by currency, debits positive."""
    rows = session.execute(
        select(JournalEntry.currency, Posting.account, func.sum(Posting.amount_cents))
        .join(JournalEntry, JournalEntry.id == Posting.entry_id)
        .where(Posting.owner_id == issuer_id)
        .group_by(JournalEntry.currency, Posting.account)
    )
    return {(currency, account): int(cents) for currency, account, cents in rows}


def allocations_from(session: Session, *, source_id: UUID) -> list[Allocation]:
    """Return the allocations of a payment, a credit or a write-off that were not undone, oldest first."""
    rows = session.scalars(
        select(Allocation).where(Allocation.source_id == source_id).order_by(Allocation.recorded_at, Allocation.id)
    ).all()
    return _not_undone(rows)


def standing_on(session: Session, *, invoice_id: UUID) -> list[Allocation]:
    """Return an invoice's allocations that were not undone, oldest first."""
    return _not_undone(allocations_of(session, invoice_id=invoice_id))


def last_undone_on(session: Session, *, invoice_ids: Iterable[UUID]) -> Mapping[UUID, date]:
    """Return the last day on which something was taken off each of these invoices; none for one that kept all.

    The session acts for their issuer.
    """
    rows = session.execute(
        select(Allocation.invoice_id, func.max(Allocation.allocated_on))
        .where(Allocation.owner_id == acting_org(session), among(Allocation.invoice_id, invoice_ids))
        .where(Allocation.reverses_id.is_not(None))
        .group_by(Allocation.invoice_id)
    )
    return {row[0]: row[1] for row in rows}


def allocations_of(session: Session, *, invoice_id: UUID) -> list[Allocation]:
    """Return an invoice's allocations and their undoings, in the order in which they were recorded."""
    return list(
        session.scalars(
            select(Allocation)
            .where(Allocation.invoice_id == invoice_id)
            .order_by(Allocation.recorded_at, Allocation.id)
        )
    )


def _not_undone(rows: Iterable[Allocation]) -> list[Allocation]:
    known = list(rows)
    undone = {one.reverses_id for one in known}
    return [one for one in known if one.reverses_id is None and one.id not in undone]
