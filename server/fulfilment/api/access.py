"""Where the matrix says « limited », the limits that a role has by itself (section 3)."""

from __future__ import annotations

from uuid import UUID

from server.core.problems import Forbidden, NotFound, Text
from server.core.web import actor
from server.delivery.model import Delivery
from server.fulfilment.service.by_hand import WITHOUT_CARRIER
from server.identity.model import OrganisationKind, Role
from server.identity.permissions import Grant, Permission, grant_of
from server.orders.model import Order


def driver_limit() -> UUID | None:
    """Return the driver whose own runs are all that the caller may see, or None."""
    return actor().user_id if actor().only(Role.DRIVER, permission=Permission.ORDER_READ) else None


def require_teller(order: Order) -> None:
    """Let a role record by hand what an order's customer accepted; whose order it is, the service holds.

    Where no carrier is named, that is a step of the seller's; else the carrier's office says it, never a driver: a
    driver's tablet has it signed.

    Raises:
        Forbidden: the caller's role does neither.

    Source: section 3 (record delivered quantities: the distributor, and its dispatcher with a reason).
    """
    wanted = Permission.ORDER_ACCEPT if order.distribution in WITHOUT_CARRIER else Permission.DELIVERY_RECORD
    if not actor().may(wanted) or actor().only(Role.DRIVER, permission=wanted):
        raise _not_your_role(wanted)


def require_corrector(order: Order, delivery: Delivery) -> None:
    """Let a role correct a delivery: at a stop the dispatcher's, by hand without a carrier whoever records it.

    Raises:
        Forbidden: the caller's role does neither.
        NotFound: another organisation keeps the delivery.
    """
    if delivery.hand_record_id is not None and order.distribution in WITHOUT_CARRIER:
        require_teller(order)
    elif not actor().may(Permission.STOP_CORRECT):
        raise _not_your_role(Permission.STOP_CORRECT)
    else:
        require_whole(Permission.STOP_CORRECT)
    if delivery.owner_id != actor().org_id:
        raise NotFound(Text("Cette livraison n’existe pas.", "There is no such delivery."), where=str(delivery.id))


def require_whole(permission: Permission) -> None:
    """Refuse a member of a company whose role holds the permission only in part: a driver's draft, a dispatcher's day.

    Raises:
        Forbidden: what this door does is outside that part.
    """
    roles, kind = [Role(one) for one in actor().roles], OrganisationKind(actor().org_kind)
    inner = actor().only(Role.DRIVER, Role.DISPATCHER, permission=permission)
    if inner and grant_of(roles, kind, permission) is not Grant.FULL:
        raise _not_your_role(permission)


def _not_your_role(permission: Permission) -> Forbidden:
    return Forbidden(
        Text(
            "Votre rôle ne permet qu’une partie de cette action. Demandez à un responsable.",
            "Your role allows only a part of this action. Ask somebody in charge.",
        ),
        permission=permission.value,
    )
