"""Reminders by the calendar: an issuer switches them on, and every morning the ones that are due go out."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from server.billing.letterhead import letterhead
from server.core import facts
from server.core.acting import acting_org
from server.core.stamp import Stamp
from server.receivables import events
from server.receivables.model import ReminderPlan
from server.receivables.service.reminders import send_reminders
from shared.ids import new_id

MORNING: Final = time(8)


def reminder_plan(session: Session) -> ReminderPlan | None:
    """Return what the acting issuer chose about its reminders; None while it never chose: then people send them."""
    return session.scalars(select(ReminderPlan).where(ReminderPlan.owner_id == acting_org(session))).one_or_none()


def switch_reminders(session: Session, *, is_on: bool, stamp: Stamp) -> ReminderPlan:
    """Return the acting issuer's plan with reminders sent by themselves each morning, or by people alone.

    Source: R122.
    """
    row = {
        "id": new_id(), "owner_id": acting_org(session), "party_ids": [], "is_on": False, "changed_at": stamp.at,
        "ran_at": None, "sent": 0,
    }  # fmt: skip
    session.execute(insert(ReminderPlan).values(row).on_conflict_do_nothing())
    plan = _held(session)
    if plan is None:
        raise LookupError("the plan was written in this transaction")
    if plan.is_on is not is_on:
        plan.is_on, plan.changed_at = is_on, stamp.at
        facts.record(session, events.REMINDERS_SWITCHED, plan.id, stamp)
    return plan


def run_plan(session: Session, *, stamp: Stamp) -> ReminderPlan | None:
    """Send what the acting issuer's plan has due today and return it; None when it is off.

    Run again on the same day, it sends nothing twice: each level of an invoice is written once.

    Source: R122, law 27.
    """
    plan = _held(session)
    if plan is None or not plan.is_on:
        return None
    plan.sent, plan.ran_at = len(send_reminders(session, stamp=stamp)), stamp.at
    return plan


def next_morning(session: Session, *, now: datetime) -> datetime:
    """Return the next instant at which the acting issuer's reminders go out, after ``now``."""
    local = now.astimezone(letterhead(session, org_id=acting_org(session)).zone)
    today = datetime.combine(local.date(), MORNING, local.tzinfo)
    return today if now < today else datetime.combine(local.date() + timedelta(days=1), MORNING, local.tzinfo)


def _held(session: Session) -> ReminderPlan | None:
    mine = select(ReminderPlan).where(ReminderPlan.owner_id == acting_org(session))
    return session.scalars(mine.with_for_update().execution_options(populate_existing=True)).one_or_none()
