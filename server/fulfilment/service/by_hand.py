"""Orders whose goods no tablet follows: shipped by a courier, picked up, or carried without a run (R048, C7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final
from uuid import UUID, uuid5

from sqlalchemy.orm import Session

from server.billing.service import freeze_order_terms
from server.core.acting import acting_for, acting_org
from server.core.days import day_text
from server.core.problems import Conflict, Forbidden, Text
from server.core.stamp import Stamp
from server.delivery import queries as delivered
from server.delivery.model import Delivery, VisitOutcome
from server.delivery.service import HandWritten, OrderParties, by_record, reason_of, record_by_hand
from server.delivery.service.revising import MAX_REASON
from server.fulfilment.issued import Issued
from server.fulfilment.service.settling import settle_at_desk
from server.fulfilment.service.stock_effects import move_delivered_goods
from server.fulfilment.service.taking import take_at_desk
from server.fulfilment.service.told_again import require_same_told
from server.fulfilment.service.told_lines import Told, lines_told
from server.fulfilment.service.told_taken import containers_told, money_told, require_owed
from server.orders import service as orders
from server.orders.model import DistributionMethod, Order
from server.orders.service import BadOrder, enter, hold_all
from server.orders.service.holding import held, require_revision, require_seller_side
from server.parties import queries as parties
from server.planning import queries as planning_read
from server.stock.model import StockPlace
from server.stock.service import GoodsMove, move_goods
from shared.delivered_line import outcome
from shared.states import OrderState, RunState
from shared.visit import VisitCollection, VisitContainers

LOOKED_BACK: Final = timedelta(days=366)
"""How long after it a delivery may still be recorded by hand."""
WITHOUT_CARRIER: Final = (DistributionMethod.SHIPPED, DistributionMethod.PICKUP)
_NOON: Final = time(12)


class RidesOnRun(Conflict):
    """A run delivers the order: its tablet says when it leaves, arrives and what was accepted."""

    slug = "rides-on-run"
    title = Text("Livrée par une tournée", "Delivered by a run")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taken:
    """What came along, read and checked."""

    containers: Sequence[VisitContainers]
    collections: Sequence[VisitCollection]


@dataclass(frozen=True, slots=True)
class HandDelivered:
    """The delivery that was recorded, and what was issued for it; nothing when the key was known."""

    delivery: Delivery
    issued: tuple[Issued, ...]


def ship_by_hand(session: Session, *, order: Order, stamp: Stamp) -> Order:
    """Say that an accepted order left by courier, or waits at the counter; its goods leave the warehouse.

    Raises:
        Forbidden: somebody else than the seller's side acts.
        RidesOnRun: a carrier delivers it.
        IllegalMove: it is not accepted, or has left.

    Source: C7; section 4 (expédiée, by hand for Expédié and Ramassage).
    """
    require_seller_side(session, order)
    if order.distribution not in WITHOUT_CARRIER:
        raise RidesOnRun(
            Text(
                "Une tournée livre cette commande\u00a0: sa tablette dira quand elle part et arrive.",
                "A run delivers this order: its tablet will say when it leaves and arrives.",
            ),
            where=order.number,
        )
    _leave(session, order, stamp)
    return order


def deliver_by_hand(session: Session, *, order: Order, told: Told, stamp: Stamp) -> HandDelivered:
    """Record a delivery that no tablet saw, line by line, and settle it in the same transaction as a synced one.

    Whole, in part, with more than was ordered, or nothing at all: goods, containers, invoice or credit, supplementary
    order and variance notice follow as ``settle_delivery`` says; empties are moved and credited, money waits for its
    issuer's accounting. Every automatic emission counts as emission at delivery: no run's papers will ever be made.
    Nobody signs. Told again with its key it changes nothing. The door ends with ``billing.service.publish_pending``.

    Raises:
        Forbidden: neither the seller's side of an order without a carrier, nor the carrier of one with a carrier.
        RidesOnRun: it is on a run, whose tablet says what was accepted.
        IllegalMove: it has not left yet, or was delivered.
        KeyUsed: the key recorded something else of the order.
        StaleOrder, NotThisOrder, UnbalancedLine, ReasonOfLine, ReasonNeeded, BadOrder: what is told cannot be.
        UnknownContainer, BilledOutside, MoreThanOwed, BadPayment: what was taken along cannot be.
        MissingRegistration: the invoice would charge a tax without a number; then nothing is delivered either.

    Source: R005, R016, R017, R019-R024, R041; C2, C12, C14, C29, C30; section 4 (livrée, livrée_partielle,
    non_livrée, by hand without run).
    """
    require_answering(session, order)
    (order,) = hold_all(session, order_ids=[order.id])
    with acting_for(session, keeper_of(order)):
        known = delivered.delivery_of_hand(session, order_id=order.id, key=told.key)
        if known is not None:
            require_same_told(session, order, known, told, words=_words(order, told))
            return HandDelivered(known, ())
        require_revision(order, told.seen_revision)
        written = _written(session, order, told, stamp)
        taken = _Taken(
            containers=containers_told(session, order, told.containers, on=written.delivered_on),
            collections=money_told(order, told.collections),
        )
        _set_out(session, order, stamp)
        return _delivered(session, order, written, taken, stamp)


def keeper_of(order: Order) -> UUID:
    """Return who answers for an order's delivery: its carrier, or its seller where none is named."""
    return order.carrier_id or order.owner_id


