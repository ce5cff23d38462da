"""Telling people and systems: inbox, e-mail and webhooks, each sent at least once under one key."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid5

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.core.database import Owned, json_object


class InboxMessage(Owned):
    """Something that an organisation should know, with the page to open."""

    __tablename__ = "inbox_message"
    __table_args__ = (UniqueConstraint("owner_id", "key"), Index(None, "owner_id", "read_at"))

    key: Mapped[str]
    kind: Mapped[str]
    subject_id: Mapped[UUID]
    title_fr: Mapped[str]
    title_en: Mapped[str]
    text_fr: Mapped[str]
    text_en: Mapped[str]
    link: Mapped[str]
    arrived_at: Mapped[datetime]
    read_at: Mapped[datetime | None]


class NotificationChoice(Owned):
    """What one reader wants to hear of one event: a member, or the organisation's own address (its own id)."""

    __tablename__ = "notification_choice"
    __table_args__ = (UniqueConstraint("owner_id", "reader_id", "event"),)

    reader_id: Mapped[UUID]
    event: Mapped[str]
    in_app: Mapped[bool]
    by_email: Mapped[bool]


class SendingState(StrEnum):
    """An e-mail or webhook waits, is sent, or failed for good after its tries."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


class EmailMessage(Owned):
    """One e-mail with its Message-ID, the same at every try, and whenever one of its key and link is written again."""

    __tablename__ = "email_message"
    __table_args__ = (UniqueConstraint("owner_id", "key"),)

    key: Mapped[str]
    kind: Mapped[str] = mapped_column(default="")
    subject_id: Mapped[UUID | None]
    message_id: Mapped[str]
    recipient: Mapped[str]
    link_id: Mapped[UUID | None]  # of papers, for who has no account: written into the body only while it is sent
    reader_id: Mapped[UUID | None]  # the member, or the organisation, that may switch these e-mails off
    language: Mapped[str]
    subject: Mapped[str]
    body: Mapped[str]
    document_ids: Mapped[list[UUID]]
    state: Mapped[SendingState]
    tries: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str] = mapped_column(default="")
    written_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]


def message_id_of(owner_id: UUID, key: str, *, leads_to: str = "") -> str:
    """Return the Message-ID of an organisation's e-mail: mail readers show two of one key once.

    Not where they lead to other pages: a reader that shows one of them could show the one whose page is gone.
    """
    return f"<{uuid5(owner_id, f'{key}{leads_to}')}@tournee.invalid>"


class WebhookEndpoint(Owned):
    """Where an organisation wants to be called. Its secrets are derived from ``generation`` and never stored."""

    __tablename__ = "webhook_endpoint"

    url: Mapped[str]
    generation: Mapped[int] = mapped_column(default=1)
    rotated_at: Mapped[datetime | None]  # the secret before it stays good for a while
    given_up: Mapped[int] = mapped_column(default=0)  # calls given up in a row
    suspended_at: Mapped[datetime | None]  # by us, after too many of them
    disabled_at: Mapped[datetime | None]  # by its owner, for good


class WebhookCall(Owned):
    """One call: its body is fixed at first, so that every try carries the same bytes and key.

    ``tries`` counts them all; ``round_tries`` those since a person last said « Réessayer ».
    """

    __tablename__ = "webhook_call"
    __table_args__ = (
        UniqueConstraint("endpoint_id", "key"),
        Index(None, "owner_id", "state"),
        Index(None, "endpoint_id", "made_at"),
    )

    endpoint_id: Mapped[UUID]
    key: Mapped[str]
    event: Mapped[str]
    subject_id: Mapped[UUID | None]
    body: Mapped[json_object]
    state: Mapped[SendingState]
    tries: Mapped[int] = mapped_column(default=0)
    round_tries: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime]
    last_error_fr: Mapped[str] = mapped_column(default="")
    last_error_en: Mapped[str] = mapped_column(default="")
    last_status: Mapped[int | None]
    last_try_at: Mapped[datetime | None]
    made_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
