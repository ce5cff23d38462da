"""What a corrected delivery changes of its order, and of the order of what had been accepted beyond it."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from server.core import facts
from server.core.stamp import Stamp
from server.orders import events
from server.orders.model import Order
from server.orders.service.holding import held
from server.orders.service.timeline import enter
from shared.problems import Text
from shared.states import OrderState

_SAYS: Final = {
    OrderState.DELIVERED: Text("Livraison corrigée\u00a0: livrée.", "Delivery corrected: delivered."),
    OrderState.PARTLY_DELIVERED: Text(
        "Livraison corrigée\u00a0: livrée en partie.", "Delivery corrected: partly delivered."
    ),
    OrderState.NOT_DELIVERED: Text("Livraison corrigée\u00a0: non livrée.", "Delivery corrected: not delivered."),
}


def correct_delivery(
    session: Session, *, order: Order, to: OrderState, reason: str, delivered_at: datetime, stamp: Stamp
) -> Order:
    """Note how an order was really delivered; its parties read the reason in its timeline.

    One that is still undelivered, and was opened to be planned again, stays open.

    Raises:
        IllegalMove: the order was never delivered or left undelivered.
    """
    with held(session, order):
        open_again = order.state is OrderState.ACCEPTED and to is OrderState.NOT_DELIVERED
        if order.state is not to and not open_again:
            order.correct_to(to)
        order.delivered_at = None if to is OrderState.NOT_DELIVERED else delivered_at
        said = _SAYS[to]
        enter(session, order, "corrected", Text(f"{said.fr} {reason}".strip(), f"{said.en} {reason}".strip()), stamp)
        facts.record(session, events.ORDER_CORRECTED, order.id, stamp, readers=tuple(order.party_ids))
    return order


def withdraw_supplement(session: Session, *, supplement: Order, stamp: Stamp) -> Order:
    """Cancel the order of what had been accepted beyond another one: the overage was corrected.

    Whatever was invoiced of it is voided before. Withdrawing it again changes nothing.

    Source: R023.
    """
    with held(session, supplement):
        if supplement.state is OrderState.CANCELLED:
            return supplement
        supplement.correct_to(OrderState.CANCELLED)
        text = Text(
            "Supplément retiré\u00a0: la livraison a été corrigée.", "Supplement withdrawn: the delivery was corrected."
        )
        enter(session, supplement, "withdrawn", text, stamp)
        facts.record(session, events.SUPPLEMENT_WITHDRAWN, supplement.id, stamp, readers=tuple(supplement.party_ids))
    return supplement
