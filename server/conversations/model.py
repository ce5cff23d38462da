"""Threads that the parties of an order, a client or a run share."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.core.database import Owned


class ThreadSubject(StrEnum):
    """What a thread is about."""

    ORDER = "order"
    ACCOUNT = "account"
    RUN = "run"


class Thread(Owned):
    """One conversation; its readers are the parties of its subject."""

    __tablename__ = "thread"
    __table_args__ = (UniqueConstraint("owner_id", "subject", "subject_id", "topic"),)

    subject: Mapped[ThreadSubject]
    subject_id: Mapped[UUID]
    topic: Mapped[str] = mapped_column(default="")
    opened_at: Mapped[datetime]


class Message(Owned):
    """What somebody, or the system, said in a thread. Written once."""

    __tablename__ = "message"
    __table_args__ = (UniqueConstraint("thread_id", "author_id", "key"),)
    append_only = True

    thread_id: Mapped[UUID] = mapped_column(index=True)
    key: Mapped[UUID | None]  # its author's: sent twice, it is said once
    author_id: Mapped[UUID | None]
    author_name: Mapped[str]
    text_fr: Mapped[str]
    text_en: Mapped[str]
    said_at: Mapped[datetime]
