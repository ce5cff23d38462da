"""Inviting a client without an account, as the caller (C26)."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from server.core.web import actor, stamp
from server.identity.model import Invitation, Role
from server.identity.service import count_try, invite
from server.identity.service.limits import INVITE_ORG
from server.parties import queries
from server.parties.service.cards import require_kept


def invite_client(session: Session, *, buyer_id: UUID, email: str) -> Invitation:
    """Return the invitation of a client's owner; once it is used, the client keeps its own card and places.

    Raises:
        NotFound: the caller's organisation has no such client.
        NotKept: the client has an account already.
        Conflict: as ``invite``.
        TooManyTries: the organisation invited too many people today.
    """
    me = actor()
    queries.client_row(session, buyer_id=buyer_id)
    card = require_kept(session, org_id=buyer_id)
    count_try(session, INVITE_ORG, str(me.org_id), at=stamp().at)
    return invite(
        session,
        email=email,
        roles=(Role.OWNER,),
        org_id=card.id,
        kind=card.kind,
        name=card.name,
        inviter_name=f"{me.display_name}, {me.org_name}",
        language="en" if card.language == "en" else "fr",
        stamp=stamp(),
    )
