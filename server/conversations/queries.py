"""Reads over threads."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.conversations.model import Message, Thread, ThreadSubject


def messages(session: Session, *, subject: ThreadSubject, subject_id: UUID) -> Sequence[Message]:
    """Return what the acting organisation may read on a subject, oldest first, whoever opened the thread."""
    return session.scalars(
        select(Message)
        .join(Thread, Thread.id == Message.thread_id)
        .where(Thread.subject == subject, Thread.subject_id == subject_id)
        .order_by(Message.said_at, Message.id)
    ).all()
