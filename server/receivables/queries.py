"""Reads over what customers owe and paid."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID, uuid5

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from server.billing.model import Invoice
from server.billing.queries import is_voided
from server.billing.standing import STANDING_LABELS, Standing, standings
from server.ledger.model import Allocation
from server.ledger.queries import allocations_from, allocations_of, balance_cents, open_cents
from server.parties.model import Organisation
from server.receivables.model import Payment, PaymentMethod
from shared.states import InvoiceState, PaymentState

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


def reinstated_cause(origin: Payment, turn: int) -> UUID:
    """Return the cause of the payment that a charge gave back for the first, second, … time after it failed."""
    return uuid5(origin.id, "reinstated" if turn == 1 else f"reinstated:{turn}")


def holders_of(session: Session, origin: Payment) -> Sequence[Payment]:
    """Return what holds a provider's charge in the books: its payment, or what came back since that failed, in turn.

    The session acts for the issuer. Source: laws 14 and 15.
    """
    if origin.state is not PaymentState.FAILED:
        return [origin]
    found: list[Payment] = []
    while (known := _in_turn(session, origin, len(found) + 1)) is not None:
        found.append(known)
    return found


def origin_of(session: Session, payment: Payment) -> Payment:
    """Return the payment whose name its provider knows: itself, or the failed one whose money this one gave back."""
    if payment.provider_ref or payment.method is not PaymentMethod.GATEWAY:
        return payment
    failed = session.scalars(
        select(Payment).where(
            Payment.owner_id == payment.owner_id,
            Payment.buyer_id == payment.buyer_id,
            Payment.reference == payment.reference,
            Payment.state == PaymentState.FAILED,
            Payment.provider_ref != "",
        )
    )
    return next((one for one in failed.all() if payment in holders_of(session, one)), payment)


def _in_turn(session: Session, origin: Payment, turn: int) -> Payment | None:
    return payment_of_cause(session, issuer_id=origin.owner_id, cause_id=reinstated_cause(origin, turn))


def all_payments(buyer_id: UUID | None = None) -> Select[Payment]:
    """Return the query of every readable payment, or of one customer's."""
    query = select(Payment)
    return query if buyer_id is None else query.where(Payment.buyer_id == buyer_id)


def all_organisation_ids(session: Session) -> list[UUID]:
    """Return every organisation; only the schema's owner sees them all."""
    return sorted(session.scalars(select(Organisation.id)))
