"""Reads about people and tablets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import any_, literal, select
from sqlalchemy.orm import Session

from server.core.acting import acting_org
from server.core.problems import NotFound, Text
from server.identity.model import Device, Invitation, Membership, Role, UserAccount
from server.identity.service.people import plain_email


def account_by_email(session: Session, email: str) -> UserAccount | None:
    """Return the account that may sign in under ``email``, or None; for the identity organisation."""
    return session.scalars(
        select(UserAccount).where(UserAccount.email == plain_email(email), UserAccount.disabled_at.is_(None))
    ).one_or_none()


def memberships_of(session: Session, user_id: UUID) -> Sequence[Membership]:
    """Return the person's places, by organisation; for the identity organisation."""
    return session.scalars(
        select(Membership)
        .where(Membership.user_id == user_id, Membership.disabled_at.is_(None))
        .order_by(Membership.organisation_name, Membership.id)
    ).all()


def drivers(session: Session) -> Sequence[Membership]:
    """Return the drivers of the acting organisation by name."""
    return session.scalars(
        select(Membership)
        .where(
            Membership.owner_id == acting_org(session),
            literal(Role.DRIVER.value) == any_(Membership.roles),
            Membership.disabled_at.is_(None),
        )
        .order_by(Membership.display_name, Membership.id)
    ).all()


def member_names(session: Session, user_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Return the names of the acting organisation's members among these users."""
    rows = session.execute(
        select(Membership.user_id, Membership.display_name).where(Membership.user_id.in_(set(user_ids)))
    )
    return {row.user_id: row.display_name for row in rows}


def members(session: Session) -> Sequence[Membership]:
    """Return the live members of the acting organisation by name."""
    return session.scalars(
        select(Membership)
        .where(Membership.owner_id == acting_org(session), Membership.disabled_at.is_(None))
        .order_by(Membership.display_name, Membership.id)
    ).all()


def open_invitations(session: Session, *, at: datetime) -> Sequence[Invitation]:
    """Return the invitations of the acting organisation that nobody answered yet, the newest first."""
    return session.scalars(
        select(Invitation)
        .where(
            Invitation.owner_id == acting_org(session),
            Invitation.used_at.is_(None),
            Invitation.revoked_at.is_(None),
            Invitation.expires_at > at,
        )
        .order_by(Invitation.made_at.desc(), Invitation.id)
    ).all()


def driver(session: Session, user_id: UUID) -> Membership:
    """Return one driver of the acting organisation.

    Raises:
        NotFound: nobody of that id drives here.
    """
    for member in drivers(session):
        if member.user_id == user_id:
            return member
    raise NotFound(Text("Ce membre n’est pas livreur ici.", "This member is not a driver here."), where=str(user_id))


def devices(session: Session) -> Sequence[Device]:
    """Return the tablets of the acting organisation, those in service first."""
    return session.scalars(
        select(Device)
        .where(Device.owner_id == acting_org(session))
        .order_by(Device.revoked_at.is_not(None), Device.driver_name, Device.enrolled_at)
    ).all()


def revoked_devices(session: Session) -> Sequence[Device]:
    """Return the acting organisation's revoked tablets, oldest revocation first."""
    return session.scalars(
        select(Device)
        .where(Device.owner_id == acting_org(session), Device.revoked_at.is_not(None))
        .order_by(Device.revoked_at, Device.id)
    ).all()


def carrier_name(session: Session, device: Device) -> str:
    """Return the name of the organisation whose tablet it is; for the identity organisation."""
    return session.scalars(
        select(Membership.organisation_name)
        .where(Membership.owner_id == device.owner_id, Membership.user_id == device.driver_id)
        .limit(1)
    ).one()
