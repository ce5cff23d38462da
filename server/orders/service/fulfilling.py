"""How far an order's goods are, as planning, runs and deliveries report it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final

from sqlalchemy.orm import Session

from server.core import facts
from server.core.acting import acting_org
from server.core.days import day_text
from server.core.problems import Conflict, Forbidden, Text
from server.core.stamp import Stamp
from server.orders import events
from server.orders.model import Order
from server.orders.service.holding import held, require_state
from server.orders.service.lines import BadOrder
from server.orders.service.timeline import enter
from server.parties.model import BillingType, DeliverWith
from shared.states import BillingState, OrderState

MAX_OUTSIDE_NUMBER: Final = 60
_HAS_ARRIVED: Final = (OrderState.DELIVERED, OrderState.PARTLY_DELIVERED)


def mark_planned(session: Session, *, order: Order, planned_on: date, stamp: Stamp) -> Order:
    """Note that the order rides on a run of this day."""
    on = day_text(planned_on)
    text = Text(f"Planifiée pour le {on.fr}.", f"Planned for {on.en}.")
    _step(
        session,
        order,
        stamp,
        to=OrderState.PLANNED,
        fact=events.ORDER_PLANNED,
        text=text,
        columns={"planned_on": planned_on},
    )
    return order


def mark_unplanned(session: Session, *, order: Order, stamp: Stamp) -> Order:
    """Note that the order was taken off its run; its day and its invoice stay (C27).

    Raises:
        IllegalMove: it rides on none.
    """
    text = Text("Retirée de sa tournée.", "Taken off its run.")
    _step(
        session,
        order,
        stamp,
        begins_in=OrderState.PLANNED,
        to=OrderState.ACCEPTED,
        fact=events.ORDER_UNPLANNED,
        text=text,
    )
    return order


def mark_shipped(session: Session, *, order: Order, stamp: Stamp) -> Order:
    """Note that the goods have left (C7)."""
    _step(session, order, stamp, to=OrderState.SHIPPED, fact=events.ORDER_SHIPPED, text=Text("Expédiée.", "Shipped."))
    return order


def mark_delivered(
    session: Session, *, order: Order, stamp: Stamp, delivered_at: datetime | None = None, partly: bool = False
) -> Order:
    """Note that the goods, or with ``partly`` some of them, were accepted; the tablet's time counts when given."""
    state = OrderState.PARTLY_DELIVERED if partly else OrderState.DELIVERED
    text = Text("Livrée en partie.", "Partly delivered.") if partly else Text("Livrée.", "Delivered.")
    arrived_at = delivered_at or stamp.at
    _step(session, order, stamp, to=state, fact=events.ORDER_DELIVERED, text=text, columns={"delivered_at": arrived_at})
    return order


def mark_not_delivered(session: Session, *, order: Order, stamp: Stamp) -> Order:
    """Note that nothing was accepted: refused, or nobody there."""
    text = Text("Non livrée.", "Not delivered.")
    _step(session, order, stamp, to=OrderState.NOT_DELIVERED, fact=events.ORDER_NOT_DELIVERED, text=text)
    return order


def reopen(session: Session, *, order: Order, stamp: Stamp) -> Order:
    """Let an order that was not delivered be planned again (C27).

    Raises:
        IllegalMove: it was not left undelivered; ``accept`` is how a pending one becomes accepted.
    """
    text = Text("À planifier de nouveau.", "To be planned again.")
    _step(
        session,
        order,
        stamp,
        begins_in=OrderState.NOT_DELIVERED,
        to=OrderState.ACCEPTED,
        fact=events.ORDER_REOPENED,
        text=text,
    )
    return order


def deliver_with(session: Session, *, order: Order, paper: DeliverWith, stamp: Stamp) -> Order:
    """Note which paper goes along with an order (R013)."""
    with held(session, order):
        order.deliver_with = paper
        text = (
            Text("Livrée avec une facture.", "Delivered with an invoice.")
            if paper is DeliverWith.INVOICE
            else Text("Livrée avec un bon de commande.", "Delivered with a purchase order.")
        )
        enter(session, order, "deliver_with", text, stamp)
        facts.record(session, events.ORDER_PAPER_CHOSEN, order.id, stamp, readers=tuple(order.party_ids))
    return order


def mark_invoiced_outside(session: Session, *, order: Order, number: str, on: date, stamp: Stamp) -> Order:
    """Note the number and day of the invoice that the seller made in its own system; noted again, they are corrected.

    Who reads the timeline reads the former ones beside the new ones. Saying what stands changes nothing.

    Raises:
        Forbidden: somebody else than the seller or its representative acts: nobody bills it for them.
        Conflict: the order is not billed outside, or has not been delivered.
        BadOrder: no number, or too long a one.

    Source: R010; sections 3 and 4 (facturée_externe: the supplier marks).
    """
    if acting_org(session) not in {order.owner_id, order.agent_id}:
        raise Forbidden(
            Text(
                "Seul le vendeur, qui facture lui-même cette commande, inscrit le numéro de sa facture.",
                "Only the seller, who bills this order itself, notes the number of its invoice.",
            ),
            where=order.number,
        )
    if not 1 <= len(number.strip()) <= MAX_OUTSIDE_NUMBER:
        raise BadOrder(Text("Donner le numéro de la facture.", "Give the invoice’s number."), where="number")
    with held(session, order):
        if order.billing_type is not BillingType.EXTERNAL or order.state not in _HAS_ARRIVED:
            raise Conflict(
                Text(
                    "Seule une commande livrée et facturée à l’externe prend un numéro extérieur.",
                    "Only a delivered order billed outside takes an outside number.",
                ),
                where=order.number,
            )
        number = number.strip()
        if (number, on) == (order.outside_invoice_number, order.outside_invoice_on):
            return order
        text = Text(f"Facturée à l’externe\u00a0: {number}.", f"Invoiced outside: {number}.")
        if order.billing_state is BillingState.INVOICED_OUTSIDE:
            text = _noted_anew(order, number, on)
        else:
            order.bill_to(BillingState.INVOICED_OUTSIDE)
        order.outside_invoice_number, order.outside_invoice_on = number, on
        enter(session, order, "invoiced_outside", text, stamp)
        facts.record(session, events.ORDER_INVOICED_OUTSIDE, order.id, stamp, readers=tuple(order.party_ids))
    return order


def _noted_anew(order: Order, number: str, on: date) -> Text:
    now, was = day_text(on), day_text(order.outside_invoice_on or on)
    former = order.outside_invoice_number
    return Text(
        f"Facture externe corrigée\u00a0: {number}, {now.fr}, au lieu de {former}, {was.fr}.",
        f"Outside invoice corrected: {number}, {now.en}, instead of {former}, {was.en}.",
    )


def _step(
    session: Session,
    order: Order,
    stamp: Stamp,
    *,
    to: OrderState,
    fact: str,
    text: Text,
    columns: Mapping[str, date | datetime] | None = None,
    begins_in: OrderState | None = None,
) -> None:
    with held(session, order):
        if begins_in is not None:
            require_state(order, begins_in)
        order.move_to(to)
        for name, value in (columns or {}).items():
            setattr(order, name, value)
        enter(session, order, to.value, text, stamp)
        facts.record(session, fact, order.id, stamp, readers=tuple(order.party_ids))
