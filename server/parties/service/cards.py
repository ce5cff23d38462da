"""An organisation's card: kept by itself, or by its seller while it has no account (C26)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final
from uuid import UUID

from sqlalchemy.orm import Session

from server.core import facts
from server.core.acting import acting_for, acting_org
from server.core.problems import Problem, Text
from server.core.stamp import Stamp
from server.parties import events
from server.parties.model import Organisation
from server.parties.queries import organisation

CARD_FIELDS: Final = ("name", "legal_name", "email", "phone", "language", "street", "city", "postal_code")
OWN_FIELDS: Final = (*CARD_FIELDS, "footer_fr", "footer_en")


class NotKept(Problem):
    """The organisation keeps its own card and places; its seller reads them."""

    slug = "keeps-its-own-card"
    status: ClassVar[int] = 403
    title = Text("Fiche tenue par ce client", "Card kept by this client")


def is_kept(session: Session, other: Organisation) -> bool:
    """Say whether the acting organisation may change this one's card and places: its own, or one without an account."""
    return acting_org(session) in {other.id, other.kept_by_id}


def require_kept(session: Session, *, org_id: UUID) -> Organisation:
    """Return an organisation whose card and places the acting one keeps.

    Raises:
        NotFound: it is a stranger.
        NotKept: it has an account and keeps them itself.
    """
    found = organisation(session, org_id=org_id)
    if not is_kept(session, found):
        raise NotKept(
            Text(
                "Ce client a un compte\u00a0: il tient lui-même sa fiche et ses lieux. Lui demander le changement.",
                "This client has an account: it keeps its card and places itself. Ask it for the change.",
            ),
            where="org_id",
        )
    return found


def revise_card(session: Session, *, org_id: UUID, changes: Mapping[str, Any], stamp: Stamp) -> Organisation:
    """Return an organisation with its card changed as named; the same again changes nothing.

    Raises:
        NotFound, NotKept: as ``require_kept``.
    """
    require_kept(session, org_id=org_id)
    with acting_for(session, org_id):
        card = session.get_one(Organisation, org_id, with_for_update=True)
        moved = {name: changes[name] for name in OWN_FIELDS if name in changes and changes[name] != getattr(card, name)}
        for name, value in moved.items():
            setattr(card, name, value)
        if moved:
            facts.record(session, events.CARD_CHANGED, card.id, stamp, readers=tuple(card.party_ids))
    return card


def hand_over(session: Session, *, org_id: UUID, stamp: Stamp) -> None:
    """Let an organisation keep its own card and places from now on: somebody of it has an account (C26)."""
    with acting_for(session, org_id):
        card = session.get_one(Organisation, org_id, with_for_update=True)
        if card.kept_by_id is not None:
            card.kept_by_id = None
            facts.record(session, events.CARD_CHANGED, card.id, stamp, readers=tuple(card.party_ids))
