"""What a customer will owe an issuer: its orders that are accepted or delivered, and not invoiced yet."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, selectinload

from server.billing.letterhead import letterhead
from server.billing.service.holding import rules_for
from server.delivery.queries import latest_delivery
from server.orders.model import Order
from server.orders.pricing import goods_of, prices_of
from server.parties.model import BillingType
from shared.pricing import price_order
from shared.states import BillingState, OrderState

_AS_ORDERED: Final = (OrderState.ACCEPTED, OrderState.PLANNED, OrderState.SHIPPED, OrderState.DELIVERED)


def uninvoiced_cents(session: Session, *, issuer_id: UUID, buyer_id: UUID, currency: str) -> int:
    """Return what a customer's orders will still be invoiced by an issuer, in cents; the session acts for the issuer.

    From the acceptance until an invoice stands, whoever delays it: an order counts as ordered, one that was delivered
    in part as received. Orders billed outside are never owed here (R007).
    """
    mine = (
        Order.issuer_id == issuer_id,
        Order.buyer_id == buyer_id,
        Order.currency == currency,
        Order.billing_type != BillingType.EXTERNAL,
        Order.billing_state == BillingState.UNINVOICED,
    )
    whole = session.scalar(
        select(func.coalesce(func.sum(Order.total_cents), 0)).where(*mine, Order.state.in_(_AS_ORDERED))
    )
    return int(whole or 0) + sum(_received_cents(session, order, issuer_id) for order in _in_part(session, mine))


def _in_part(session: Session, mine: tuple[ColumnElement[bool], ...]) -> list[Order]:
    wanted = select(Order).where(*mine, Order.state == OrderState.PARTLY_DELIVERED)
    return list(session.scalars(wanted.options(selectinload(Order.lines))))


def _received_cents(session: Session, order: Order, issuer_id: UUID) -> int:
    delivery = latest_delivery(session, order_id=order.id)
    if delivery is None:
        return order.total_cents
    day = letterhead(session, org_id=issuer_id).day_of(delivery.delivered_at)
    prices = prices_of(order, taxes=rules_for(session, order=order, on=day))
    received = {str(line.order_line_id): line.delivered for line in delivery.lines}
    return price_order(goods_of(order), prices, received).total_cents
