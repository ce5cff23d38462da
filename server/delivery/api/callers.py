"""Who asks for a proof, as the doors know it."""

from __future__ import annotations

from uuid import UUID

from server.core.web import actor
from server.delivery.sharing.noting import Reader
from server.identity.model import Role
from server.identity.permissions import Permission


def driver_only() -> UUID | None:
    """Return the caller when it drives: a driver reads own visits alone (section 3)."""
    return actor().user_id if actor().only(Role.DRIVER, permission=Permission.PROOF_READ) else None


def reader() -> Reader:
    """Return the caller as the access log names it."""
    who = actor()
    return Reader(org_id=who.org_id, org_name=who.org_name, person_id=who.user_id, person_name=who.display_name)
