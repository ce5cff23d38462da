"""Why an order waits for its seller, though its group accepts by itself: minimums, credit, stock."""

from __future__ import annotations

from sqlalchemy.orm import Session

from server.core.acting import acting_for
from server.orders import service as orders
from server.orders.model import DistributionMethod, LineKind, Order
from server.parties.model import BillingType
from server.parties.terms import ChosenTerms, EffectiveTerms, effective_terms
from server.receivables.service import reason_to_hold
from shared.problems import Text


def terms_of(session: Session, order: Order) -> EffectiveTerms:
    """Return what holds for an order, its own choices first."""
    return effective_terms(
        session,
        seller_id=order.owner_id,
        buyer_id=order.buyer_id,
        carrier_id=order.carrier_id if order.distribution is DistributionMethod.DISTRIBUTOR else None,
        chosen=ChosenTerms(
            billing_type=order.billing_type,
            emission=order.emission,
            deliver_with=order.deliver_with,
            one_invoice_a_stop=order.one_invoice_a_stop,
        ),
    )


def under_minimum(order: Order, terms: EffectiveTerms) -> bool:
    """Say whether an order is under one of its group's minimums: sales units of goods, net of the lines (R067, C8)."""
    items = sum(line.quantity for line in order.lines if line.kind is not LineKind.CHARGE)
    return items < terms.min_items or order.net_cents < terms.min_value_cents


def reason_to_wait(session: Session, order: Order, terms: EffectiveTerms) -> Text | None:
    """Return why the system does not accept an order that it may accept, or None; the seller's group lets it.

    The goods that the order takes and its customer's account, if it has a limit, stay locked until the transaction
    ends: goods first, as whoever accepts and publishes locks them.

    Source: R067-R070, C8, C9.
    """
    if under_minimum(order, terms):
        return Text(
            "Sous le minimum du groupe\u00a0: acceptation manuelle requise.",
            "Under the group’s minimum: to be accepted by hand.",
        )
    with acting_for(session, order.owner_id):
        covered = orders.is_covered(session, order=order)
    credit = reason_to_hold(
        session,
        issuer_id=terms.issuer_id,
        buyer_id=order.buyer_id,
        adding_cents=None if terms.billing_type is BillingType.EXTERNAL else order.total_cents,
    )
    if credit is not None or covered:
        return credit
    return Text("Stock insuffisant\u00a0: acceptation manuelle requise.", "Not enough stock: to be accepted by hand.")
