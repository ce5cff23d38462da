"""E-mails that were written while no mail server was set: their jobs ended, and they wait in the outbox."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import procrastinate
from sqlalchemy import Select, select, text
from sqlalchemy.orm import Session

from server.core.acting import acting_org
from server.core.jobs import enqueue
from server.notifications.model import EmailMessage, SendingState

LOOK_EVERY: Final = timedelta(hours=1)
AT_ONCE: Final = 500
_WRITTEN_AGO: Final = timedelta(minutes=5)  # a younger one has its first job

# What is tried again later is 'todo', what is being sent 'doing': each by its own index of the queue.
_AT_WORK = text("""
    SELECT queueing_lock FROM procrastinate_jobs
    WHERE status = 'todo' AND queueing_lock = ANY(CAST(:keys AS text[]))
    UNION ALL
    SELECT queueing_lock FROM procrastinate_jobs
    WHERE status = 'doing' AND queueing_lock = ANY(CAST(:keys AS text[]))
""")

type _Task = procrastinate.tasks.Task[..., Any, Any]


def look_later(session: Session, task: _Task, *, now: datetime) -> None:
    """Have ``task`` look for the acting organisation's e-mails in an hour; one waits, however many want it."""
    me = acting_org(session)
    enqueue(session, task, key=f"waiting-mail:{me}", not_before=now + LOOK_EVERY, owner_id=str(me))


def is_any(session: Session) -> bool:
    """Say whether an e-mail of the acting organisation waits to be sent."""
    return session.scalars(_waiting(acting_org(session)).limit(1)).first() is not None


def take_up(session: Session, task: _Task, *, now: datetime) -> None:
    """Enqueue ``task`` for the oldest e-mails of which no job is at work, ``AT_ONCE`` at most.

    Those beyond have their turn with the next look.
    """
    me = acting_org(session)
    old = _waiting(me).where(EmailMessage.written_at <= now - _WRITTEN_AGO).order_by(EmailMessage.written_at)
    found = {f"email:{one}": one for one in session.scalars(old.limit(2 * AT_ONCE))}
    at_work = set(session.scalars(_AT_WORK, {"keys": list(found)}))
    for key in [key for key in found if key not in at_work][:AT_ONCE]:
        enqueue(session, task, key=key, owner_id=str(me), subject_id=str(found[key]))


def _waiting(owner_id: UUID) -> Select[UUID]:
    return select(EmailMessage.id).where(EmailMessage.owner_id == owner_id, EmailMessage.state == SendingState.WAITING)
