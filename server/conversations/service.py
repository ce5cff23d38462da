"""Saying something in a thread; the thread opens with its first message."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from server.conversations import events
from server.conversations.model import Message, Thread, ThreadSubject
from server.core import facts
from server.core.acting import acting_org
from server.core.once import require_same
from server.core.problems import Problem, Text
from server.core.stamp import Stamp
from shared.ids import new_id

MAX_MESSAGE: Final = 4000
SYSTEM_NAME: Final = "Tournée"
_BEGINNING: Final = 60
_OPEN: Final = insert(Thread).on_conflict_do_nothing().returning(Thread)


class BadMessage(Problem):
    """A message is empty or too long."""

    slug = "bad-message"
    title = Text("Message invalide", "Invalid message")


def say(
    session: Session,
    *,
    subject: ThreadSubject,
    subject_id: UUID,
    text: Text,
    stamp: Stamp,
    readers: Iterable[UUID] = (),
    topic: str = "",
    author_name: str = SYSTEM_NAME,
    key: UUID | None = None,
) -> Message:
    """Return a new message in the acting organisation's thread on a subject, opened if need be.

    ``readers`` are the other organisations that read this message; the thread's readers only grow. Said again with its
    author's ``key``, the message that stands is returned.

    Raises:
        BadMessage: nothing was said, or more than ``MAX_MESSAGE`` characters.
        KeyUsed: the key said something else.

    Source: R022, R046.
    """
    if not all(1 <= len(words.strip()) <= MAX_MESSAGE for words in (text.fr, text.en)):
        raise BadMessage(
            Text(f"Un message a de 1 à {MAX_MESSAGE} caractères.", f"A message has 1 to {MAX_MESSAGE} characters."),
            where="text",
        )
    circle = sorted(set(readers) - {acting_org(session)})
    thread = _thread(session, {"subject": subject, "subject_id": subject_id, "topic": topic}, circle, stamp)
    if key is not None and (known := _said_before(session, thread, key, stamp)) is not None:
        _require_same(known, text)
        return known
    message = Message(
        id=new_id(),
        owner_id=thread.owner_id,
        party_ids=circle,
        thread_id=thread.id,
        key=key,
        author_id=stamp.by,
        author_name=author_name,
        text_fr=text.fr,
        text_en=text.en,
        said_at=stamp.at,
    )
    session.add(message)
    session.flush()
    facts.record(session, events.MESSAGE_SAID, message.id, stamp, readers=tuple(circle))
    return message


def _require_same(known: Message, text: Text) -> None:
    begun = known.text_fr[:_BEGINNING]
    what = Text(f"envoyer le message «\u00a0{begun}\u00a0»", f"send the message “{begun}”")
    require_same((text.fr, text.en), (known.text_fr, known.text_en), what=what)


def _said_before(session: Session, thread: Thread, key: UUID, stamp: Stamp) -> Message | None:
    """Return what the same person said with this key; the thread is locked, so that nobody says it meanwhile."""
    said = select(Message).filter_by(thread_id=thread.id, key=key, author_id=stamp.by)
    return session.scalars(said).one_or_none()


def _thread(session: Session, key: dict[str, Any], circle: list[UUID], stamp: Stamp) -> Thread:
    me = acting_org(session)
    columns = {"id": new_id(), "owner_id": me, "party_ids": circle, "opened_at": stamp.at}
    if (opened := session.scalars(_OPEN, columns | key).one_or_none()) is not None:
        return opened
    thread = session.scalars(
        select(Thread).filter_by(owner_id=me, **key).with_for_update().execution_options(populate_existing=True)
    ).one()
    if not set(circle) <= set(thread.party_ids):
        thread.party_ids = sorted({*circle, *thread.party_ids})
    return thread
