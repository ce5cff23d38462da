"""Where an order stands, in the four words that people filter by, and what is to be done next (R028, R031)."""

from __future__ import annotations

from server.orders.listing import Bucket
from server.orders.model import Order
from server.parties.model import BillingType
from shared.problems import Text
from shared.states import BillingState, OrderState

BUCKETS = {
    Bucket.UPCOMING: Text("À venir", "Upcoming"),
    Bucket.UNDER_WAY: Text("En cours", "Under way"),
    Bucket.LATE: Text("En retard", "Late"),
    Bucket.DONE: Text("Effectuées", "Done"),
}
BILLING_BUCKETS = {
    Bucket.UPCOMING: Text("Facture à venir", "Invoice to come"),
    Bucket.UNDER_WAY: Text("Facturation en cours", "Invoicing under way"),
    Bucket.LATE: Text("À facturer", "To invoice"),
    Bucket.DONE: Text("Facturée", "Invoiced"),
}
_BROUGHT = (OrderState.DELIVERED, OrderState.PARTLY_DELIVERED)
_NEXT = {
    OrderState.DRAFT: Text("Soumettre", "Submit"),
    OrderState.PENDING: Text("Accepter ou refuser", "Accept or reject"),
    OrderState.ACCEPTED: Text("Planifier", "Plan"),
    OrderState.PLANNED: Text("Préparer la tournée", "Prepare the run"),
    OrderState.SHIPPED: Text("Livraison en cours", "Being delivered"),
    OrderState.NOT_DELIVERED: Text("Remettre sur une tournée", "Put on a run again"),
}
_PROGRESS = {
    OrderState.DRAFT: 0,
    OrderState.PENDING: 1,
    OrderState.ACCEPTED: 2,
    OrderState.PLANNED: 3,
    OrderState.SHIPPED: 4,
    OrderState.DELIVERED: 5,
    OrderState.PARTLY_DELIVERED: 5,
    OrderState.NOT_DELIVERED: 4,
}
STEPS = 5


def next_step(order: Order) -> Text | None:
    """Return what remains to be done first, or None when nothing does (R031)."""
    if order.state in _BROUGHT and order.billing_state is BillingState.UNINVOICED:
        if order.billing_type is BillingType.EXTERNAL:
            return Text("À facturer à l’externe", "To invoice outside")
        return Text("À facturer", "To invoice")
    return _NEXT.get(order.state)


def progress(order: Order) -> int:
    """Return how many of the five steps the order has taken (R031)."""
    return _PROGRESS.get(order.state, 0)
