"""Orders that ride on no run: shipped by a courier or picked up, said by hand (R048, C7)."""

from __future__ import annotations

from uuid import UUID, uuid5

from sqlalchemy.orm import Session

from server.billing.service import publish_for_order
from server.core.acting import acting_for
from server.core.problems import Conflict, Text
from server.core.stamp import Stamp
from server.fulfilment.service.stock_effects import hand_containers
from server.orders import service as orders
from server.orders.model import DistributionMethod, Order
from server.orders.service.holding import require_seller_side
from server.parties.model import BillingType, Emission
from server.stock.model import StockPlace
from server.stock.service import GoodsMove, move_goods

_AT_DELIVERY = (Emission.ON_DELIVERED, Emission.ON_RUN_DOCUMENTS)
_WITHOUT_RUN = (DistributionMethod.SHIPPED, DistributionMethod.PICKUP)


class RidesOnRun(Conflict):
    """The order is delivered by a run, whose tablet says when it leaves and arrives."""

    slug = "rides-on-run"
    title = Text("Livrée par une tournée", "Delivered by a run")


def ship_by_hand(session: Session, *, order: Order, stamp: Stamp) -> Order:
    """Say that an accepted order left by courier, or waits at the counter; its goods leave the warehouse.

    Raises:
        Forbidden: somebody else than the seller's side acts.
        RidesOnRun: a run delivers it.
        IllegalMove: it is not accepted, or has left.

    Source: C7; section 4 (expédiée, by hand for Expédié and Ramassage).
    """
    _require_by_hand(session, order)
    orders.mark_shipped(session, order=order, stamp=stamp)
    _move(session, order, StockPlace.WAREHOUSE, StockPlace.TRUCK, stamp)
    return order


def deliver_by_hand(session: Session, *, order: Order, stamp: Stamp) -> Order:
    """Say that a shipped order arrived whole; with emission on delivery its one invoice is made at once.

    Emission by a run's documents counts as that, too: no run's papers will ever be made for this order.
    What was short is credited afterwards, on the invoice. The door ends with ``billing.service.publish_pending``.

    Raises:
        Forbidden, RidesOnRun, IllegalMove: as ``ship_by_hand``.
        MissingRegistration: the invoice would charge a tax without a number; then nothing is delivered either.

    Source: R005, R041; section 4 (livrée, by hand without run).
    """
    _require_by_hand(session, order)
    orders.mark_delivered(session, order=order, stamp=stamp)
    _move(session, order, StockPlace.TRUCK, StockPlace.CUSTOMER, stamp)
    hand_containers(session, order=order, stamp=stamp)
    if order.emission in _AT_DELIVERY and order.billing_type is not BillingType.EXTERNAL:
        publish_for_order(session, order=order, stamp=stamp, delivered_at=stamp.at)
    return order


def fail_by_hand(session: Session, *, order: Order, stamp: Stamp) -> Order:
    """Say that a shipped order came back, or was not picked up; its goods are in the warehouse again.

    Raises:
        Forbidden, RidesOnRun, IllegalMove: as ``ship_by_hand``.
    """
    _require_by_hand(session, order)
    orders.mark_not_delivered(session, order=order, stamp=stamp)
    _move(session, order, StockPlace.TRUCK, StockPlace.WAREHOUSE, stamp)
    return order


def _require_by_hand(session: Session, order: Order) -> None:
    require_seller_side(session, order)
    if order.distribution not in _WITHOUT_RUN:
        raise RidesOnRun(
            Text(
                "Une tournée livre cette commande\u00a0: sa tablette dira quand elle part et arrive.",
                "A run delivers this order: its tablet will say when it leaves and arrives.",
            ),
            where=order.number,
        )


def _move(session: Session, order: Order, source: StockPlace, target: StockPlace, stamp: Stamp) -> None:
    """Each trip of the order is a cause of its own: what came back may leave again."""
    moves = [
        GoodsMove(format_id=line.format_id, quantity=line.quantity, source=source, target=target)
        for line in order.lines
        if line.format_id is not None
    ]
    with acting_for(session, order.owner_id):
        move_goods(session, seller_id=order.owner_id, moves=moves, cause_id=_cause(order, target, stamp), stamp=stamp)


def _cause(order: Order, target: StockPlace, stamp: Stamp) -> UUID:
    return uuid5(order.id, f"{target.value}:{stamp.at.isoformat()}")
