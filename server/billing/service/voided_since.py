"""Whether somebody took back the invoice of a delivery, or there never was one: a refused settlement leaves none."""

from __future__ import annotations

from sqlalchemy.orm import Session

from server.billing.model import CreditKind
from server.billing.queries import credits_of, invoices_of_orders
from server.billing.service.clearing import VOIDED_BY_HAND
from server.core.acting import acting_for
from server.delivery.model import Delivery, Terms
from server.delivery.queries import revisions_of
from server.orders.model import Order


def is_voided_since(session: Session, order: Order, *, before: Delivery, terms: Terms) -> bool:
    """Say whether a person voided the invoice that the terms name, or one since the first word of a delivery.

    ``before`` is any revision of it. Voids of an earlier ride, and those that followed from a refusal, are no decision
    about it. The session acts for the issuer.

    Source: C6, C27; law 19.
    """
    with acting_for(session, before.owner_id):
        first, _because = revisions_of(session, before)[0]
    notes = [
        note
        for one in invoices_of_orders(session, order_ids=[order.id]).get(order.id, ())
        for note in credits_of(session, invoice_id=one.id)
        if note.kind is CreditKind.VOID and note.cause_kind == VOIDED_BY_HAND
    ]
    return any(note.created_at >= first.received_at or note.invoice_id == terms.invoice_id for note in notes)
