"""Lists of orders: each in exactly one bucket for its delivery and one for its invoicing (R028)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, case, func, literal, select
from sqlalchemy.orm import Session

from server.orders.model import Order
from shared.states import BillingState, OrderState


class Bucket(StrEnum):
    """Where an order stands for whoever looks at a list."""

    UPCOMING = "upcoming"
    UNDER_WAY = "under_way"
    LATE = "late"
    DONE = "done"


MAX_COUNTED: Final = 10_000
_OVER: Final = (OrderState.REJECTED, OrderState.EXPIRED, OrderState.CANCELLED)
_ARRIVED: Final = (OrderState.DELIVERED, OrderState.PARTLY_DELIVERED)
_BILLED: Final = (BillingState.SETTLED, BillingState.INVOICED_OUTSIDE)


@dataclass(frozen=True, slots=True)
class Today:
    """The reader's business day and the instant at which it began."""

    day: date
    began_at: datetime

    @classmethod
    def of(cls, at: datetime, zone: ZoneInfo) -> Today:
        """Return the business day of an instant in a zone."""
        day = at.astimezone(zone).date()
        return cls(day, datetime.combine(day, time(), zone))


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFilter:
    """What narrows a list (R029); None leaves it wide. ``order_ids`` are the only ones to show, when given."""

    state: OrderState | None = None
    delivery: Bucket | None = None
    billing: Bucket | None = None
    seller_id: UUID | None = None
    buyer_id: UUID | None = None
    carrier_id: UUID | None = None
    planned_on: date | None = None
    number: str = ""
    to_invoice_outside: bool = False
    order_ids: Collection[UUID] | None = None


@dataclass(frozen=True, slots=True)
class ListedOrder:
    """An order, without its lines, in its buckets."""

    order: Order
    delivery: Bucket
    billing: Bucket


def list_orders(
    session: Session, *, chosen: OrderFilter, today: Today, offset: int, limit: int
) -> tuple[list[ListedOrder], int]:
    """Return a page of the orders that the acting organisation may read, newest first, and how many there are.

    They are counted up to ``MAX_COUNTED``: whoever has more wants to narrow the list, not to wait for its end.
    """
    delivery, billing = delivery_bucket(today), billing_bucket(today)
    narrowed = _narrow(select(Order, delivery, billing), chosen, delivery, billing)
    page = narrowed.order_by(Order.submitted_at.desc(), Order.id.desc()).offset(offset).limit(limit)
    rows = [ListedOrder(row[0], Bucket(row[1]), Bucket(row[2])) for row in session.execute(page)]
    if len(rows) < limit and (rows or not offset):  # the page shows the list's end
        return rows, offset + len(rows)
    counted = narrowed.order_by(None).with_only_columns(Order.id, maintain_column_froms=True).limit(MAX_COUNTED)
    return rows, session.scalar(select(func.count()).select_from(counted.subquery())) or 0


def listed_ids(session: Session, *, chosen: OrderFilter, today: Today, most: int) -> list[UUID]:
    """Return the ids of the orders that a filter lets through, newest first, ``most`` and one to tell of more."""
    delivery, billing = delivery_bucket(today), billing_bucket(today)
    narrowed = _narrow(select(Order, delivery, billing), chosen, delivery, billing).with_only_columns(Order.id)
    return list(session.scalars(narrowed.order_by(Order.submitted_at.desc(), Order.id.desc()).limit(most + 1)))


def filter_of(asked: Mapping[str, Any], *, order_ids: Collection[UUID] | None = None) -> OrderFilter:
    """Return the filter that a query of the JSON doors asks for, among ``order_ids`` when given."""
    same = ("state", "seller_id", "buyer_id", "carrier_id", "planned_on", "number", "to_invoice_outside")
    return OrderFilter(
        delivery=asked["delivery_bucket"],
        billing=asked["billing_bucket"],
        order_ids=order_ids,
        **{name: asked[name] for name in same},
    )


def delivery_bucket(today: Today) -> ColumnElement[str]:
    """Return the SQL of the delivery axis: late is what was due before today, or came back (R028)."""
    return case(
        (Order.state.in_((*_OVER, *_ARRIVED)), literal(Bucket.DONE.value)),
        ((Order.state == OrderState.NOT_DELIVERED) | (Order.planned_on < today.day), literal(Bucket.LATE.value)),
        (Order.state.in_((OrderState.PLANNED, OrderState.SHIPPED)), literal(Bucket.UNDER_WAY.value)),
        else_=literal(Bucket.UPCOMING.value),
    ).label("delivery_bucket")


def billing_bucket(today: Today) -> ColumnElement[str]:
    """Return the SQL of the invoicing axis: late is what arrived before today and is not invoiced (R010, R028)."""
    arrived = Order.state.in_(_ARRIVED)
    return case(
        (Order.state.in_(_OVER) | Order.billing_state.in_(_BILLED), literal(Bucket.DONE.value)),
        (arrived & (Order.delivered_at < today.began_at), literal(Bucket.LATE.value)),
        (arrived | (Order.billing_state == BillingState.UNDER_WAY), literal(Bucket.UNDER_WAY.value)),
        else_=literal(Bucket.UPCOMING.value),
    ).label("billing_bucket")


def _narrow[R: Select[Order, str, str]](
    wide: R, chosen: OrderFilter, delivery: ColumnElement[str], billing: ColumnElement[str]
) -> R:
    wanted: tuple[tuple[ColumnElement[Any], object], ...] = (
        (Order.state.expression, chosen.state),
        (Order.owner_id.expression, chosen.seller_id),
        (Order.buyer_id.expression, chosen.buyer_id),
        (Order.carrier_id.expression, chosen.carrier_id),
        (Order.planned_on.expression, chosen.planned_on),
        (delivery, chosen.delivery and chosen.delivery.value),
        (billing, chosen.billing and chosen.billing.value),
    )
    narrowed = wide.where(*(column == value for column, value in wanted if value is not None))
    if chosen.number:
        narrowed = narrowed.where(Order.number.icontains(chosen.number, autoescape=True))
    if chosen.order_ids is not None:
        narrowed = narrowed.where(Order.id.in_(set(chosen.order_ids)))
    if chosen.to_invoice_outside:
        narrowed = narrowed.where(
            Order.billing_type == "external",
            Order.state.in_(_ARRIVED),
            Order.billing_state == BillingState.UNINVOICED,
        )
    return narrowed
