"""Reminders of overdue invoices: never of nothing, of what is disputed, or to whom more is owed than it owes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.billing.letterhead import letterhead
from server.billing.model import Invoice
from server.billing.queries import credits_of, order_ids_of
from server.core import facts
from server.core.acting import acting_org
from server.core.stamp import Stamp
from server.delivery.contests.model import ContestState
from server.delivery.contests.queries import contests_of, dunning_is_paused
from server.ledger.queries import balance_cents
from server.ledger.service import lock_accounts
from server.receivables import events
from server.receivables.accounts import accounts
from server.receivables.model import Reminder
from server.receivables.queries import open_invoices
from shared.ids import new_id

LATE_DAYS: Final = (3, 15, 30)
"""How many days late each level begins, from the first to the last."""


def send_reminders(session: Session, *, stamp: Stamp) -> Sequence[Reminder]:
    """Return the reminders that the acting issuer's overdue invoices ask for today, each written once.

    An invoice is reminded once at each level, and its level only rises; what is disputed waits for the decision, and
    nobody is reminded whose account is at or below zero.

    Source: R122; section 4 (en souffrance drives dunning, contestée pauses it); law 27.
    """
    me = acting_org(session)
    head = letterhead(session, org_id=me)
    on = head.day_of(stamp.at)
    late = [one.buyer_id for one in accounts(session, on=on) if one.overdue_cents > 0 and one.currency == head.currency]
    lock_accounts(session, pairs=[(me, buyer_id) for buyer_id in late])  # all at once, in the order that everyone keeps
    return [one for buyer_id in late for one in _remind(session, buyer_id, head.currency, on=on, stamp=stamp)]


def level_of(due_on: date, *, on: date) -> int:
    """Return how far an invoice's reminders have to be on a day; 0 before the first level."""
    late_days = (on - due_on).days
    return sum(late_days >= days for days in LATE_DAYS)


def _remind(session: Session, buyer_id: UUID, currency: str, *, on: date, stamp: Stamp) -> list[Reminder]:
    me = acting_org(session)
    if balance_cents(session, issuer_id=me, customer_id=buyer_id, currency=currency) <= 0:
        return []
    made = []
    for invoice, still_cents in open_invoices(session, issuer_id=me, buyer_id=buyer_id, currency=currency):
        level = level_of(invoice.due_on or on, on=on)
        if level > _level_sent(session, invoice.id) and not _is_disputed(session, invoice):
            made.append(_write(session, invoice, level, still_cents, on, stamp))
    return made


def _write(session: Session, invoice: Invoice, level: int, open_cents: int, on: date, stamp: Stamp) -> Reminder:  # noqa: PLR0917  # the row's own columns
    reminder = Reminder(
        id=new_id(),
        owner_id=invoice.owner_id,
        party_ids=[invoice.buyer_id],
        buyer_id=invoice.buyer_id,
        invoice_id=invoice.id,
        level=level,
        open_cents=open_cents,
        sent_on=on,
        recorded_at=stamp.at,
    )
    session.add(reminder)
    session.flush()
    facts.record(session, events.REMINDER_DUE, reminder.id, stamp, readers=(invoice.buyer_id,))
    return reminder


def _level_sent(session: Session, invoice_id: UUID) -> int:
    sent = session.scalar(select(func.max(Reminder.level)).where(Reminder.invoice_id == invoice_id))
    return int(sent or 0)


def _is_disputed(session: Session, invoice: Invoice) -> bool:
    if dunning_is_paused(session, order_ids=order_ids_of(session, invoice_id=invoice.id)):
        return True
    notes = credits_of(session, invoice_id=invoice.id)
    return any(one.state is ContestState.OPEN for note in notes for one in contests_of(session, note.id))
