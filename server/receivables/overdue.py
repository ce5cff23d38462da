"""What is overdue at an issuer, read for all its customers at once: invoices, what is owed, reminders, contests."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.billing.model import CreditNote, Invoice, InvoiceOrder
from server.billing.queries import is_voided
from server.core.acting import acting_org
from server.core.database import among
from server.delivery.contests.queries import contested_orders, contested_subjects
from server.ledger.model import Allocation
from server.receivables.model import Reminder
from shared.states import CreditState, InvoiceState


def overdue_invoices(
    session: Session, *, buyer_ids: Collection[UUID], currency: str, on: date
) -> Sequence[tuple[Invoice, int]]:
    """Return these customers' open invoices of the acting issuer that were due before a day, with the cents open.

    The longest overdue first; an annulled one is never among them (C6).
    """
    me = acting_org(session)
    taken = (
        select(func.coalesce(func.sum(Allocation.amount_cents), 0))
        .where(Allocation.owner_id == me, Allocation.invoice_id == Invoice.id)
        .correlate(Invoice)
        .scalar_subquery()
    )
    left = Invoice.total_cents - taken
    rows = session.execute(
        select(Invoice, left)
        .where(Invoice.owner_id == me, Invoice.state == InvoiceState.PUBLISHED, Invoice.currency == currency)
        .where(among(Invoice.buyer_id, buyer_ids), Invoice.due_on < on, left > 0, ~is_voided())
        .order_by(Invoice.due_on, Invoice.issued_on, Invoice.sequence, Invoice.section)
    )
    return [(row[0], int(row[1])) for row in rows]


def levels_sent(session: Session, *, invoice_ids: Collection[UUID]) -> Mapping[UUID, int]:
    """Return the highest level at which each of these invoices was reminded of; others are absent."""
    rows = session.execute(
        select(Reminder.invoice_id, func.max(Reminder.level))
        .where(Reminder.owner_id == acting_org(session), among(Reminder.invoice_id, invoice_ids))
        .group_by(Reminder.invoice_id)
    )
    return {row[0]: int(row[1]) for row in rows}


def disputed(session: Session, *, invoice_ids: Collection[UUID]) -> frozenset[UUID]:
    """Return which of these invoices an open contest is about: of their orders' proofs, or of a credit on them.

    Source: section 4 (contestée pauses dunning); law 27.
    """
    covers = session.execute(
        select(InvoiceOrder.invoice_id, InvoiceOrder.order_id).where(among(InvoiceOrder.invoice_id, invoice_ids))
    ).all()
    given = session.execute(
        select(CreditNote.invoice_id, CreditNote.id)
        .where(among(CreditNote.invoice_id, invoice_ids), CreditNote.state != CreditState.REFUSED)
        .where(CreditNote.owner_id == acting_org(session))
    ).all()
    orders = contested_orders(session, order_ids={row.order_id for row in covers})
    notes = contested_subjects(session, subject_ids={row.id for row in given})
    by_order = {row.invoice_id for row in covers if row.order_id in orders}
    return frozenset(by_order | {row.invoice_id for row in given if row.id in notes})
