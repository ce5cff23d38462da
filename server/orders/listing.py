"""Lists of orders: each in exactly one bucket for its delivery and one for its invoicing (R028)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, case, func, literal_column, not_, or_, select
from sqlalchemy.orm import Session

from server.core.plans import plan_for_values
from server.orders.model import ARRIVED, BILLED, ENDED, Order
from shared.states import BillingState, OrderState


class Bucket(StrEnum):
    """Where an order stands for whoever looks at a list."""

    UPCOMING = "upcoming"
    UNDER_WAY = "under_way"
    LATE = "late"
    DONE = "done"


MAX_COUNTED: Final = 10_000
_OVER: Final = (OrderState.REJECTED, OrderState.EXPIRED, OrderState.CANCELLED)
_ON_THE_WAY: Final = (OrderState.PLANNED, OrderState.SHIPPED)


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
    plan_for_values(session)
    narrowed = _narrow(select(Order.id), chosen, today)
    newest = Order.submitted_at.desc(), Order.id.desc()
    page = narrowed.order_by(*newest).offset(offset).limit(limit).subquery()
    whole = select(Order, delivery_bucket(today), billing_bucket(today)).join(page, page.c.id == Order.id)
    found = session.execute(whole.order_by(*newest))
    rows = [ListedOrder(row[0], Bucket(row[1]), Bucket(row[2])) for row in found]
    if len(rows) < limit and (rows or not offset):  # the page shows the list's end
        return rows, offset + len(rows)
    counted = narrowed.limit(MAX_COUNTED).subquery()
    return rows, session.scalar(select(func.count()).select_from(counted)) or 0


def listed_ids(session: Session, *, chosen: OrderFilter, today: Today, most: int) -> list[UUID]:
    """Return the ids of the orders that a filter lets through, newest first, ``most`` and one to tell of more."""
    narrowed = _narrow(select(Order.id), chosen, today)
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
    return _delivery(Order.state, Order.planned_on < today.day).label("delivery_bucket")


def billing_bucket(today: Today) -> ColumnElement[str]:
    """Return the SQL of the invoicing axis: late is what arrived before today and is not invoiced (R010, R028)."""
    return _billing(Order.state, Order.billing_state, Order.delivered_at < today.began_at).label("billing_bucket")


def number_holds(words: str) -> ColumnElement[bool]:
    """Return the SQL of an order whose number holds these words, in whatever case; letters alone have one to fold."""
    number = Order.number
    if words.lower() == words.upper():
        return number.contains(words, autoescape=True)
    return number.icontains(words, autoescape=True)


def counted_buckets(orders: Select[Any], today: Today) -> Select[str, str, int]:
    """Return the SQL of how many of these orders fall in each bucket of both axes.

    They are counted by what the rule of the buckets asks of them, and the rule is asked once for each such kind.
    """
    asked = (
        Order.state.label("state"),
        Order.billing_state.label("billing_state"),
        (Order.planned_on < today.day).label("is_due"),
        (Order.delivered_at < today.began_at).label("came_before"),
    )
    kinds = orders.with_only_columns(*asked, func.count().label("orders")).group_by(*asked).subquery()
    one = kinds.c
    axes = _delivery(one.state, one.is_due), _billing(one.state, one.billing_state, one.came_before)
    return select(*axes, func.sum(one.orders)).group_by(*axes)


def in_delivery(bucket: Bucket, today: Today) -> ColumnElement[bool]:
    """Return the SQL of one bucket of the delivery axis, in words that the indexes know."""
    is_open = not_(_among(Order.state, ENDED))
    if bucket is Bucket.DONE:
        return _among(Order.state, ENDED)
    is_late = or_(_among(Order.state, [OrderState.NOT_DELIVERED]), func.coalesce(Order.planned_on < today.day, False))
    if bucket is Bucket.LATE:
        return and_(is_open, is_late)
    goes = _among(Order.state, _ON_THE_WAY)
    return and_(is_open, not_(is_late), goes if bucket is Bucket.UNDER_WAY else not_(goes))


def in_billing(bucket: Bucket, today: Today) -> ColumnElement[bool]:
    """Return the SQL of one bucket of the invoicing axis, in words that the indexes know."""
    is_done = or_(_among(Order.state, _OVER), _among(Order.billing_state, BILLED))
    if bucket is Bucket.DONE:
        return is_done
    arrived, open_ = _among(Order.state, ARRIVED), not_(_among(Order.billing_state, BILLED))
    if bucket is Bucket.LATE:
        return and_(arrived, open_, Order.delivered_at < today.began_at)
    is_late = and_(arrived, func.coalesce(Order.delivered_at < today.began_at, False))
    is_under_way = or_(arrived, _among(Order.billing_state, [BillingState.UNDER_WAY]))
    goes = is_under_way if bucket is Bucket.UNDER_WAY else not_(is_under_way)
    return and_(not_(is_done), not_(is_late), goes)


def _delivery(state: Any, is_due: ColumnElement[bool]) -> ColumnElement[str]:
    return case(
        (_among(state, ENDED), _word(Bucket.DONE)),
        (or_(_among(state, [OrderState.NOT_DELIVERED]), is_due), _word(Bucket.LATE)),
        (_among(state, _ON_THE_WAY), _word(Bucket.UNDER_WAY)),
        else_=_word(Bucket.UPCOMING),
    )


def _billing(state: Any, billing_state: Any, came_before: ColumnElement[bool]) -> ColumnElement[str]:
    arrived = _among(state, ARRIVED)
    return case(
        (or_(_among(state, _OVER), _among(billing_state, BILLED)), _word(Bucket.DONE)),
        (and_(arrived, came_before), _word(Bucket.LATE)),
        (or_(arrived, _among(billing_state, [BillingState.UNDER_WAY])), _word(Bucket.UNDER_WAY)),
        else_=_word(Bucket.UPCOMING),
    )


def _among(column: Any, states: Collection[StrEnum]) -> ColumnElement[bool]:
    """Write the states out: partial indexes are for these words alone, and plans for one state or another differ."""
    said: ColumnElement[bool] = column.in_([_word(one) for one in states])
    return said


def _word(one: StrEnum) -> ColumnElement[str]:
    return literal_column(f"'{one.value}'")


def _narrow(wide: Select[UUID], chosen: OrderFilter, today: Today) -> Select[UUID]:
    wanted: tuple[tuple[ColumnElement[Any], object], ...] = (
        (Order.owner_id.expression, chosen.seller_id),
        (Order.buyer_id.expression, chosen.buyer_id),
        (Order.carrier_id.expression, chosen.carrier_id),
        (Order.planned_on.expression, chosen.planned_on),
    )
    narrowed = wide.where(*(column == value for column, value in wanted if value is not None))
    if chosen.state is not None:
        narrowed = narrowed.where(_among(Order.state, [chosen.state]))
    if chosen.delivery is not None:
        narrowed = narrowed.where(in_delivery(chosen.delivery, today))
    if chosen.billing is not None:
        narrowed = narrowed.where(in_billing(chosen.billing, today))
    if chosen.number:
        narrowed = narrowed.where(number_holds(chosen.number))
    if chosen.order_ids is not None:
        narrowed = narrowed.where(Order.id.in_(set(chosen.order_ids)))
    if chosen.to_invoice_outside:
        narrowed = narrowed.where(
            Order.billing_type == "external",
            _among(Order.state, ARRIVED),
            _among(Order.billing_state, [BillingState.UNINVOICED]),
        )
    return narrowed
