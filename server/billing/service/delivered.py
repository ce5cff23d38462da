"""Invoices made by hand of what arrived: at the quantities and prices that its delivery settled by."""

from __future__ import annotations

from sqlalchemy.orm import Session

from server.billing.drafting import Bill
from server.billing.model import Invoice
from server.billing.queries import live_invoice
from server.billing.service.beside import prices_signed
from server.billing.service.holding import issuing, mark_billed
from server.billing.service.invoices import publish_bill
from server.core.stamp import Stamp
from server.delivery.model import Delivery, Terms
from server.delivery.service import read_terms
from server.orders.model import Order
from shared.states import InvoiceState


def publish_delivered(session: Session, *, order: Order, delivery: Delivery, terms: Terms, stamp: Stamp) -> Invoice:
    """Return the final invoice of an order that arrived, wanted for publication; a published one is returned as it is.

    It bills what ``delivery`` counted at the prices and rates of its ``terms``, the whole less its credit where that
    was signed, whatever the order became since: a quantity lowered, a discount raised or a line struck after the truck
    had left. What it was relieved of since stays off. ``order.lines`` and ``delivery.lines`` must be loaded.

    Raises:
        BilledOutside, NoIssuer, OrderChanged, NothingToInvoice, MissingRegistration: as ``publish_for_order``.

    Source: R003, R023, R042, R052; C2, C6; T6; ADR 0005, 0059.
    """
    goods, prices = agreed = read_terms(terms)
    with issuing(session, order):
        standing = live_invoice(session, order_id=order.id)
        if standing is not None and standing.state is not InvoiceState.PROVISIONAL:
            mark_billed(session, order)
            return standing
        prices = prices_signed(session, order=order, agreed=agreed, delivered_at=delivery.delivered_at)
        counted = {str(line.order_line_id): line.delivered for line in delivery.lines}
        bill = Bill.accepted(goods, prices, counted)
        return publish_bill(session, order=order, standing=standing, bill=bill, delivered_at=None, stamp=stamp)
