"""Who calls: the cookie of a browser, the token of a program or of a tablet."""

from __future__ import annotations

from flask import request

from server.core import clock
from server.core.database import IDENTITY_ORG
from server.core.transaction import transaction
from server.core.web.caller import Actor
from server.core.web.cookies import cookie_name
from server.identity.model import Device, Membership, OrganisationKind, Role, UserSession
from server.identity.permissions import REVOKED_TABLET_PERMISSIONS, TABLET_PERMISSIONS, held_as
from server.identity.service import find_device_token, find_session

SESSION_COOKIE = "tournee"
DEVICE_PREFIX = "tablet."
PROGRAM_PREFIX = "program."
_LONGEST_TOKEN = 200


def identify() -> Actor | None:
    """Return the caller, or None for a stranger; an Authorization header counts alone, without the cookie."""
    header = request.headers.get("Authorization")
    if header is None:
        return _by_session(request.cookies.get(cookie_name(SESSION_COOKIE), ""), from_browser=True)
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer":
        return None
    if token.startswith(DEVICE_PREFIX):
        return _by_device(token.removeprefix(DEVICE_PREFIX))
    return _by_session(token.removeprefix(PROGRAM_PREFIX), from_browser=False)


def _by_session(token: str, *, from_browser: bool) -> Actor | None:
    if not 0 < len(token) <= _LONGEST_TOKEN:
        return None
    with transaction(IDENTITY_ORG) as session:
        found = find_session(session, token, at=clock.now())
    if found is None or bool(found[0].csrf_token) != from_browser:
        return None
    return _member(*found)


def _by_device(token: str) -> Actor | None:
    if not 0 < len(token) <= _LONGEST_TOKEN:
        return None
    with transaction(IDENTITY_ORG) as session:
        device = find_device_token(session, token, at=clock.now())
    return None if device is None else _tablet(device)


def _member(live: UserSession, membership: Membership) -> Actor:
    doors = held_as(membership.held, membership.organisation_kind)
    return Actor(
        user_id=live.user_id,
        org_id=membership.owner_id,
        org_kind=membership.organisation_kind,
        org_name=membership.organisation_name,
        roles=membership.held,
        language="en" if live.language == "en" else "fr",
        display_name=membership.display_name,
        held_as={one: frozenset(givers) for one, givers in doors.items()},
        session_id=live.id,
        csrf_token=live.csrf_token,
    )


def _tablet(device: Device) -> Actor:
    return Actor(
        user_id=device.driver_id,
        org_id=device.owner_id,
        org_kind=OrganisationKind.DISTRIBUTOR,
        org_name="",
        roles=(Role.DRIVER,),
        language="fr",
        display_name=device.driver_name,
        held_as=dict.fromkeys(
            TABLET_PERMISSIONS if device.revoked_at is None else REVOKED_TABLET_PERMISSIONS, frozenset((Role.DRIVER,))
        ),
        device_id=device.id,
    )
