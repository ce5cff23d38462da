"""Reads that need orders and runs together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from server.billing.service.holding import rules_for
from server.core.acting import acting_org
from server.core.problems import NotFound, Text
from server.dashboard.listing import PAGE_ROWS, Listed
from server.delivery.queries import latest_delivery
from server.orders.listing import ListedOrder, OrderFilter, Today, list_orders
from server.orders.model import Order
from server.orders.pricing import goods_of, prices_of
from server.parties import queries as parties
from server.planning.model import Run, Stop, StopOrder
from shared.priced import PricedDocument
from shared.pricing import price_order


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideOrder:
    """A delivered order that its seller invoices in its own system, with what the received quantities come to."""

    order: Order
    buyer_name: str
    received: PricedDocument
    is_short: bool


def orders_to_invoice_outside(session: Session, *, today: Today, page: int) -> Listed[OutsideOrder]:
    """Return a page of the acting seller's delivered orders that wait for their outside invoice, newest first.

    Source: R010, C14.
    """
    chosen = OrderFilter(to_invoice_outside=True, seller_id=acting_org(session))
    offset = (page - 1) * PAGE_ROWS
    found, total = list_orders(session, chosen=chosen, today=today, offset=offset, limit=PAGE_ROWS)
    wanted = [one.order.id for one in found]
    session.scalars(select(Order).where(Order.id.in_(wanted)).options(selectinload(Order.lines))).all()
    names = parties.names(session, org_ids={one.order.buyer_id for one in found})
    rows = [_outside(session, one.order, names, today) for one in found]
    return Listed(rows, page, total > offset + len(rows))


def _outside(session: Session, order: Order, names: Mapping[UUID, str], today: Today) -> OutsideOrder:
    delivery = latest_delivery(session, order_id=order.id)
    received = {str(line.order_line_id): line.delivered for line in delivery.lines} if delivery else None
    zone = today.began_at.tzinfo
    day = order.delivered_at.astimezone(zone).date() if order.delivered_at else today.day
    prices = prices_of(order, taxes=rules_for(session, order=order, on=day))
    priced = price_order(goods_of(order), prices, received)
    is_short = priced.total_cents != order.total_cents
    return OutsideOrder(order=order, buyer_name=names.get(order.buyer_id, ""), received=priced, is_short=is_short)


def orders_of_driver(session: Session, *, driver_id: UUID) -> list[UUID]:
    """Return the orders that ride on the acting carrier's runs of one driver, and those that the driver drafted."""
    me = acting_org(session)
    riding = (
        select(StopOrder.order_id)
        .join(Stop, Stop.id == StopOrder.stop_id)
        .join(Run, Run.id == Stop.run_id)
        .where(Run.driver_id == driver_id, Run.owner_id == me)
    )
    drafted = select(Order.id).where(Order.created_by == driver_id, Order.created_by_org_id == me)
    return list(session.scalars(riding.union(drafted)))


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
