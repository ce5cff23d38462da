"""Reads that need orders and runs together."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from server.core.acting import acting_org
from server.core.problems import NotFound, Text
from server.orders.listing import ListedOrder, OrderFilter, Today, list_orders
from server.orders.model import Order
from server.planning.model import Run, Stop, StopOrder


def orders_of_driver(session: Session, *, driver_id: UUID) -> list[UUID]:
    """Return the orders that ride on the acting carrier's runs of one driver."""
    return list(
        session.scalars(
            select(StopOrder.order_id)
            .join(Stop, Stop.id == StopOrder.stop_id)
            .join(Run, Run.id == Stop.run_id)
            .where(Run.driver_id == driver_id, Run.owner_id == acting_org(session))
        )
    )


def listed_order(session: Session, *, order_id: UUID, today: Today, driver_id: UUID | None = None) -> ListedOrder:
    """Return one order with its lines and buckets; a driver finds those of its own runs alone.

    Raises:
        NotFound: there is none, it is somebody else's, or on another driver's run.
    """
    mine = driver_id is None or order_id in orders_of_driver(session, driver_id=driver_id)
    chosen = OrderFilter(order_ids=[order_id] if mine else [])
    found, _ = list_orders(session, chosen=chosen, today=today, offset=0, limit=1)
    if not found:
        raise NotFound(Text("Cette commande n’existe pas.", "There is no such order."), where=str(order_id))
    session.scalars(select(Order).where(Order.id == order_id).options(selectinload(Order.lines))).one()
    return found[0]
