"""Jobs that tell one side of a relation or agreement what the other one said."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core import clock
from server.core.jobs import AGAIN, queue
from server.core.stamp import Stamp
from server.core.transaction import transaction
from server.notifications.service.telling import News, tell
from server.parties.model import Agreement, Organisation, Relation, RelationState
from server.parties.service.moving import Bond, other_side
from shared.problems import Text

_WHAT: Final = {True: Text("une entente", "an agreement"), False: Text("une relation", "a relation")}
_SAID: Final[Mapping[RelationState, tuple[Text, Text]]] = {
    RelationState.PROPOSED: (
        Text("{} propose {}", "{} proposes {}"),
        Text(
            "Y répondre à la page Partenaires. Aucune commande n’est possible avant.",
            "Answer it on the page Partners. No order is possible before.",
        ),
    ),
    RelationState.ACTIVE: (
        Text("{} accepte {}", "{} accepts {}"),
        Text("De nouvelles commandes sont possibles.", "New orders are possible."),
    ),
    RelationState.INACTIVE: (
        Text("{} met fin à {}", "{} ends {}"),
        Text(
            "Aucune nouvelle commande n’est possible; celles en cours se terminent.",
            "No new order is possible; those under way go on.",
        ),
    ),
}


@queue.task(name="notifications.tell_bond", retry=AGAIN)
def tell_bond(*, owner_id: str, subject_id: str) -> None:
    """Tell the side that did not have the last word (R027, R048)."""
    with transaction(UUID(owner_id)) as session:
        bond = _bond(session, UUID(subject_id))
        if bond.said_by_id is None or bond.said_at is None:
            return
        name = session.get_one(Organisation, bond.said_by_id).name
        news = news_of_bond(bond, name=name, said_at=bond.said_at)
        tell(
            session, recipient_id=other_side(bond, me=bond.said_by_id), news=news, stamp=Stamp(by=None, at=clock.now())
        )


def news_of_bond(bond: Bond, *, name: str, said_at: datetime) -> News:
    """Return what is told of a relation or agreement as ``name`` left it (R027, R048)."""
    what, (title, text) = _WHAT[isinstance(bond, Agreement)], _SAID[bond.state]
    return News(
        key=f"partner:{bond.id}:{said_at:%Y%m%d%H%M%S%f}",
        kind=f"partner.{bond.state.value}",
        subject_id=bond.id,
        title=Text(title.fr.format(name, what.fr), title.en.format(name, what.en)),
        text=text,
        link="/partenaires",
        members={"partner_id": str(bond.said_by_id), "state": bond.state.value},
    )


def _bond(session: Session, bond_id: UUID) -> Bond:
    related = session.scalars(select(Relation).where(Relation.id == bond_id)).one_or_none()
    return related or session.scalars(select(Agreement).where(Agreement.id == bond_id)).one()