def is_told_by_hand(order: Order) -> bool:
    """Say whether an order stands where its delivery may be told by hand, as far as the order itself knows."""
    if order.distribution in WITHOUT_CARRIER:
        return order.state is OrderState.SHIPPED
    return order.state in {OrderState.ACCEPTED, OrderState.SHIPPED}


def require_off_runs(session: Session, order: Order) -> None:
    """Refuse an order that a run has, until that run is closed without its tablet.

    Raises:
        RidesOnRun: it is planned, loaded or on the road.
    """
    if order.distribution in WITHOUT_CARRIER or order.state not in {OrderState.PLANNED, OrderState.SHIPPED}:
        return
    with acting_for(session, keeper_of(order)):
        run = planning_read.run_of_order(session, order_id=order.id)
    if run is not None and not (order.state is OrderState.SHIPPED and run.state is RunState.CLOSED):
        raise RidesOnRun(
            Text(
                f"La commande {order.number} est dans la tournée {run.name}\u00a0: sa tablette dira ce qui fut remis. "
                "La retirer de la tournée avant le départ, ou attendre la tablette puis corriger.",
                f"Order {order.number} is on run {run.name}: its tablet will say what was handed over. "
                "Take it off the run before it leaves, or wait for the tablet and correct.",
            ),
            where=order.number,
        )


def require_answering(session: Session, order: Order) -> None:
    """Let the seller's side speak of an order without a carrier, and the carrier of one with a carrier.

    Raises:
        Forbidden: another organisation acts.
    """
    if order.distribution in WITHOUT_CARRIER:
        require_seller_side(session, order)
    elif acting_org(session) != order.carrier_id:
        raise Forbidden(
            Text(
                "Le distributeur de cette commande consigne sa livraison. La lui demander.",
                "This order’s distributor records its delivery. Ask them.",
            ),
            where=order.number,
        )


def _written(session: Session, order: Order, told: Told, stamp: Stamp) -> HandWritten:
    require_off_runs(session, order)
    zone = parties.zone_of(session, org_id=keeper_of(order))
    today = stamp.at.astimezone(zone).date()
    on = told.delivered_on or today
    if not today - LOOKED_BACK <= on <= today:
        raise BadOrder(
            Text(
                f"Le jour de la livraison va du {today - LOOKED_BACK} au {today}. En choisir un autre.",
                f"The day of the delivery is from {today - LOOKED_BACK} to {today}. Choose another.",
            ),
            where="delivered_on",
        )
    lines, unmet = lines_told(order, told)
    return HandWritten(
        order_id=order.id,
        key=told.key,
        by_name=told.by_name,
        words=_words(order, told),
        delivered_on=on,
        delivered_at=stamp.at if on == today else datetime.combine(on, _NOON, zone).astimezone(UTC),
        outcome=VisitOutcome(outcome(lines, unmet=unmet)),
        lines=lines,
    )


