"""A customer's account as a list of movements; the session acts for the issuer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import BigInteger, Select, cast, func, select
from sqlalchemy.orm import Session

from server.billing.model import InvoiceOrder
from server.core.acting import acting_org
from server.core.database import among
from server.core.plans import plan_for_values
from server.delivery.sharing.model import ProofEntry
from server.ledger.entries import EntryKind
from server.ledger.model import JournalEntry, Posting
from server.ledger.queries import IS_OWED, balance_cents
from server.receivables.movements import Line
from server.receivables.naming import About, Names, nameless

MAX_ROWS: Final = 100_000


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
    plan_for_values(session)
    account = AccountEntries(session, acting_org(session), buyer_id, currency)
    opening = balance_cents(
        session,
        issuer_id=account.issuer_id,
        customer_id=buyer_id,
        currency=currency,
        on=first_day - timedelta(days=1),
    )
    period = (
        account.entries(moving=True)
        .where(JournalEntry.posted_on.between(first_day, last_day))
        .order_by(JournalEntry.posted_on, JournalEntry.recorded_at, JournalEntry.id)
        .limit(MAX_ROWS)
    )
    return Statement(
        issuer_id=account.issuer_id,
        buyer_id=buyer_id,
        currency=currency,
        first_day=first_day,
        last_day=last_day,
        opening_cents=opening,
        lines=account.lines(period, opening),
    )


def transactions(
    session: Session, *, buyer_id: UUID, currency: str, limit: int, offset: int = 0, on: date | None = None
) -> Sequence[Line]:
    """Return every transaction of a customer's account, allocations too, newest first (R090).

    ``on`` is the last day that counts; all when it is None. ``balance_cents`` of a line is 0 here: a page does not
    know what stands on the others.
    """
    account = AccountEntries(session, acting_org(session), buyer_id, currency)
    entries = account.entries() if on is None else account.entries().where(JournalEntry.posted_on <= on)
    newest = (
        entries.order_by(JournalEntry.posted_on.desc(), JournalEntry.recorded_at.desc(), JournalEntry.id.desc())
        .limit(limit)
        .offset(offset)
    )
    return account.lines(newest, None)


def proofs_of_invoices(session: Session, invoice_ids: set[UUID]) -> Mapping[UUID, Sequence[UUID]]:
    """Return the signed proofs of the orders that these invoices cover, as the acting organisation was given them."""
    rows = session.execute(
        select(InvoiceOrder.invoice_id, ProofEntry.proof_id)
        .join(ProofEntry, ProofEntry.order_id == InvoiceOrder.order_id)
        .where(among(InvoiceOrder.invoice_id, invoice_ids), ProofEntry.owner_id == acting_org(session))
        .order_by(ProofEntry.delivered_at, ProofEntry.proof_id)
    )
    found: dict[UUID, list[UUID]] = {}
    for invoice_id, proof_id in rows:
        found.setdefault(invoice_id, []).append(proof_id)
    return found


@dataclass(frozen=True, slots=True)
class AccountEntries:
    """What one customer owes one issuer in one currency: entries by their postings alone, and then their names."""

    session: Session
    issuer_id: UUID
    buyer_id: UUID
    currency: str

    def entries(self, *, moving: bool = False) -> Select[Any]:
        """Return one row for each entry of the account; ``moving`` leaves out those that only move within it."""
        amount_cents = func.sum(Posting.amount_cents)
        moved = (
            select(
                Posting.entry_id,
                cast(amount_cents, BigInteger).label("amount_cents"),
                func.max(func.abs(Posting.amount_cents)).label("moved_cents"),
            )
            .where(Posting.owner_id == self.issuer_id, IS_OWED, Posting.customer_id == self.buyer_id)
            .group_by(Posting.entry_id)
        )
        of_each = (moved.having(amount_cents != 0) if moving else moved).subquery()
        entry = JournalEntry
        return (
            select(
                entry.posted_on, entry.document_kind, entry.document_id,
                of_each.c.amount_cents, of_each.c.moved_cents,
            )
            .join(of_each, of_each.c.entry_id == entry.id)
            .where(entry.owner_id == self.issuer_id, entry.currency == self.currency)
        )  # fmt: skip

    def lines(self, entries: Select[Any], opening_cents: int | None) -> list[Line]:
        """Return these entries as ``told``."""
        return self.told(self.session.execute(entries).all(), opening_cents)

    def told(self, rows: Sequence[Any], opening_cents: int | None = None) -> list[Line]:
        """Return rows of ``entries`` as lines, with the balance after each when there is one before the first."""
        about, found, balance_cents = self._about(rows), [], opening_cents or 0
        for on, kind, document_id, amount_cents, moved_cents in rows:
            one = about[kind].get(document_id) or nameless(EntryKind(kind))
            if opening_cents is not None:
                balance_cents += amount_cents
            found.append(
                Line(
                    on, one.movement, document_id, one.number, one.said, amount_cents, moved_cents, balance_cents,
                    one.invoice_id, one.credit_id, one.payment_id,
                )
            )  # fmt: skip
        return found

    def _about(self, rows: Iterable[Any]) -> dict[str, Mapping[UUID, About]]:
        wanted: dict[str, list[UUID]] = {}
        for _on, kind, document_id, _amount, _moved in rows:
            wanted.setdefault(kind, []).append(document_id)
        names = Names(self.session, self.issuer_id, self.buyer_id)
        return {kind: names.of(EntryKind(kind), document_ids) for kind, document_ids in wanted.items()}
