"""Reads over what customers owe and paid."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from server.billing.model import CreditKind, CreditNote, Invoice
from server.ledger.model import Allocation, AllocationSource
from server.ledger.queries import allocations_of, balance_cents, open_cents
from server.parties.model import Organisation
from server.receivables.model import Payment
from shared.problems import Text
from shared.states import CreditState, InvoiceState

__all__ = ["Standing", "allocations_of", "balance_cents", "open_cents", "open_invoices", "standings"]


class Standing(StrEnum):
    """How a published invoice stands; derived from credits and allocations, never stored (R044, R085)."""

    TO_PAY = "to_pay"
    PARTLY_PAID = "partly_paid"
    PAID = "paid"
    OVERDUE = "overdue"
    CREDITED = "credited"
    WRITTEN_OFF = "written_off"
    ANNULLED = "annulled"


STANDING_LABELS: Mapping[Standing, Text] = {
    Standing.TO_PAY: Text("À payer", "To pay"),
    Standing.PARTLY_PAID: Text("Payée en partie", "Partly paid"),
    Standing.PAID: Text("Payée", "Paid"),
    Standing.OVERDUE: Text("En souffrance", "Overdue"),
    Standing.CREDITED: Text("Créditée", "Credited"),
    Standing.WRITTEN_OFF: Text("Radiée", "Written off"),
    Standing.ANNULLED: Text("Annulée", "Annulled"),
}


def open_invoices(session: Session, *, issuer_id: UUID, buyer_id: UUID, currency: str) -> list[tuple[Invoice, int]]:
    """Return a customer's published invoices that are still open, with the cents that are, oldest due first."""
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
        )
        .order_by(Invoice.due_on, Invoice.issued_on, Invoice.sequence, Invoice.section)
    )
    return [(row[0], int(row[1])) for row in rows]


def standings(session: Session, *, invoices: Iterable[Invoice], on: date) -> Mapping[UUID, tuple[Standing, int]]:
    """Return how each published invoice stands on a day, with the cents still open.

    Readable by whoever may read the invoices: the buyer sees the same words as the issuer (R085).
    """
    wanted = {one.id: one for one in invoices if one.state is InvoiceState.PUBLISHED}
    taken = _allocated(session, wanted)
    voided = set(
        session.scalars(
            select(CreditNote.invoice_id).where(
                CreditNote.invoice_id.in_(wanted),
                CreditNote.kind == CreditKind.VOID,
                CreditNote.state == CreditState.ISSUED,
            )
        )
    )
    return {one.id: _standing(one, taken[one.id], voided=one.id in voided, on=on) for one in wanted.values()}


def payment_of_cause(session: Session, *, issuer_id: UUID, cause_id: UUID) -> Payment | None:
    """Return the payment that this cause made, if any: a cause never makes two of an issuer."""
    return session.scalars(
        select(Payment).where(Payment.owner_id == issuer_id, Payment.cause_id == cause_id)
    ).one_or_none()


def all_payments(buyer_id: UUID | None = None) -> Select[Payment]:
    """Return the query of every readable payment, or of one customer's."""
    query = select(Payment)
    return query if buyer_id is None else query.where(Payment.buyer_id == buyer_id)


def allocations_from(session: Session, *, source_id: UUID) -> list[Allocation]:
    """Return the allocations of a payment or credit that were not undone, oldest first."""
    rows = session.scalars(
        select(Allocation).where(Allocation.source_id == source_id).order_by(Allocation.recorded_at, Allocation.id)
    ).all()
    return _not_undone(rows)


def payments_on(session: Session, *, invoice_id: UUID) -> list[Allocation]:
    """Return the allocations of payments to an invoice that were not undone, oldest first."""
    rows = allocations_of(session, invoice_id=invoice_id)
    return [one for one in _not_undone(rows) if one.source is AllocationSource.PAYMENT]


def _not_undone(rows: Iterable[Allocation]) -> list[Allocation]:
    known = list(rows)
    undone = {one.reverses_id for one in known}
    return [one for one in known if one.reverses_id is None and one.id not in undone]


type _Taken = Mapping[AllocationSource, int]


def _allocated(session: Session, invoice_ids: Iterable[UUID]) -> Mapping[UUID, _Taken]:
    """Return what payments, credits and write-offs took of each invoice, undoings deducted."""
    wanted = list(invoice_ids)
    rows = session.execute(
        select(Allocation.invoice_id, Allocation.source, func.sum(Allocation.amount_cents))
        .where(Allocation.invoice_id.in_(wanted))
        .group_by(Allocation.invoice_id, Allocation.source)
    )
    found: dict[UUID, dict[AllocationSource, int]] = {one: {} for one in wanted}
    for invoice_id, source, cents in rows:
        found[invoice_id][source] = int(cents)
    return found


def _standing(invoice: Invoice, taken: _Taken, *, voided: bool, on: date) -> tuple[Standing, int]:
    still = invoice.total_cents - sum(taken.values())
    if voided:
        return Standing.ANNULLED, still
    if still <= 0:
        return _settled_by(taken), still
    if invoice.due_on is not None and invoice.due_on < on:
        return Standing.OVERDUE, still
    return (Standing.PARTLY_PAID if any(taken.values()) else Standing.TO_PAY), still


def _settled_by(taken: _Taken) -> Standing:
    if taken.get(AllocationSource.WRITE_OFF):
        return Standing.WRITTEN_OFF
    return Standing.PAID if taken.get(AllocationSource.PAYMENT) else Standing.CREDITED


def all_organisation_ids(session: Session) -> list[UUID]:
    """Return every organisation; only the schema's owner sees them all."""
    return sorted(session.scalars(select(Organisation.id)))
