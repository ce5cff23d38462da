"""The doors of the verbs that span contexts."""

from server.fulfilment.api import by_hand, order_steps
from server.fulfilment.api.contests import contests
from server.fulfilment.api.corrections import corrections
from server.fulfilment.api.invoicing import invoices_by_hand, joined_by_hand, orders_invoiced
from server.fulfilment.api.offers import offers
from server.fulfilment.api.orders import orders
from server.fulfilment.api.recharges import recharges
from server.fulfilment.api.runs import run_papers
from server.fulfilment.api.stock import stock

__all__ = [
    "by_hand",
    "contests",
    "corrections",
    "invoices_by_hand",
    "joined_by_hand",
    "offers",
    "order_steps",
    "orders",
    "orders_invoiced",
    "recharges",
    "run_papers",
    "stock",
]