def _words(order: Order, told: Told) -> str:
    """Where tablets record, whoever writes by hand says why (section 3: « with reason »); a seller may."""
    if order.distribution in WITHOUT_CARRIER:
        words = told.words.replace("\x00", "").strip()
        if len(words) <= MAX_REASON:
            return words
    return reason_of(told.words)


def _set_out(session: Session, order: Order, stamp: Stamp) -> None:
    """A carrier's order that rode on no run leaves its warehouse as it is recorded."""
    if order.state is OrderState.ACCEPTED and order.distribution not in WITHOUT_CARRIER:
        _leave(session, order, stamp)


def _delivered(session: Session, order: Order, written: HandWritten, taken: _Taken, stamp: Stamp) -> HandDelivered:
    terms = freeze_order_terms(session, order=order, stamp=stamp, delivered_on=written.delivered_on)
    require_owed(session, order, terms, written.lines, taken.collections)
    named = OrderParties(
        seller_id=order.owner_id,
        buyer_id=order.buyer_id,
        issuer_id=order.issuer_id or order.owner_id,
        agent_id=order.agent_id,
    )
    delivery = record_by_hand(session, written, terms=terms, parties=named, stamp=stamp)
    _advance(session, order, written, stamp)
    move_delivered_goods(session, delivery=delivery, order=order, stamp=stamp)
    issued = settle_at_desk(session, delivery, order, terms, stamp=stamp)
    at = by_record(keeper_id=delivery.owner_id, record_id=delivery.source_id, buyer_id=order.buyer_id)
    credited = take_at_desk(
        session,
        at,
        containers=taken.containers,
        collections=taken.collections,
        taken_at=written.delivered_at,
        stamp=stamp,
    )
    return HandDelivered(delivery, (*issued, *credited))


def _advance(session: Session, order: Order, written: HandWritten, stamp: Stamp) -> None:
    if written.outcome in {VisitOutcome.REFUSED, VisitOutcome.FAILED}:
        orders.mark_not_delivered(session, order=order, stamp=stamp)
    else:
        is_partial = written.outcome is VisitOutcome.PARTIAL
        orders.mark_delivered(session, order=order, stamp=stamp, delivered_at=written.delivered_at, partly=is_partial)
    on, words = day_text(written.delivered_on), f" {written.words}" if written.words else ""
    with held(session, order):
        said = Text(
            f"Consignée à la main par {written.by_name}, pour le {on.fr}\u00a0: sans signature.{words}",
            f"Recorded by hand by {written.by_name}, for {on.en}: without a signature.{words}",
        )
        enter(session, order, "recorded_by_hand", said, stamp)


def _leave(session: Session, order: Order, stamp: Stamp) -> None:
    """Each trip of the order is a cause of its own: what came back may leave again."""
    orders.mark_shipped(session, order=order, stamp=stamp)
    moves = [
        GoodsMove(
            format_id=line.format_id, quantity=line.quantity, source=StockPlace.WAREHOUSE, target=StockPlace.TRUCK
        )
        for line in order.lines
        if line.format_id is not None
    ]
    move_goods(
        session,
        seller_id=order.owner_id,
        moves=moves,
        cause_id=uuid5(order.id, f"{StockPlace.TRUCK.value}:{stamp.at.isoformat()}"),
        stamp=stamp,
        reader_ids={keeper_of(order)} - {order.owner_id},
        carrier_id=order.carrier_id,
    )
