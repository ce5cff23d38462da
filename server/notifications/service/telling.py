"""One piece of news for one organisation, by every way that it has."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from server.core.acting import acting_for
from server.core.jobs import enqueue
from server.core.settings import settings
from server.core.stamp import Stamp
from server.notifications.model import EmailMessage, InboxMessage, SendingState, WebhookCall, WebhookEndpoint
from server.notifications.outgoing.jobs import send_email
from server.notifications.service.calling import call_soon
from server.parties.model import Organisation
from shared.ids import new_id
from shared.problems import Language, Text


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What to say. ``key`` makes it once; ``members`` go to webhooks as they are."""

    key: str
    kind: str
    subject_id: UUID
    title: Text
    text: Text
    link: str
    members: dict[str, Any] = field(default_factory=dict)
    calls_out: bool = True  # news about a webhook itself goes by the other ways


def tell(session: Session, *, recipient_id: UUID, news: News, stamp: Stamp) -> None:
    """Put the news into the recipient's inbox and send it by its e-mail address and webhooks.

    The caller derives the recipient from the subject's own parties. The same key again changes nothing.

    Source: R026, R064, R073.
    """
    with acting_for(session, recipient_id):
        recipient = session.scalars(select(Organisation).where(Organisation.id == recipient_id)).one()
        if not _into_inbox(session, recipient, news, stamp):
            return
        if recipient.email:
            _by_email(session, recipient, news, stamp)
        if news.calls_out:
            for endpoint in session.scalars(select(WebhookEndpoint).where(WebhookEndpoint.disabled_at.is_(None))):
                _by_webhook(session, endpoint, news, stamp)


def _into_inbox(session: Session, recipient: Organisation, news: News, stamp: Stamp) -> bool:
    row = {
        "id": new_id(), "owner_id": recipient.id, "party_ids": [], "key": news.key, "kind": news.kind,
        "subject_id": news.subject_id, "title_fr": news.title.fr, "title_en": news.title.en, "text_fr": news.text.fr,
        "text_en": news.text.en, "link": news.link, "arrived_at": stamp.at, "read_at": None,
    }  # fmt: skip
    made = session.execute(
        insert(InboxMessage)
        .values(row)
        .on_conflict_do_nothing(index_elements=["owner_id", "key"])
        .returning(InboxMessage.id)
    )
    return made.first() is not None


def _by_email(session: Session, recipient: Organisation, news: News, stamp: Stamp) -> None:
    message_id = new_id()
    language: Language = "en" if recipient.language == "en" else "fr"
    link = f"{settings().public_url}{news.link}"
    message = EmailMessage(
        id=message_id,
        owner_id=recipient.id,
        key=news.key,
        kind=news.kind,
        subject_id=news.subject_id,
        message_id=f"<{message_id}@tournee.invalid>",
        recipient=recipient.email,
        language=language,
        subject=news.title.say(language),
        body=f"{news.text.say(language)}\n\n{link}\n",
        document_ids=[],
        state=SendingState.WAITING,
        written_at=stamp.at,
    )
    session.add(message)
    session.flush()
    enqueue(session, send_email, key=f"email:{message_id}", owner_id=str(recipient.id), subject_id=str(message_id))


def _by_webhook(session: Session, endpoint: WebhookEndpoint, news: News, stamp: Stamp) -> None:
    call = WebhookCall(
        id=new_id(),
        owner_id=endpoint.owner_id,
        endpoint_id=endpoint.id,
        key=news.key,
        event=news.kind,
        subject_id=news.subject_id,
        body={"key": news.key, "event": news.kind, "at": stamp.at.isoformat(), **news.members},
        state=SendingState.WAITING,
        next_try_at=stamp.at,
        made_at=stamp.at,
    )
    session.add(call)
    session.flush()
    call_soon(session, call)
