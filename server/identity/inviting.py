"""Inviting a colleague, as the caller."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy.orm import Session

from server.core.problems import Language
from server.core.web import actor, stamp
from server.identity.model import Invitation, OrganisationKind, Role
from server.identity.service import count_try, invite
from server.identity.service.limits import INVITE_ORG


def own_roles() -> tuple[Role, ...]:
    """Return the caller's own roles, which bound those that it gives."""
    return tuple(Role(one) for one in actor().roles)


def invite_colleague(session: Session, *, email: str, roles: Collection[Role], language: Language) -> Invitation:
    """Return the caller's invitation of somebody into the caller's own organisation.

    Raises:
        RoleNotGrantable, Conflict: as ``invite``.
        TooManyTries: the organisation invited too many people today.
    """
    me = actor()
    count_try(session, INVITE_ORG, str(me.org_id), at=stamp().at)
    return invite(
        session,
        email=email,
        roles=roles,
        org_id=me.org_id,
        kind=OrganisationKind(me.org_kind),
        name=me.org_name,
        inviter_name=me.display_name,
        inviter_roles=own_roles(),
        language=language,
        stamp=stamp(),
    )
