"""How far an order is, and what is to be done next: the same words on pages and for programs (R031)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from server.orders.model import DistributionMethod, Order
from server.parties.model import BillingType
from shared.problems import Text
from shared.states import BillingState, OrderState

STEPS: Final = 5
_BROUGHT: Final = (OrderState.DELIVERED, OrderState.PARTLY_DELIVERED)
_NEXT: Final[Mapping[OrderState, Text]] = {
    OrderState.DRAFT: Text("À soumettre", "To be submitted"),
    OrderState.PENDING: Text("À accepter par le vendeur", "To be accepted by the seller"),
    OrderState.ACCEPTED: Text("À planifier", "To be planned"),
    OrderState.PLANNED: Text("À charger et livrer", "To be loaded and delivered"),
    OrderState.SHIPPED: Text("À livrer", "To be delivered"),
    OrderState.NOT_DELIVERED: Text("À replanifier", "To be planned again"),
}
_WITHOUT_A_RUN: Final[Mapping[tuple[DistributionMethod, OrderState], Text]] = {
    (DistributionMethod.SHIPPED, OrderState.ACCEPTED): Text("À expédier", "To be shipped"),
    (DistributionMethod.PICKUP, OrderState.ACCEPTED): Text("À préparer au comptoir", "To be made ready for pickup"),
    (DistributionMethod.PICKUP, OrderState.SHIPPED): Text("À remettre au client", "To be handed to the customer"),
}
_PROGRESS: Final[Mapping[OrderState, int]] = {
    OrderState.DRAFT: 0,
    OrderState.PENDING: 1,
    OrderState.ACCEPTED: 2,
    OrderState.PLANNED: 3,
    OrderState.SHIPPED: 4,
    OrderState.DELIVERED: 5,
    OrderState.PARTLY_DELIVERED: 5,
    OrderState.NOT_DELIVERED: 4,
}


def next_step(order: Order) -> Text | None:
    """Return what remains to be done first, or None when nothing does."""
    if order.state in _BROUGHT and order.billing_state is BillingState.UNINVOICED:
        if order.billing_type is BillingType.EXTERNAL:
            return Text("À facturer hors plateforme", "To be invoiced outside")
        return Text("À facturer", "To be invoiced")
    return _WITHOUT_A_RUN.get((order.distribution, order.state)) or _NEXT.get(order.state)


def progress(order: Order) -> int:
    """Return how many of the ``STEPS`` the order has taken; one that fell through has taken none."""
    return _PROGRESS.get(order.state, 0)
