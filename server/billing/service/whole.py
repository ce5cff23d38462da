"""Whether an order's published invoice bills the order as it is: what the terms of its next ride take it to do."""

from __future__ import annotations

from sqlalchemy.orm import Session

from server.billing.model import Invoice
from server.billing.queries import credits_of, supplementary_of
from server.billing.service.credits import DELIVERY
from server.billing.service.voids import what_is_left
from server.orders.model import Order


def bills_whole(session: Session, *, invoice: Invoice, order: Order) -> bool:
    """Say whether an invoice bills every unit that is ordered, and nothing that a delivery took or added.

    What people credited by hand is no matter: it stays given. ``invoice.lines`` and ``order.lines`` must be loaded; the
    session acts for the issuer.

    Source: C27; law 19; ADR 0058.
    """
    billed = {line.order_line_id: line.quantity for line in invoice.lines}
    if billed != {line.id: line.quantity for line in order.lines}:
        return False
    if any(note.cause_kind == DELIVERY for note in credits_of(session, invoice_id=invoice.id)):
        return False
    return not any(what_is_left(session, one).lines for one in supplementary_of(session, invoice))
