"""People and their places in organisations."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from server.core import facts
from server.core.acting import acting_for, acting_org
from server.core.database import IDENTITY_ORG
from server.core.problems import Language, Problem, Text
from server.core.stamp import Stamp
from server.identity.events import MEMBER_ADDED
from server.identity.model import Invitation, Membership, OrganisationKind, Role, UserAccount
from server.identity.permissions import column_of


class RoleElsewhere(Problem):
    """The role does not exist in this kind of organisation."""

    slug = "role-elsewhere"
    title = Text("Rôle d’une autre sorte d’organisation", "Role of another kind of organisation")


def add_user(
    session: Session, *, email: str, display_name: str, password_hash: str, language: Language, stamp: Stamp
) -> UserAccount:
    """Return the account of ``email``, made when there is none; an existing one keeps its password."""
    address = plain_email(email)
    with acting_for(session, IDENTITY_ORG):
        known = session.scalars(select(UserAccount).where(UserAccount.email == address)).one_or_none()
        if known is not None:
            return known
        account = UserAccount(
            owner_id=IDENTITY_ORG,
            email=address,
            display_name=display_name,
            password_hash=password_hash,
            language=language,
            created_at=stamp.at,
        )
        session.add(account)
    return account


def add_member(
    session: Session,
    *,
    organisation_id: UUID,
    organisation_kind: OrganisationKind,
    organisation_name: str,
    account: UserAccount,
    roles: Collection[Role],
    stamp: Stamp,
) -> Membership:
    """Give the account its roles in the organisation, which owns the membership; the sign-in door reads it.

    Who was a member before comes back in the new roles.

    Raises:
        RoleElsewhere: accountants, dispatchers, drivers and admins work inside suppliers and distributors only.

    Source: requirements, section 3.
    """
    if not roles or any(column_of(role, organisation_kind) is None for role in roles):
        raise RoleElsewhere(
            Text(
                "Ce rôle n’existe que chez un fournisseur ou un distributeur.",
                "This role exists inside a supplier or a distributor only.",
            ),
            where="roles",
        )
    with acting_for(session, organisation_id):
        former = select(Membership).where(
            Membership.owner_id == organisation_id,
            Membership.user_id == account.id,
            Membership.disabled_at.is_not(None),
        )
        membership = session.scalars(former.with_for_update()).one_or_none() or Membership(
            owner_id=organisation_id, party_ids=[IDENTITY_ORG], user_id=account.id
        )
        membership.email = account.email
        membership.display_name = account.display_name
        membership.roles = in_order(roles)
        membership.organisation_kind = organisation_kind
        membership.organisation_name = organisation_name
        membership.disabled_at = None
        session.add(membership)
        session.flush()
        facts.record(session, MEMBER_ADDED, membership.id, stamp)
    return membership


def rename_organisation(session: Session, *, name: str) -> None:
    """Show the acting organisation under another name where people choose it, and in invitations that wait."""
    me = acting_org(session)
    session.execute(update(Membership).where(Membership.owner_id == me).values(organisation_name=name))
    mine = update(Invitation).where(Invitation.owner_id == me, Invitation.org_id == me)
    session.execute(mine.values(organisation_name=name))


def in_order(roles: Collection[Role]) -> list[str]:
    """Return roles as they are kept: each once, in the order of ``Role``."""
    return [role.value for role in Role if role in roles]


def plain_email(email: str) -> str:
    """Return the address as accounts are found by it."""
    return email.strip().casefold()
