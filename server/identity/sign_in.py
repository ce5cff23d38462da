"""The steps of signing in that need no session: counted, checked, chosen."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from server.identity.model import Membership
from server.identity.service.sessions import refused


def choose_membership(memberships: Sequence[Membership], organisation_id: UUID | None) -> Membership:
    """Return the place in which the person signs in: the one asked for, else the first.

    Raises:
        SignInRefused: there is none.
    """
    for membership in memberships:
        if organisation_id in (None, membership.owner_id):
            return membership
    raise refused()
