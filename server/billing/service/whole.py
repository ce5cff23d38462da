"""What stands in the way of an order's next ride: a published invoice that does not bill the order as it is."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy.orm import Session

from server.billing.model import Invoice
from server.billing.queries import credits_of, invoices_of_orders, live_invoice
from server.billing.service.credits import DELIVERY
from server.billing.service.voids import what_is_left
from server.orders.model import Order
from shared.states import InvoiceState


def billed_in_part(session: Session, *, order: Order) -> Invoice | None:
    """Return an invoice that does not bill every unit that is ordered and nothing else, to be voided, or None.

    The final one comes first: voiding it credits what supplements it. A supplement may have outlived it. What people
    credited by hand is no matter: it stays given. ``order.lines`` must be loaded; the session acts for the issuer.

    Source: C12, C27; law 19; ADR 0058.
    """
    standing = live_invoice(session, order_id=order.id)
    supplement = next(_supplements(session, order), None)
    if standing is not None and (supplement is not None or not _is_whole(session, standing, order)):
        return standing
    return supplement


def _supplements(session: Session, order: Order) -> Iterator[Invoice]:
    """Every published one of which something is left."""
    for one in invoices_of_orders(session, order_ids=[order.id]).get(order.id, ()):
        is_published = one.supplements_id is not None and one.state is InvoiceState.PUBLISHED
        if is_published and what_is_left(session, one).lines:
            yield one


def _is_whole(session: Session, invoice: Invoice, order: Order) -> bool:
    billed = {line.order_line_id: line.quantity for line in invoice.lines}
    is_credited = any(note.cause_kind == DELIVERY for note in credits_of(session, invoice_id=invoice.id))
    return not is_credited and billed == {line.id: line.quantity for line in order.lines}
