"""Invoices of what was accepted beyond an order: its supplementary order is delivered, so nothing else makes one."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from server.billing.drafting import Bill
from server.billing.model import Invoice
from server.billing.service.holding import issuing
from server.billing.service.invoices import publish_bill
from server.core.stamp import Stamp
from server.orders.model import Order
from server.orders.pricing import goods_of, prices_of
from server.parties.model import BillingType, Emission
from shared.states import BillingState
from shared.wire.terms import Prices


def publish_beyond(
    session: Session,
    *,
    supplement: Order,
    agreed: Prices,
    delivered_at: datetime,
    place_id: UUID | None,
    stamp: Stamp,
) -> Invoice | None:
    """Return the invoice of a supplementary order, wanted for publication, at the rates that the signer saw (T6).

    None of one that is invoiced by hand or outside, and of one that is invoiced already. It is a section of the
    one invoice of ``place_id``, its visit, where the agent joins (C15). ``supplement.lines`` must be loaded.

    Raises:
        NoIssuer, OrderChanged, MissingRegistration: as ``publish_for_order``.

    Source: R005, R023, R041.
    """
    is_made_elsewhere = supplement.billing_type is BillingType.EXTERNAL or supplement.emission is Emission.MANUAL
    if is_made_elsewhere or supplement.billing_state is not BillingState.UNINVOICED:
        return None
    with issuing(session, supplement):
        return publish_bill(
            session,
            order=supplement,
            standing=None,
            bill=Bill.of(goods_of(supplement), prices_of(supplement, taxes=agreed.taxes)),
            delivered_at=delivered_at,
            place_id=place_id,
            stamp=stamp,
        )
