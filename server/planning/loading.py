"""What goes on the truck leaves the sellers' warehouses."""

from __future__ import annotations

from uuid import UUID, uuid5

from sqlalchemy.orm import Session

from server.core.acting import acting_org
from server.core.stamp import Stamp
from server.orders import queries as orders_read
from server.orders.model import Order
from server.orders.service import held_already
from server.planning.model import Run
from server.stock.model import StockPlace
from server.stock.service import GoodsMove, move_goods, undo_moves


def load_goods(session: Session, *, run: Run, stamp: Stamp) -> None:
    """Move the goods of every order of a run onto the truck; doing it again moves nothing."""
    riding = [one.order_id for stop in run.stops for one in stop.orders]
    held = {order.id: order for order_id in riding if (order := held_already(session, order_id)) is not None}
    others = [order_id for order_id in riding if order_id not in held]
    for order in (*held.values(), *(orders_read.orders(session, order_ids=others) if others else ())):
        _load(session, order, carrier_id=run.owner_id, cause_id=_loading(run, order.id), stamp=stamp)


def load_unlisted(session: Session, *, run_id: UUID, order: Order, stamp: Stamp) -> None:
    """Move an order's goods onto the acting carrier's truck though no run that it knows of has the order any more.

    A tablet that left before it heard of the change carried them all the same. ``order.lines`` must be loaded.
    """
    cause_id = uuid5(run_id, f"unlisted:{order.id}")
    _load(session, order, carrier_id=acting_org(session), cause_id=cause_id, stamp=stamp)


def _load(session: Session, order: Order, *, carrier_id: UUID, cause_id: UUID, stamp: Stamp) -> None:
    moves = [
        GoodsMove(
            format_id=line.format_id, quantity=line.quantity, source=StockPlace.WAREHOUSE, target=StockPlace.TRUCK
        )
        for line in order.lines
        if line.format_id
    ]
    move_goods(
        session,
        seller_id=order.owner_id,
        moves=moves,
        cause_id=cause_id,
        stamp=stamp,
        reader_ids={carrier_id} - {order.owner_id},
        carrier_id=carrier_id,
    )


def unload_goods(session: Session, *, run: Run, stamp: Stamp) -> None:
    """Bring what was loaded for a run back to the warehouses that it left, as it was loaded; what was not stays."""
    riding = [one.order_id for stop in run.stops for one in stop.orders]
    for order in orders_read.orders(session, order_ids=riding) if riding else ():
        undo_moves(session, seller_id=order.owner_id, cause_id=_loading(run, order.id), stamp=stamp)


def _loading(run: Run, order_id: UUID) -> UUID:
    """Return the cause of one order's loading on one run."""
    return uuid5(run.id, str(order_id))
