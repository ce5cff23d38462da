"""The pages' verbs that span contexts: a run's papers, answers to orders, corrections, contests."""

from server.fulfilment.pages.by_hand import by_hand_pages
from server.fulfilment.pages.contests import pages as contests
from server.fulfilment.pages.corrections import corrections
from server.fulfilment.pages.importing import imports
from server.fulfilment.pages.invoicing import pages as invoicing
from server.fulfilment.pages.off_truck import off_truck_pages
from server.fulfilment.pages.offers import offer_pages
from server.fulfilment.pages.order_form import order_forms
from server.fulfilment.pages.orders import pages as orders
from server.fulfilment.pages.recharges import recharge_pages
from server.fulfilment.pages.stock import pages as stock

__all__ = [
    "by_hand_pages",
    "contests",
    "corrections",
    "imports",
    "invoicing",
    "off_truck_pages",
    "offer_pages",
    "order_forms",
    "orders",
    "recharge_pages",
    "stock",
]
