"""Who may come in: people, their roles in an organisation, and tablets with a key of their own."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.core.database import Owned


class OrganisationKind(StrEnum):
    """What an organisation mainly is. A self-distributing supplier is its own distributor."""

    SUPPLIER = "supplier"
    DISTRIBUTOR = "distributor"
    RETAILER = "retailer"
    AGENT = "agent"


class Role(StrEnum):
    """What a member does in an organisation (requirements, section 3)."""

    OWNER = "owner"  # the organisation's own column of the matrix: supplier, distributor, retailer or agent
    DISPATCHER = "dispatcher"
    DRIVER = "driver"
    ACCOUNTANT = "accountant"
    ADMIN = "admin"


class UserAccount(Owned):
    """A person who signs in. Belongs to the identity organisation; what they may do stands in memberships."""

    __tablename__ = "user_account"

    email: Mapped[str] = mapped_column(unique=True)
    display_name: Mapped[str]
    password_hash: Mapped[str]
    language: Mapped[str] = mapped_column(default="fr")
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]


ROLE_NAMES = tuple(role.value for role in Role)
_KNOWN_ROLES = f"roles <@ ARRAY[{', '.join(repr(name) for name in ROLE_NAMES)}] AND cardinality(roles) > 0"


class Membership(Owned):
    """A person's roles in one organisation, which owns the row; the sign-in door reads it."""

    __tablename__ = "membership"
    __table_args__ = (UniqueConstraint("owner_id", "user_id"), CheckConstraint(_KNOWN_ROLES, name="roles"))

    user_id: Mapped[UUID] = mapped_column(index=True)
    email: Mapped[str]
    display_name: Mapped[str]
    roles: Mapped[list[str]]  # one or more values of ``Role``, in its order
    organisation_kind: Mapped[OrganisationKind]  # what a role may do depends on it
    organisation_name: Mapped[str]
    nip_hash: Mapped[str] = mapped_column(default="")
    disabled_at: Mapped[datetime | None]

    @property
    def held(self) -> tuple[Role, ...]:
        """Return the roles."""
        return tuple(Role(name) for name in self.roles)


class Invitation(Owned):
    """A one-time way into an organisation, sent to an e-mail address; only the hash of its token is kept.

    Owned by who invites; ``org_id`` is the organisation that is joined: the inviter's own, or a client's that has no
    account yet (C26). The sign-in door reads it.
    """

    __tablename__ = "invitation"
    __table_args__ = (CheckConstraint(_KNOWN_ROLES, name="roles"),)

    token_hash: Mapped[str] = mapped_column(unique=True)
    email: Mapped[str]
    language: Mapped[str]
    roles: Mapped[list[str]]  # as a membership's
    org_id: Mapped[UUID]
    organisation_kind: Mapped[OrganisationKind]
    organisation_name: Mapped[str]
    inviter_name: Mapped[str]
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    @property
    def held(self) -> tuple[Role, ...]:
        """Return the roles that it gives."""
        return tuple(Role(name) for name in self.roles)


class UserSession(Owned):
    """A browser's or a program's session, found by the hash of its token; rotated at sign-in, gone at sign-out.

    A program's has no ``csrf_token``: it is good as a bearer token only, and a browser's as a cookie only.
    """

    __tablename__ = "user_session"

    token_hash: Mapped[str] = mapped_column(unique=True)
    csrf_token: Mapped[str]
    user_id: Mapped[UUID] = mapped_column(index=True)
    membership_id: Mapped[UUID]  # says which organisation and role, as they are now
    language: Mapped[str]
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class RateWindow(Owned):
    """How often something was tried in a window of time; the limit lives in PostgreSQL, for all web processes."""

    __tablename__ = "rate_window"
    __table_args__ = (UniqueConstraint("owner_id", "bucket", "window_starts_at"),)

    bucket: Mapped[str]
    window_starts_at: Mapped[datetime]
    count: Mapped[int]


class Device(Owned):
    """A tablet of a carrier, known by its Ed25519 public key."""

    __tablename__ = "device"

    name: Mapped[str]
    public_key: Mapped[bytes] = mapped_column(unique=True)
    driver_id: Mapped[UUID]
    driver_name: Mapped[str]
    enrolled_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    seen_at: Mapped[datetime | None]
    app_version: Mapped[str] = mapped_column(default="")


class EnrolmentCode(Owned):
    """A one-time code of 128 bits, shown as a QR code for 10 minutes; only its hash is kept."""

    __tablename__ = "enrolment_code"

    code_hash: Mapped[str] = mapped_column(unique=True)
    driver_id: Mapped[UUID]
    driver_name: Mapped[str]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    device_id: Mapped[UUID | None]


class DeviceChallenge(Owned):
    """A nonce that a tablet signs to get a token; good once and for a minute."""

    __tablename__ = "device_challenge"

    device_id: Mapped[UUID] = mapped_column(index=True)
    nonce_hash: Mapped[str] = mapped_column(unique=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class DeviceToken(Owned):
    """A bearer token of 15 minutes, found by its hash."""

    __tablename__ = "device_token"

    token_hash: Mapped[str] = mapped_column(unique=True)
    device_id: Mapped[UUID] = mapped_column(index=True)
    carrier_id: Mapped[UUID]
    expires_at: Mapped[datetime]
