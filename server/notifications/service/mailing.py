"""One e-mail to an address that is nobody's inbox yet; a secret link is put in only when it is sent."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core.acting import acting_org
from server.core.jobs import enqueue
from server.core.stamp import Stamp
from server.notifications.model import EmailMessage, SendingState, message_id_of
from server.notifications.outgoing.jobs import send_email
from shared.ids import new_id
from shared.problems import Language, Text


def mail(
    session: Session,
    *,
    key: str,
    kind: str,
    subject_id: UUID,
    recipient: str,
    language: Language,
    subject: Text,
    body: Text,
    stamp: Stamp,
) -> None:
    """Write an e-mail of the acting organisation and enqueue its sending; the same key again changes nothing."""
    me = acting_org(session)
    known = select(EmailMessage.id).where(EmailMessage.owner_id == me, EmailMessage.key == key)
    if session.scalars(known).first() is not None:
        return
    message_id = new_id()
    session.add(
        EmailMessage(
            id=message_id,
            owner_id=me,
            key=key,
            kind=kind,
            subject_id=subject_id,
            message_id=message_id_of(me, key),
            recipient=recipient,
            language=language,
            subject=subject.say(language),
            body=body.say(language),
            document_ids=[],
            state=SendingState.WAITING,
            written_at=stamp.at,
        )
    )
    session.flush()
    enqueue(session, send_email, key=f"email:{message_id}", owner_id=str(me), subject_id=str(message_id))
