"""Where the matrix says « limited », the limits that a role has by itself (section 3)."""

from __future__ import annotations

from uuid import UUID

from server.core.problems import Forbidden, Text
from server.core.web import actor
from server.identity.model import OrganisationKind, Role
from server.identity.permissions import Grant, Permission, grant_of


def driver_limit() -> UUID | None:
    """Return the driver whose own runs are all that the caller may see, or None."""
    return actor().user_id if actor().only(Role.DRIVER, permission=Permission.ORDER_READ) else None


def require_whole(permission: Permission) -> None:
    """Refuse a member of a company whose role holds the permission only in part: a driver's draft, a dispatcher's day.

    Raises:
        Forbidden: what this door does is outside that part.
    """
    roles, kind = [Role(one) for one in actor().roles], OrganisationKind(actor().org_kind)
    inner = actor().only(Role.DRIVER, Role.DISPATCHER, permission=permission)
    if inner and grant_of(roles, kind, permission) is not Grant.FULL:
        raise Forbidden(
            Text(
                "Votre rôle ne permet qu’une partie de cette action. Demandez à un responsable.",
                "Your role allows only a part of this action. Ask somebody in charge.",
            ),
            permission=permission.value,
        )
