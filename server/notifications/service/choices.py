"""What a reader switched on and off.

Without a choice a member reads in the application, and an organisation gets by e-mail what its event says.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from server.core.acting import acting_for, acting_org
from server.core.keys import derived_secret
from server.core.problems import NotFound, Text
from server.notifications.choosing import BY_PREFIX, EVENTS
from server.notifications.model import NotificationChoice
from shared.ids import new_id


@dataclass(frozen=True, slots=True)
class Choice:
    """In the application, and by e-mail."""

    in_app: bool
    by_email: bool


def choices_of(session: Session, *, reader_id: UUID) -> dict[str, Choice]:
    """Return a reader's choice for every event of the acting organisation, by the event's prefix."""
    is_ours = reader_id == acting_org(session)
    usual = {event.prefix: Choice(in_app=True, by_email=is_ours and event.mailed) for event in EVENTS}
    kept = session.scalars(
        select(NotificationChoice).where(
            NotificationChoice.owner_id == acting_org(session), NotificationChoice.reader_id == reader_id
        )
    )
    found = {one.event: Choice(one.in_app, one.by_email) for one in kept}
    return usual | {event.prefix: found[event.prefix] for event in EVENTS if event.prefix in found}


def hidden_events(session: Session, *, reader_id: UUID) -> frozenset[str]:
    """Return the events that a member does not read in the application."""
    return frozenset(prefix for prefix, one in choices_of(session, reader_id=reader_id).items() if not one.in_app)


def choose(session: Session, *, reader_id: UUID, wanted: Mapping[str, Choice]) -> None:
    """Keep a reader's choices for the named events; the others stay.

    Raises:
        NotFound: there is no such event.
    """
    if unknown := sorted(set(wanted) - set(BY_PREFIX)):
        raise NotFound(Text("Cet événement n’existe pas.", "There is no such event."), where=unknown[0])
    for prefix, one in sorted(wanted.items()):
        row = {
            "id": new_id(), "owner_id": acting_org(session), "party_ids": [], "reader_id": reader_id, "event": prefix,
        }  # fmt: skip
        said = {"in_app": one.in_app, "by_email": one.by_email}
        session.execute(
            insert(NotificationChoice)
            .values(row | said)
            .on_conflict_do_update(index_elements=["owner_id", "reader_id", "event"], set_=said)
        )


def readers_by_email(session: Session, *, event: str) -> list[UUID]:
    """Return the readers who want an event of the acting organisation by e-mail, by their own choice."""
    return list(
        session.scalars(
            select(NotificationChoice.reader_id).where(
                NotificationChoice.owner_id == acting_org(session),
                NotificationChoice.event == event,
                NotificationChoice.by_email,
            )
        )
    )


def wants_no_email(session: Session, *, event: str) -> bool:
    """Say whether the acting organisation's own address wants no e-mail of this event."""
    return not choices_of(session, reader_id=acting_org(session))[event].by_email


def unsubscribe_token(*, owner_id: UUID, reader_id: UUID, event: str) -> str:
    """Return the token of an e-mail's « unsubscribe » link, derived under the server's secret (ADR 0018)."""
    secret = derived_secret(f"unsubscribe:{owner_id}:{reader_id}:{event}")
    return base64.urlsafe_b64encode(secret).rstrip(b"=").decode()


def unsubscribe(session: Session, *, owner_id: UUID, reader_id: UUID, event: str, token: str) -> None:
    """Switch one reader's e-mails of one event off, by the link of such an e-mail.

    Raises:
        NotFound: the link was changed.
    """
    good = unsubscribe_token(owner_id=owner_id, reader_id=reader_id, event=event)
    if event not in BY_PREFIX or not hmac.compare_digest(good, token):
        raise NotFound(
            Text("Ce lien n’est pas complet. Le copier en entier.", "This link is not whole. Copy all of it.")
        )
    with acting_for(session, owner_id):
        before = choices_of(session, reader_id=reader_id)[event]
        choose(session, reader_id=reader_id, wanted={event: Choice(before.in_app, by_email=False)})
