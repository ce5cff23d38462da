"""Reads over orders."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session, selectinload
from sqlalchemy.orm.attributes import set_committed_value

from server.core.database import among
from server.core.problems import NotFound, Text
from server.orders.model import Order, OrderEntry, OrderLine, OrderRequest
from server.parties.model import BillingType
from shared.states import OrderState

_TAKES_STOCK = (OrderState.ACCEPTED, OrderState.PLANNED, OrderState.SHIPPED)
_FELL_THROUGH = (OrderState.REJECTED, OrderState.EXPIRED, OrderState.CANCELLED)


def order(session: Session, *, order_id: UUID) -> Order:
    """Return an order with its lines, among those that the acting organisation may read.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    found = session.scalars(select(Order).where(Order.id == order_id).options(selectinload(Order.lines))).one_or_none()
    if found is None:
        raise NotFound(Text("Cette commande n’existe pas.", "There is no such order."), where=str(order_id))
    return found


def orders(session: Session, *, order_ids: Iterable[UUID]) -> list[Order]:
    """Return these orders with their lines, by number; what the acting organisation may not read is absent."""
    chosen = select(Order).where(among(Order.id, order_ids)).order_by(Order.number, Order.id)
    return load_lines(session, session.scalars(chosen))


def billing_types(session: Session, *, order_ids: Iterable[UUID]) -> dict[UUID, BillingType]:
    """Return how each of these orders is billed; what the acting organisation may not read is absent."""
    rows = session.execute(select(Order.id, Order.billing_type).where(among(Order.id, order_ids)))
    return {row.id: row.billing_type for row in rows}


def load_lines(session: Session, orders: Iterable[Order]) -> list[Order]:
    """Return orders with their lines as the database has them now, read by one statement for all."""
    found = {order.id: order for order in orders}
    lines: dict[UUID, list[OrderLine]] = {order_id: [] for order_id in found}
    of_them = select(OrderLine).where(among(OrderLine.order_id, found)).order_by(OrderLine.position)
    for line in session.scalars(of_them.execution_options(populate_existing=True)):
        lines[line.order_id].append(line)
    for order in found.values():
        set_committed_value(order, "lines", lines[order.id])
    return list(found.values())


def timeline(session: Session, *, order_id: UUID) -> Sequence[OrderEntry]:
    """Return what happened to an order, oldest first (R053)."""
    return session.scalars(
        select(OrderEntry).where(OrderEntry.order_id == order_id).order_by(OrderEntry.at, OrderEntry.id)
    ).all()


def is_revised_since(session: Session, *, order_id: UUID, at: datetime) -> bool:
    """Say whether somebody changed the content of an order after this instant; the session acts for a party of it."""
    later = select(OrderEntry.id).where(
        OrderEntry.order_id == order_id, OrderEntry.kind == "revised", OrderEntry.at > at
    )
    return session.scalar(later.limit(1)) is not None


def requests(session: Session, *, order_id: UUID) -> Sequence[OrderRequest]:
    """Return what the buyer asked for on an order, oldest first (C13)."""
    return session.scalars(
        select(OrderRequest).where(OrderRequest.order_id == order_id).order_by(OrderRequest.asked_at, OrderRequest.id)
    ).all()


def reserved(session: Session, *, format_ids: Iterable[UUID]) -> dict[UUID, int]:
    """Return the quantities that accepted orders take of what is in hand, until they are delivered, by format."""
    rows = session.execute(
        select(OrderLine.format_id, func.sum(OrderLine.quantity))
        .join(Order, Order.id == OrderLine.order_id)
        .where(OrderLine.format_id.in_(set(format_ids)), Order.state.in_(_TAKES_STOCK))
        .group_by(OrderLine.format_id)
    )
    return {row[0]: int(row[1]) for row in rows if row[0] is not None}


def ordered_by(session: Session, *, order: Order, format_id: UUID, since: date) -> int:
    """Return how much of a format the buyer's other orders have since a day; what fell through is left out.

    The session acts for the seller; the day begins in UTC.
    """
    total = session.scalar(
        select(func.sum(OrderLine.quantity))
        .join(Order, Order.id == OrderLine.order_id)
        .where(
            OrderLine.owner_id == order.owner_id,
            OrderLine.format_id == format_id,
            Order.buyer_id == order.buyer_id,
            Order.id != order.id,
            Order.state.not_in(_FELL_THROUGH),
            Order.submitted_at >= datetime.combine(since, time(), UTC),
        )
    )
    return int(total or 0)


def ordered_since(session: Session, *, seller_id: UUID, buyer_id: UUID, since: Mapping[UUID, date]) -> dict[UUID, int]:
    """Return how much of each format a buyer's orders have since its day, as ``ordered_by`` counts it; zeros left out.

    The session acts for the seller.
    """
    if not since:
        return {}
    rows = session.execute(
        select(OrderLine.format_id, func.sum(OrderLine.quantity))
        .join(Order, Order.id == OrderLine.order_id)
        .where(
            OrderLine.owner_id == seller_id,
            Order.buyer_id == buyer_id,
            Order.state.not_in(_FELL_THROUGH),
            or_(
                *(
                    and_(OrderLine.format_id == one, Order.submitted_at >= datetime.combine(day, time(), UTC))
                    for one, day in since.items()
                )
            ),
        )
        .group_by(OrderLine.format_id)
    )
    return {row[0]: int(row[1]) for row in rows if row[0] is not None}


def supplements_standing(session: Session, *, order_id: UUID) -> Sequence[Order]:
    """Return the orders of what was accepted beyond another that were not withdrawn since, with lines, by number."""
    return session.scalars(
        select(Order)
        .where(Order.supplement_of_id == order_id, Order.state == OrderState.DELIVERED)
        .options(selectinload(Order.lines))
        .order_by(Order.number)
    ).all()


def due_base_on(order: Order, *, issued_at: datetime, zone: ZoneInfo) -> date:
    """Return the day from which the net days count: the planned delivery, else the acceptance, else the issue.

    Source: R074, R075, R076.
    """
    if order.planned_on is not None:
        return order.planned_on
    return (order.accepted_at or issued_at).astimezone(zone).date()
