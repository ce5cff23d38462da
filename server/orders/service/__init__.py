"""The verbs of orders; permissions are the doors' business, and none of these commits."""

from server.orders.service.between import NotItsAgent, OrderParties
from server.orders.service.billing import BillingFixed, choose_billing, why_fixed
from server.orders.service.correcting import correct_delivery, withdraw_supplement
from server.orders.service.creating import create_order, submit
from server.orders.service.deciding import accept, cancel, expire, reject
from server.orders.service.editing import relieve_of_taxes, restore, revise
from server.orders.service.fulfilling import (
    deliver_with,
    mark_delivered,
    mark_invoiced_outside,
    mark_not_delivered,
    mark_planned,
    mark_shipped,
    mark_unplanned,
    reopen,
)
from server.orders.service.holding import StaleOrder, held_already, hold_all, hold_rest, is_seller_side
from server.orders.service.lines import BadOrder, OrderItem, tax_rules_for
from server.orders.service.lots import note_lots
from server.orders.service.rebates import Rebate, rebates_of, settle_rebates
from server.orders.service.requesting import ask, decline
from server.orders.service.stock_cover import OutOfStock, is_covered
from server.orders.service.supplementing import create_supplement
from server.orders.service.timeline import enter

__all__ = [
    "BadOrder",
    "BillingFixed",
    "NotItsAgent",
    "OrderItem",
    "OrderParties",
    "OutOfStock",
    "Rebate",
    "StaleOrder",
    "accept",
    "ask",
    "cancel",
    "choose_billing",
    "correct_delivery",
    "create_order",
    "create_supplement",
    "decline",
    "deliver_with",
    "enter",
    "expire",
    "held_already",
    "hold_all",
    "hold_rest",
    "is_covered",
    "is_seller_side",
    "mark_delivered",
    "mark_invoiced_outside",
    "mark_not_delivered",
    "mark_planned",
    "mark_shipped",
    "mark_unplanned",
    "note_lots",
    "rebates_of",
    "reject",
    "relieve_of_taxes",
    "reopen",
    "restore",
    "revise",
    "settle_rebates",
    "submit",
    "tax_rules_for",
    "why_fixed",
    "withdraw_supplement",
]
