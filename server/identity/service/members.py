"""Members of an organisation: who gives which role, and who stays responsible."""

from __future__ import annotations

from collections.abc import Collection
from typing import ClassVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core import facts
from server.core.acting import acting_org
from server.core.problems import NotFound, Problem, Text
from server.core.stamp import Stamp
from server.identity.events import MEMBER_CHANGED, MEMBER_REMOVED
from server.identity.model import Membership, OrganisationKind, Role
from server.identity.permissions import Permission, allows, column_of
from server.identity.service.people import in_order
from shared.ids import new_id


class RoleNotGrantable(Problem):
    """The role is not one that this member may give here."""

    slug = "role-not-grantable"
    status: ClassVar[int] = 403
    title = Text("Rôle qui n’est pas à donner", "Role not to be given")


class LastAdministrator(Problem):
    """Nobody would be left to keep the members."""

    slug = "last-administrator"
    status: ClassVar[int] = 409
    title = Text("Dernier administrateur", "Last administrator")


def grantable_roles(giver: Collection[Role], kind: OrganisationKind) -> tuple[Role, ...]:
    """Return the roles that a member may give in an organisation of ``kind``, never more than their own.

    Its owner may give each that exists there; an administrator all but the owner's; nobody else any.

    Source: requirements, section 3 (Users, roles).
    """
    if not allows(giver, kind, Permission.MEMBER_ADMINISTER):
        return ()
    known = (role for role in Role if column_of(role, kind) is not None)
    return tuple(role for role in known if Role.OWNER in giver or role is not Role.OWNER)


def require_grantable(giver: Collection[Role], *, roles: Collection[Role], kind: OrganisationKind) -> None:
    """Accept roles that the giver may give, and take.

    Raises:
        RoleNotGrantable: one is beyond the giver's own, or does not exist in such an organisation.
    """
    if not set(roles) <= set(grantable_roles(giver, kind)):
        raise RoleNotGrantable(
            Text(
                "Personne ne donne plus que son propre rôle. Choisir un autre rôle, ou demander au propriétaire.",
                "Nobody gives more than their own role. Choose another role, or ask the owner.",
            ),
            where="roles",
        )


def change_roles(
    session: Session, *, membership_id: UUID, roles: Collection[Role], giver: Collection[Role], stamp: Stamp
) -> Membership:
    """Return a member of the acting organisation with exactly these roles; a member holds the union of what they allow.

    Raises:
        NotFound: there is no such member.
        RoleNotGrantable: a role that comes or goes is beyond the giver's own.
        LastAdministrator: nobody else could keep the members.
    """
    member = _locked(session, membership_id)
    require_grantable(giver, roles=set(member.held) ^ set(roles), kind=member.organisation_kind)
    if not _answers(roles, member.organisation_kind):
        _require_another(session, member)
    if member.roles != (kept := in_order(roles)):
        member.roles = kept
        facts.record(session, MEMBER_CHANGED, member.id, stamp)
    return member


def leave_organisation(session: Session, *, stamp: Stamp) -> Membership:
    """Take the acting member's own place away, at once.

    Raises:
        NotFound: whoever acts is no member here.
        LastAdministrator: nobody else could keep the members.
    """
    mine = select(Membership.id).where(
        Membership.owner_id == acting_org(session), Membership.user_id == stamp.by, Membership.disabled_at.is_(None)
    )
    return remove_member(session, membership_id=session.scalar(mine) or new_id(), giver=(), stamp=stamp)


def remove_member(session: Session, *, membership_id: UUID, giver: Collection[Role], stamp: Stamp) -> Membership:
    """Take a member's place away, at once: their sessions here are over. One may leave by oneself.

    Raises:
        NotFound: there is no such member.
        RoleNotGrantable: one of the member's roles is beyond the giver's own.
        LastAdministrator: nobody else could keep the members.
    """
    member = _locked(session, membership_id)
    if member.user_id != stamp.by:
        require_grantable(giver, roles=member.held, kind=member.organisation_kind)
    _require_another(session, member)
    member.disabled_at = stamp.at
    facts.record(session, MEMBER_REMOVED, member.id, stamp)
    return member


def _locked(session: Session, membership_id: UUID) -> Membership:
    """Lock every live member of the organisation, so that two who leave at once do not both go; return one."""
    members = session.scalars(
        select(Membership)
        .where(Membership.owner_id == acting_org(session), Membership.disabled_at.is_(None))
        .order_by(Membership.id)
        .with_for_update()
    ).all()
    for member in members:
        if member.id == membership_id:
            return member
    raise NotFound(Text("Ce membre n’existe pas.", "There is no such member."), where="membership_id")


def _require_another(session: Session, leaving: Membership) -> None:
    if not _answers(leaving.held, leaving.organisation_kind):
        return
    others = session.scalars(
        select(Membership).where(
            Membership.owner_id == leaving.owner_id,
            Membership.disabled_at.is_(None),
            Membership.id != leaving.id,
        )
    )
    if not any(_answers(one.held, one.organisation_kind) for one in others):
        raise LastAdministrator(
            Text(
                "Il ne resterait personne pour gérer les membres. Nommer d’abord un autre administrateur.",
                "Nobody would be left to keep the members. Name another administrator first.",
            ),
            where="membership_id",
        )


def _answers(roles: Collection[Role], kind: OrganisationKind) -> bool:
    """Say whether somebody of these roles answers for the organisation: its owner, or who keeps its members."""
    return Role.OWNER in roles or allows(roles, kind, Permission.MEMBER_ADMINISTER)
