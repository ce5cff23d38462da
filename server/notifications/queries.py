"""Reads over the inbox."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from server.core.acting import acting_org
from server.notifications.model import InboxMessage

PAGE_ROWS: Final = 50


def inbox(session: Session, *, page: int) -> tuple[Sequence[InboxMessage], bool]:
    """Return one page of the acting organisation's messages, newest first, and whether another follows."""
    rows = session.scalars(
        select(InboxMessage)
        .where(InboxMessage.owner_id == acting_org(session))
        .order_by(InboxMessage.arrived_at.desc(), InboxMessage.id)
        .limit(PAGE_ROWS + 1)
        .offset((max(page, 1) - 1) * PAGE_ROWS)
    ).all()
    return rows[:PAGE_ROWS], len(rows) > PAGE_ROWS


def unread_count(session: Session) -> int:
    """Return how many messages of the acting organisation nobody has read."""
    counted = session.scalar(
        select(func.count())
        .select_from(InboxMessage)
        .where(InboxMessage.owner_id == acting_org(session), InboxMessage.read_at.is_(None))
    )
    return int(counted or 0)


def all_messages(*, unread: bool) -> Select[InboxMessage]:
    """Return the query of the organisation's messages, or of those that nobody read."""
    query = select(InboxMessage)
    return query.where(InboxMessage.read_at.is_(None)) if unread else query
