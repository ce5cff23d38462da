"""One piece of news for one organisation, by every way that it has."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID, uuid5

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from server.core.acting import acting_for
from server.core.jobs import enqueue
from server.core.settings import settings
from server.core.stamp import Stamp
from server.documents.service.linking import make_link
from server.identity import queries as identity
from server.identity.permissions import allows
from server.notifications.choosing import event_of
from server.notifications.model import (
    EmailMessage,
    InboxMessage,
    SendingState,
    WebhookCall,
    WebhookEndpoint,
    message_id_of,
)
from server.notifications.outgoing.jobs import send_email
from server.notifications.service.calling import call_soon
from server.notifications.service.choices import readers_by_email, wants_no_email
from server.parties.model import Organisation
from shared.ids import new_id
from shared.problems import Language, Text

LINK: Final = "{link}"
"""Where an e-mail's secret link goes, once it is sent."""
_PAPERS: Final = ("/factures/", "/credits/", "/commandes/", "/preuves/")


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
        for address in _addresses(session, recipient, news):
            _by_email(session, recipient, address, news, stamp)
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


@dataclass(frozen=True, slots=True)
class _Address:
    """Where an e-mail goes, and whose it is: a member's, or the organisation's own."""

    reader_id: UUID
    email: str


def _addresses(session: Session, recipient: Organisation, news: News) -> list[_Address]:
    """Return the organisation's own address unless it wants none, and the members who asked and may know."""
    event = event_of(news.kind)
    if event is None:
        return [_Address(recipient.id, recipient.email)] if recipient.email else []
    found = []
    if recipient.email and not wants_no_email(session, event=event.prefix):
        found.append(_Address(recipient.id, recipient.email))
    asked = set(readers_by_email(session, event=event.prefix)) - {recipient.id}
    members = identity.members(session) if asked else ()
    return found + [
        _Address(one.user_id, one.email)
        for one in members
        if one.user_id in asked
        and one.email != recipient.email
        and allows(one.held, one.organisation_kind, event.permission)
    ]


def _by_email(session: Session, recipient: Organisation, address: _Address, news: News, stamp: Stamp) -> None:
    message = email_of(
        news,
        message_id=new_id(),
        owner_id=recipient.id,
        reader_id=address.reader_id,
        to=address.email,
        has_account=recipient.kept_by_id is None,
        language="en" if recipient.language == "en" else "fr",
        papers_id=_papers(session, recipient, address, news, stamp),
        stamp=stamp,
    )
    session.add(message)
    session.flush()
    key = f"email:{message.id}"
    enqueue(session, send_email, key=key, owner_id=str(recipient.id), subject_id=str(message.id))


def email_of(
    news: News,
    *,
    message_id: UUID,
    owner_id: UUID,
    reader_id: UUID,
    to: str,
    language: Language,
    papers_id: UUID | None,
    stamp: Stamp,
    has_account: bool = True,
) -> EmailMessage:
    """Return the e-mail of a piece of news to one reader of ``owner_id``, not yet kept.

    ``papers_id`` is the link to its papers for who has no account, and who else has none is led nowhere; others are
    led to the news’ page.
    """
    page = f"/papiers/{papers_id}" if papers_id else news.link if has_account else ""
    link = LINK if papers_id else f"{settings().public_url}{page}" if has_account else ""
    key = _key_for(news, owner_id=owner_id, reader_id=reader_id)
    return EmailMessage(
        id=message_id,
        owner_id=owner_id,
        key=key,
        kind=news.kind,
        subject_id=news.subject_id,
        message_id=message_id_of(owner_id, key, leads_to=page),
        recipient=to,
        link_id=papers_id,
        reader_id=reader_id,
        language=language,
        subject=news.title.say(language),
        body="\n\n".join(part for part in (news.text.say(language), link) if part) + "\n",
        document_ids=[],
        state=SendingState.WAITING,
        written_at=stamp.at,
    )


def _key_for(news: News, *, owner_id: UUID, reader_id: UUID) -> str:
    return news.key if reader_id == owner_id else f"{news.key}:{reader_id}"


def _papers(session: Session, recipient: Organisation, address: _Address, news: News, stamp: Stamp) -> UUID | None:
    """Make a link to the papers of the news for a client without an account; None for anybody else (C26).

    Told again after a restore, the news has the same link: the e-mail that was sent before leads there again (G5).
    """
    if recipient.kept_by_id is None or not news.link.startswith(_PAPERS):
        return None
    order_id = news.members.get("order_id")
    key = _key_for(news, owner_id=recipient.id, reader_id=address.reader_id)
    return make_link(
        session,
        link_id=uuid5(recipient.id, f"papers:{key}"),
        keeper_id=recipient.kept_by_id,
        email=address.email,
        title=news.title,
        subject_id=news.subject_id,
        order_id=UUID(order_id) if order_id else None,
        stamp=stamp,
    ).id


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
