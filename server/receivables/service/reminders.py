"""Reminders of overdue invoices: never of nothing, of what is disputed, or to whom more is owed than it owes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy.orm import Session

from server.billing.letterhead import letterhead
from server.billing.model import Invoice
from server.core import facts
from server.core.acting import acting_org
from server.core.stamp import Stamp
from server.ledger.queries import balances_cents
from server.ledger.service import lock_accounts
from server.receivables import events
from server.receivables.accounts import Account, accounts
from server.receivables.model import Reminder
from server.receivables.overdue import disputed, levels_sent, overdue_invoices
from shared.ids import new_id
from shared.problems import Text

LATE_DAYS: Final = (3, 15, 30)
"""How many days late each level begins, from the first to the last."""


class Pause(StrEnum):
    """Why an overdue invoice is not reminded of."""

    DISPUTED = "disputed"
    NOTHING_OWED = "nothing_owed"


PAUSE_LABELS: Final = {
    Pause.DISPUTED: Text(
        "Contestée\u00a0: le rappel attend la décision", "Contested: the reminder waits for a decision"
    ),
    Pause.NOTHING_OWED: Text("Le client ne doit rien au total", "The customer owes nothing in all"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """What the reminders of one overdue invoice are about to do: ``level_due`` on the day, ``level_sent`` so far."""

    invoice: Invoice
    buyer_name: str
    open_cents: int
    level_sent: int
    level_due: int
    pause: Pause | None

    @property
    def is_due(self) -> bool:
        """Say whether a reminder goes out on the day."""
        return self.level_due > self.level_sent and self.pause is None

    @property
    def next_on(self) -> date | None:
        """Return the day of the next level that is to come, None after the last one."""
        if self.invoice.due_on is None or self.level_due >= len(LATE_DAYS):
            return None
        return self.invoice.due_on + timedelta(days=LATE_DAYS[self.level_due])


def foreseen_reminders(session: Session, *, on: date) -> Sequence[Foreseen]:
    """Return every overdue invoice of the acting issuer with what its reminders do on a day, and why not.

    Source: R122, law 27.
    """
    return list(_foreseen(session, _late(session, on), on))


def send_reminders(session: Session, *, stamp: Stamp) -> Sequence[Reminder]:
    """Return the reminders that the acting issuer's overdue invoices ask for today, each written once.

    An invoice is reminded once at each level, and its level only rises; what is disputed waits for the decision, and
    nobody is reminded whose account is at or below zero.

    Source: R122; section 4 (en souffrance drives dunning, contestée pauses it); law 27.
    """
    me = acting_org(session)
    on = letterhead(session, org_id=me).day_of(stamp.at)
    late = _late(session, on)
    lock_accounts(session, pairs=[(me, one.buyer_id) for one in late])  # all at once, in the order that everyone keeps
    return [_write(session, one, on, stamp) for one in _foreseen(session, late, on) if one.is_due]


def level_of(due_on: date, *, on: date) -> int:
    """Return how far an invoice's reminders have to be on a day; 0 before the first level."""
    late_days = (on - due_on).days
    return sum(late_days >= days for days in LATE_DAYS)


def _late(session: Session, on: date) -> Sequence[Account]:
    currency = letterhead(session, org_id=acting_org(session)).currency
    return [one for one in accounts(session, on=on) if one.overdue_cents > 0 and one.currency == currency]


def _foreseen(session: Session, late: Sequence[Account], on: date) -> Iterator[Foreseen]:
    me, names = acting_org(session), {one.buyer_id: one.buyer_name for one in late}
    currency = letterhead(session, org_id=me).currency
    rows = overdue_invoices(session, buyer_ids=names, currency=currency, on=on)
    invoice_ids = [invoice.id for invoice, _ in rows]
    owed = balances_cents(session, issuer_id=me, customer_ids=names, currency=currency)
    sent, contested = levels_sent(session, invoice_ids=invoice_ids), disputed(session, invoice_ids=invoice_ids)
    for invoice, still_cents in rows:
        yield Foreseen(
            invoice=invoice,
            buyer_name=names[invoice.buyer_id],
            open_cents=still_cents,
            level_sent=sent.get(invoice.id, 0),
            level_due=level_of(invoice.due_on or on, on=on),
            pause=_pause(owed_cents=owed[invoice.buyer_id], is_disputed=invoice.id in contested),
        )


def _pause(*, owed_cents: int, is_disputed: bool) -> Pause | None:
    if owed_cents <= 0:
        return Pause.NOTHING_OWED
    return Pause.DISPUTED if is_disputed else None


def _write(session: Session, foreseen: Foreseen, on: date, stamp: Stamp) -> Reminder:
    invoice = foreseen.invoice
    reminder = Reminder(
        id=new_id(),
        owner_id=invoice.owner_id,
        party_ids=[invoice.buyer_id],
        buyer_id=invoice.buyer_id,
        invoice_id=invoice.id,
        level=foreseen.level_due,
        open_cents=foreseen.open_cents,
        sent_on=on,
        recorded_at=stamp.at,
    )
    session.add(reminder)
    session.flush()
    facts.record(session, events.REMINDER_DUE, reminder.id, stamp, readers=(invoice.buyer_id,))
    return reminder
