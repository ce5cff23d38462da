"""Messages that were read."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from server.core.acting import acting_org
from server.core.problems import NotFound, Text
from server.core.stamp import Stamp
from server.notifications.model import InboxMessage


def read_message(session: Session, *, message_id: UUID, stamp: Stamp) -> InboxMessage:
    """Return a message of the acting organisation, read now unless it was before.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    found = session.scalars(
        select(InboxMessage).where(InboxMessage.id == message_id, InboxMessage.owner_id == acting_org(session))
    ).one_or_none()
    if found is None:
        raise NotFound(Text("Cet avis n’existe pas.", "There is no such message."), where=str(message_id))
    found.read_at = found.read_at or stamp.at
    return found


def read_all(session: Session, *, stamp: Stamp) -> None:
    """Take every message of the acting organisation as read."""
    session.execute(
        update(InboxMessage)
        .where(InboxMessage.owner_id == acting_org(session), InboxMessage.read_at.is_(None))
        .values(read_at=stamp.at)
    )
