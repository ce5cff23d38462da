"""Relations, agreements and webhooks as subjects of news."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from server.core.facts import Fact
from server.notifications import queries
from server.notifications.following.lines import Part
from server.notifications.following.subjects.subject import Subject, plain, some
from server.notifications.model import WebhookEndpoint
from server.parties.model import Agreement, Organisation, Relation
from server.parties.service.moving import Bond, other_side
from shared.problems import Text

_WHAT: Final = {True: Text("une entente", "an agreement"), False: Text("une relation", "a relation")}


def bond_of(session: Session, fact: Fact) -> Subject:
    """Return a relation or agreement, for the side that did not have the last word (R027, R048)."""
    bond: Bond = session.get(Relation, fact.subject_id) or session.get_one(Agreement, fact.subject_id)
    if bond.said_by_id is None or bond.said_at is None:
        return Subject(id=bond.id, link="", parts={}, words={}, members={})
    name = session.get_one(Organisation, bond.said_by_id).name
    return moved(bond, name=name, said_at=bond.said_at, other_id=other_side(bond, me=bond.said_by_id))


def moved(bond: Bond, *, name: str, said_at: datetime, other_id: UUID) -> Subject:
    """Return a relation or agreement as ``name`` left it."""
    return Subject(
        id=bond.id,
        link="/partenaires",
        parts={Part.READER: some(other_id)},
        words={"partner": plain(name), "what": _WHAT[isinstance(bond, Agreement)]},
        members={"partner_id": str(bond.said_by_id), "state": bond.state.value},
        state=bond.state.value,
        once=f"{said_at:%Y%m%d%H%M%S%f}",
    )


def webhook_of(session: Session, fact: Fact) -> Subject:
    """Return a webhook, for its owner, with where to take it up again."""
    return suspended(queries.endpoint(session, fact.subject_id))


def suspended(one: WebhookEndpoint) -> Subject:
    """Return a webhook as it stands."""
    return Subject(
        id=one.id,
        link=f"/webhooks/{one.id}",
        parts={Part.OWNER: some(one.owner_id)},
        words={"url": plain(one.url)},
        members={},
        state="suspended" if one.suspended_at else "",
        once=one.suspended_at.isoformat() if one.suspended_at else "",
    )
