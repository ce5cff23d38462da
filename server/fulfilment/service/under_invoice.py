"""Orders that an invoice stands for: they are not changed, and who tries is told what can be done instead (R043)."""

from __future__ import annotations

from typing import Final

from sqlalchemy.orm import Session

from server.billing.model import Invoice
from server.billing.queries import live_invoice
from server.core.acting import acting_for
from server.core.problems import Conflict, Text
from server.core.stamp import Stamp
from server.fulfilment.service.leaving import let_provisional_go
from server.orders.model import Order
from server.orders.service.holding import held
from server.planning import queries as planning_read
from server.planning.service import STOPS_CHANGE
from shared.states import InvoiceState, OrderState

_OFF_ITS_RUN: Final = Text(
    "Une facture provisoire voyage avec cette commande. La retirer de sa tournée d’abord, elle disparaît alors.",
    "A provisional invoice rides with this order. Take it off its run first; the invoice goes then.",
)
_LOADED: Final = Text(
    "Cette commande est chargée avec sa facture provisoire. Les quantités sont à compter à la livraison, la facture "
    "les suit, et un prix se crédite ensuite; ou annuler la tournée avant son départ, ce qui la remet à planifier.",
    "This order is loaded with its provisional invoice. Count the quantities at the delivery, the invoice follows "
    "them, and a price is credited afterwards; or cancel the run before it leaves, which puts the order back to plan.",
)
_LEFT: Final = Text(
    "Cette commande est partie avec sa facture provisoire. Les quantités sont à compter à la livraison, la facture les "
    "suit, et un prix se crédite ensuite.",
    "This order has left with its provisional invoice. Count the quantities at the delivery, the invoice follows them, "
    "and a price is credited afterwards.",
)


def require_no_invoice(session: Session, order: Order, *, stamp: Stamp) -> None:
    """Refuse to change an order that an invoice stands for; a provisional one that rides on no run is let go.

    Raises:
        Conflict: an invoice stands, published or on the papers of a run.

    Source: R043, C1.
    """
    with held(session, order):
        standing = live_invoice(session, order_id=order.id)
    if standing is None:
        return
    if standing.state is InvoiceState.PROVISIONAL and order.state in {OrderState.PENDING, OrderState.ACCEPTED}:
        let_provisional_go(session, order, stamp=stamp)
        return
    raise Conflict(_advice(session, order, standing), where=order.number)


def _advice(session: Session, order: Order, standing: Invoice) -> Text:
    if standing.state is not InvoiceState.PROVISIONAL:
        return _of_published(order, standing)
    if order.state is not OrderState.PLANNED:
        return _LEFT
    with acting_for(session, order.carrier_id or order.owner_id):
        run = planning_read.run_of_order(session, order_id=order.id)
    return _LOADED if run is not None and run.state not in STOPS_CHANGE else _OFF_ITS_RUN


def _of_published(order: Order, standing: Invoice) -> Text:
    number = standing.number or ""
    if order.state in {OrderState.PENDING, OrderState.ACCEPTED, OrderState.PLANNED}:
        return Text(
            f"La facture {number} est publiée pour cette commande. L’annuler d’abord, ce que fait son émetteur.",
            f"Invoice {number} is published for this order. Void it first, as its issuer does.",
        )
    return Text(
        f"La facture {number} est publiée et la commande est partie. Passer par un crédit ou une nouvelle commande.",
        f"Invoice {number} is published and the order has left. Use a credit or a new order.",
    )
