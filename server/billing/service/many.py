"""Invoices of many orders in one transaction: read and locked in a few queries, written together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

from sqlalchemy.orm import Session

from server.billing.letterhead import remember_letterheads
from server.billing.model import Invoice
from server.billing.queries import remember_live_invoices
from server.billing.service.invoices import publish_for_order
from server.billing.service.publication import publish_pending
from server.core.acting import acting_for
from server.core.gathering import gathered
from server.core.stamp import Stamp
from server.orders.model import Order
from server.orders.service import hold_all
from server.parties.model import BillingType


def publish_orders(session: Session, *, order_ids: Iterable[UUID], stamp: Stamp) -> tuple[Invoice, ...]:
    """Return the final invoices of these orders, published, in ascending (seller, order).

    Each is what ``publish_for_order`` makes; an order that the acting organisation may not read is left out.

    Raises:
        BilledOutside, NoIssuer, NothingToInvoice, MissingRegistration: as ``publish_for_order``; nothing is published.
    """
    with gathered(session):
        orders = hold_all(session, order_ids=order_ids)
        foresee_invoices(session, orders)
        invoices = tuple(publish_for_order(session, order=order, stamp=stamp) for order in orders)
        publish_pending(session, stamp=stamp)
    return invoices


def foresee_invoices(session: Session, orders: Iterable[Order]) -> None:
    """Read what stands for these orders, which are held, and their issuers' letterheads, at once for all of them."""
    issuers = {
        order.id: order.issuer_id
        for order in orders
        if order.issuer_id is not None and order.billing_type is not BillingType.EXTERNAL
    }
    remember_letterheads(session, org_ids=issuers.values())
    of_issuer: dict[UUID, list[UUID]] = defaultdict(list)
    for order_id in remember_live_invoices(session, order_ids=issuers, is_issuer=False):
        of_issuer[issuers[order_id]].append(order_id)
    for issuer_id, mine in of_issuer.items():
        with acting_for(session, issuer_id):
            remember_live_invoices(session, order_ids=mine, is_issuer=True)
