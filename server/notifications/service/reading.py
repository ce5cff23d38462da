"""Messages that were read."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from server.core.acting import acting_org
from server.core.problems import NotFound, Text
from server.core.stamp import Stamp
from server.notifications.model import InboxMessage
from server.notifications.queries import all_messages, shown


def read_message(session: Session, *, message_id: UUID, hidden: frozenset[str], stamp: Stamp) -> InboxMessage:
    """Return a message of the acting organisation, read now unless it was before.

    ``hidden`` are the events that the reader's own list leaves out; their messages are not there by name either.

    Raises:
        NotFound: there is none, it is somebody else's, or its event is hidden from the reader.
    """
    mine = all_messages(unread=False, hidden=hidden).where(InboxMessage.owner_id == acting_org(session))
    found = session.scalars(mine.where(InboxMessage.id == message_id)).one_or_none()
    if found is None:
        raise NotFound(Text("Cet avis n’existe pas.", "There is no such message."), where=str(message_id))
    found.read_at = found.read_at or stamp.at
    return found


def read_all(session: Session, *, hidden: frozenset[str], stamp: Stamp) -> None:
    """Take as read every message of the acting organisation that the reader's list shows; the others stay unread."""
    session.execute(
        update(InboxMessage)
        .where(InboxMessage.owner_id == acting_org(session), InboxMessage.read_at.is_(None), *shown(hidden))
        .values(read_at=stamp.at)
    )
