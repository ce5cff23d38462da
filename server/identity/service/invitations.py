"""Invitations: one-time, for two weeks, to one address, for a role that the inviter may give."""

from __future__ import annotations

import base64
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import ClassVar, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core import facts
from server.core.acting import acting_for, acting_org
from server.core.database import IDENTITY_ORG
from server.core.keys import derived_secret
from server.core.problems import Conflict, Language, NotFound, Problem, Text
from server.core.stamp import Stamp
from server.identity.events import INVITATION_MADE, INVITATION_REVOKED, INVITATION_USED
from server.identity.model import Invitation, Membership, OrganisationKind, Role, UserAccount
from server.identity.service.members import require_grantable
from server.identity.service.people import add_member, in_order, plain_email
from server.identity.tokens import token_hash
from shared.ids import new_id

LIFE: Final = timedelta(days=14)
MAX_OPEN: Final = 100


class InvitationGone(Problem):
    """The link is unknown, used, revoked or too old; which one is not said."""

    slug = "invitation-gone"
    status: ClassVar[int] = 410
    title = Text("Invitation échue", "Invitation over")


def invite(
    session: Session,
    *,
    email: str,
    roles: Collection[Role],
    org_id: UUID,
    kind: OrganisationKind,
    name: str,
    inviter_name: str,
    language: Language,
    stamp: Stamp,
    inviter_roles: Collection[Role] = (),
) -> Invitation:
    """Return a new invitation by the acting organisation into ``org_id``; an open one to the same address ends.

    ``inviter_roles`` are the inviter's where they invite into their own organisation; without any the caller has shown
    that the acting organisation keeps ``org_id``'s card (C26).

    A fact tells the job that writes the e-mail; nobody else learns the token.

    Raises:
        RoleNotGrantable: the inviter may not give one of the roles, or it does not exist in such an organisation.
        Conflict: the address is a member already, or there are ``MAX_OPEN`` open invitations.
    """
    if inviter_roles:
        require_grantable(inviter_roles, roles=roles, kind=kind)
    address = plain_email(email)
    mine = _open_invitations(session, stamp.at)
    _require_room(session, mine, org_id, address)
    for former in mine:
        if former.email == address and former.org_id == org_id:
            former.revoked_at = stamp.at
    made = Invitation(
        id=new_id(), owner_id=acting_org(session), party_ids=[IDENTITY_ORG], token_hash="", email=address,
        language=language, roles=in_order(roles), org_id=org_id, organisation_kind=kind, organisation_name=name,
        inviter_name=inviter_name, made_at=stamp.at, expires_at=stamp.at + LIFE,
    )  # fmt: skip
    made.token_hash = token_hash(token_of(made.id))
    session.add(made)
    session.flush()
    facts.record(session, INVITATION_MADE, made.id, stamp)
    return made


def token_of(invitation_id: UUID) -> str:
    """Return the 256-bit token of an invitation, derived under the server's secret: it lies in no table (ADR 0018)."""
    return base64.urlsafe_b64encode(derived_secret(f"invitation:{invitation_id}")).rstrip(b"=").decode()


def find_invitation(session: Session, token: str, *, at: datetime) -> Invitation:
    """Return the live invitation of a token; for the identity organisation.

    Raises:
        InvitationGone: there is none.
    """
    found = session.scalars(select(Invitation).where(Invitation.token_hash == token_hash(token))).one_or_none()
    if found is None or found.used_at or found.revoked_at or found.expires_at <= at:
        raise InvitationGone(
            Text(
                "Ce lien a déjà servi ou n’est plus bon. Demander une nouvelle invitation à qui l’a envoyé.",
                "This link was used or is not good any more. Ask whoever sent it for a new invitation.",
            )
        )
    return found


def accept_invitation(session: Session, token: str, *, account: UserAccount, stamp: Stamp) -> Membership:
    """Spend the invitation and give the account its roles; for the identity organisation. It works once.

    Raises:
        InvitationGone: as ``find_invitation``, or the account has another address.
    """
    found = find_invitation(session, token, at=stamp.at)
    with acting_for(session, found.owner_id):
        session.refresh(found, with_for_update=True)
        if found.used_at is not None or found.revoked_at is not None or found.email != account.email:
            raise InvitationGone(
                Text(
                    "Cette invitation est pour une autre adresse, ou a déjà servi.",
                    "This invitation is for another address, or was used.",
                )
            )
        found.used_at = stamp.at
        facts.record(session, INVITATION_USED, found.id, stamp)
    return add_member(
        session,
        organisation_id=found.org_id,
        organisation_kind=found.organisation_kind,
        organisation_name=found.organisation_name,
        account=account,
        roles=found.held,
        stamp=stamp,
    )


def revoke_invitation(session: Session, *, invitation_id: UUID, stamp: Stamp) -> Invitation:
    """Take an open invitation of the acting organisation back, at once.

    Raises:
        NotFound: there is no such invitation.
    """
    found = session.scalars(
        select(Invitation)
        .where(Invitation.id == invitation_id, Invitation.owner_id == acting_org(session))
        .with_for_update()
    ).one_or_none()
    if found is None:
        raise NotFound(Text("Cette invitation n’existe pas.", "There is no such invitation."), where="invitation_id")
    if found.used_at is None and found.revoked_at is None:
        found.revoked_at = stamp.at
        facts.record(session, INVITATION_REVOKED, found.id, stamp)
    return found


def _open_invitations(session: Session, at: datetime) -> list[Invitation]:
    return list(
        session.scalars(
            select(Invitation)
            .where(
                Invitation.owner_id == acting_org(session),
                Invitation.used_at.is_(None),
                Invitation.revoked_at.is_(None),
                Invitation.expires_at > at,
            )
            .with_for_update()
        )
    )


def _require_room(session: Session, mine: list[Invitation], org_id: UUID, address: str) -> None:
    known = select(Membership.id).where(Membership.owner_id == org_id, Membership.email == address)
    if session.scalars(known.where(Membership.disabled_at.is_(None))).first() is not None:
        raise Conflict(
            Text("Cette personne est déjà membre.", "This person is a member already."),
            where="email",
        )
    if len(mine) >= MAX_OPEN:
        raise Conflict(
            Text(
                f"{MAX_OPEN} invitations attendent déjà. En retirer avant d’en envoyer d’autres.",
                f"{MAX_OPEN} invitations wait already. Take some back before sending others.",
            ),
            where="email",
        )
