"""What a delivery does to stock and containers: goods and empties move, nothing appears or vanishes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from uuid import UUID, uuid5

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.catalog.model import ContainerClass
from server.core.acting import acting_for
from server.core.database import among
from server.core.memory import remembered
from server.core.stamp import Stamp
from server.delivery.model import ContainerReturn, Delivery, DeliveryLine
from server.orders.model import Order, OrderLine
from server.stock.model import StockPlace
from server.stock.service import GoodsMove, move_containers, move_goods

_NO_CLASS = UUID(int=0)


def move_delivered_goods(session: Session, *, delivery: Delivery, order: Order, stamp: Stamp) -> None:
    """Move what was delivered to the customer, what was lost to the losses, and the rest back to the warehouse."""
    lines = {line.id: line for line in order.lines}
    moves = [move for one in delivery.lines for move in _moves(one, lines.get(one.order_line_id))]
    readers = {order.carrier_id or order.owner_id} - {order.owner_id}
    move_goods(
        session,
        seller_id=order.owner_id,
        moves=moves,
        cause_id=delivery.id,
        stamp=stamp,
        moved_at=delivery.delivered_at,
        reader_ids=readers,
        carrier_id=order.carrier_id,
    )
    _containers_out(session, delivery, order, lines, stamp)


def correct_delivered_goods(
    session: Session, *, before: Delivery, delivery: Delivery, order: Order, stamp: Stamp
) -> None:
    """Move the difference between two revisions of a delivery: what went too far comes back the same way."""
    lines = {line.id: line for line in order.lines}
    net: dict[tuple[UUID, StockPlace, StockPlace], int] = {}
    for sign, revision in ((1, delivery), (-1, before)):
        for move in (move for one in revision.lines for move in _moves(one, lines.get(one.order_line_id))):
            key = (move.format_id, move.source, move.target)
            net[key] = net.get(key, 0) + sign * move.quantity
    moves = [
        GoodsMove(format_id=format_id, quantity=quantity, source=source, target=target)
        if quantity > 0
        else GoodsMove(format_id=format_id, quantity=-quantity, source=target, target=source)
        for (format_id, source, target), quantity in net.items()
    ]
    readers = {order.carrier_id or order.owner_id} - {order.owner_id}
    move_goods(
        session, seller_id=order.owner_id, moves=moves, cause_id=delivery.id, stamp=stamp, reader_ids=readers,
        carrier_id=order.carrier_id,
    )  # fmt: skip
    _containers_out(session, delivery, order, lines, stamp, before=before)


def remember_class_owners(session: Session, orders: Iterable[Order]) -> None:
    """Read whose the containers of these orders are, at once for all; their lines are loaded."""
    _class_owners(session, [line.container_class_id for one in orders for line in one.lines if line.container_class_id])


def take_back_containers(session: Session, *, returns: Iterable[ContainerReturn], at: datetime, stamp: Stamp) -> None:
    """Move returned empties from their holder to their owner."""
    for one in returns:
        move_empties(session, one, quantity=one.quantity, at=at, stamp=stamp)


def move_empties(session: Session, one: ContainerReturn, *, quantity: int, at: datetime, stamp: Stamp) -> None:
    """Move so many returned empties from their holder to their owner; a negative quantity goes the other way."""
    with acting_for(session, one.container_owner_id):
        class_id = session.scalar(
            select(ContainerClass.id).where(
                ContainerClass.owner_id == one.container_owner_id, ContainerClass.code == one.class_code
            )
        )
    ends = (one.holder_id, one.container_owner_id)
    move_containers(
        session,
        class_owner_id=one.container_owner_id,
        class_id=class_id or _NO_CLASS,
        from_holder_id=ends[0] if quantity > 0 else ends[1],
        to_holder_id=ends[1] if quantity > 0 else ends[0],
        quantity=abs(quantity),
        movement_id=one.id,
        stamp=stamp,
        handover_id=one.source_id,
        moved_at=at,
    )


def _moves(one: DeliveryLine, line: OrderLine | None) -> Iterator[GoodsMove]:
    """Nothing is known of the goods of a line that its seller struck out meanwhile: a person is asked."""
    if line is None or line.format_id is None:
        return
    ends = (
        (one.delivered + one.extra, StockPlace.TRUCK, StockPlace.CUSTOMER),
        (one.lost, StockPlace.TRUCK, StockPlace.LOST),
        (one.returned + one.not_shipped, StockPlace.TRUCK, StockPlace.WAREHOUSE),
    )
    for quantity, source, target in ends:
        if quantity:
            yield GoodsMove(format_id=line.format_id, quantity=quantity, source=source, target=target)


def _containers_out(
    session: Session,
    delivery: Delivery,
    order: Order,
    lines: dict[UUID, OrderLine],
    stamp: Stamp,
    *,
    before: Delivery | None = None,
) -> None:
    owners = _class_owners(session, [line.container_class_id for line in order.lines if line.container_class_id])
    had, has = _accepted(before) if before else {}, _accepted(delivery)
    for line_id in dict.fromkeys((*has, *had)):
        if (line := lines.get(line_id)) is None:
            continue
        owner_id = owners.get(line.container_class_id) if line.container_class_id else None
        count = (has.get(line_id, 0) - had.get(line_id, 0)) * line.containers_a_unit
        if owner_id is None or line.container_class_id is None or not count:
            continue
        move_containers(
            session,
            class_owner_id=owner_id,
            class_id=line.container_class_id,
            from_holder_id=owner_id if count > 0 else order.buyer_id,
            to_holder_id=order.buyer_id if count > 0 else owner_id,
            quantity=abs(count),
            movement_id=uuid5(delivery.id, str(line.id)),
            stamp=stamp,
            handover_id=delivery.source_id,
            moved_at=delivery.delivered_at,
        )


def _accepted(delivery: Delivery) -> dict[UUID, int]:
    return {one.order_line_id: one.delivered + one.extra for one in delivery.lines}


def _class_owners(session: Session, class_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    owners: dict[UUID, UUID] = remembered(session, "class owners")  # a class never changes hands
    if missing := set(class_ids) - owners.keys():
        rows = session.execute(
            select(ContainerClass.id, ContainerClass.owner_id).where(among(ContainerClass.id, missing))
        )
        owners.update({row.id: row.owner_id for row in rows})
    return owners
