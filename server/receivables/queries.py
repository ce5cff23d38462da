"""Reads over what customers owe and paid."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from server.billing.model import Invoice
from server.billing.queries import is_voided
from server.billing.standing import STANDING_LABELS, Standing, standings
from server.ledger.model import Allocation
from server.ledger.queries import allocations_from, allocations_of, balance_cents, open_cents
from server.parties.model import Organisation
from server.receivables.model import Payment
from shared.states import InvoiceState

__all__ = [
    "STANDING_LABELS",
    "Standing",
    "allocations_from",
    "allocations_of",
    "balance_cents",
    "open_cents",
    "open_invoices",
    "standings",
]


def open_invoices(
    session: Session, *, issuer_id: UUID, buyer_id: UUID, currency: str, offset: int = 0, limit: int | None = None
) -> list[tuple[Invoice, int]]:
    """Return a customer's published invoices that are still open, with the cents that are, oldest due first.

    An annulled one is never to be paid (C6). All of them, or ``limit`` after ``offset``.
    """
    taken = (
        select(func.coalesce(func.sum(Allocation.amount_cents), 0))
        .where(Allocation.owner_id == issuer_id, Allocation.invoice_id == Invoice.id)
        .correlate(Invoice)
        .scalar_subquery()
    )
    left = Invoice.total_cents - taken
    rows = session.execute(
        select(Invoice, left)
        .where(
            Invoice.owner_id == issuer_id,
            Invoice.buyer_id == buyer_id,
            Invoice.currency == currency,
            Invoice.state == InvoiceState.PUBLISHED,
            left > 0,
            ~is_voided(),
        )
        .order_by(Invoice.due_on, Invoice.issued_on, Invoice.sequence, Invoice.section)
        .offset(offset)
        .limit(limit)
    )
    return [(row[0], int(row[1])) for row in rows]


def payment_of_cause(session: Session, *, issuer_id: UUID, cause_id: UUID) -> Payment | None:
    """Return the payment that this cause made, if any: a cause never makes two of an issuer."""
    return session.scalars(
        select(Payment).where(Payment.owner_id == issuer_id, Payment.cause_id == cause_id)
    ).one_or_none()


def all_payments(buyer_id: UUID | None = None) -> Select[Payment]:
    """Return the query of every readable payment, or of one customer's."""
    query = select(Payment)
    return query if buyer_id is None else query.where(Payment.buyer_id == buyer_id)


def all_organisation_ids(session: Session) -> list[UUID]:
    """Return every organisation; only the schema's owner sees them all."""
    return sorted(session.scalars(select(Organisation.id)))
