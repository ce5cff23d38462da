"""Orders in lists, and one order with all that belongs to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, literal, literal_column, or_, select, tuple_
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.orm import Session, aliased

from server.billing.model import CreditNote, Invoice
from server.billing.queries import invoices_of_orders
from server.conversations import queries as conversations
from server.conversations.model import ThreadSubject
from server.core.acting import acting_org
from server.core.database import among
from server.core.plans import plan_for_values
from server.core.problems import NotFound, Text
from server.dashboard.listing import PAGE_ROWS, Rows, like, mine
from server.delivery.model import Delivery, DeliveryLine, Proof
from server.documents import queries as documents
from server.documents.model import Document
from server.orders import queries as orders
from server.orders.listing import (
    Bucket,
    Today,
    billing_bucket,
    counted_buckets,
    delivery_bucket,
    in_billing,
    in_delivery,
    number_holds,
)
from server.orders.model import Order
from server.orders.presenting import said_in
from server.parties.model import Organisation, Site
from server.planning.model import Run, Stop, StopOrder
from shared.states import OrderState, RunState


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFilter:
    """What a list is narrowed to; None and empty narrow nothing (R029)."""

    day: date | None = None
    bucket: Bucket | None = None
    billing: Bucket | None = None
    words: str = ""
    client_id: UUID | None = None
    seller_id: UUID | None = None
    driver_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRow:
    """One order of a list with the names and the place that its readers see."""

    order: Order
    buyer_name: str
    seller_name: str
    site: Site | None
    bucket: Bucket
    billing: Bucket


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """An audit entry or a message (R053)."""

    at: datetime
    text_fr: str
    text_en: str
    author: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderWhole:
    """One order with names, place, run, deliveries, papers, money and history (R033, R053, R054)."""

    row: OrderRow
    names: Mapping[UUID, str]
    run: Run | None
    stop: Stop | None
    delivery: Delivery | None
    received: Mapping[UUID, DeliveryLine]
    container_names: Mapping[str, Text]
    proof: Proof | None
    documents: Sequence[Document]
    invoices: Sequence[Invoice]
    credits: Sequence[CreditNote]
    supplements: Sequence[Order]
    original: Order | None
    timeline: Sequence[TimelineEntry]
    history: Sequence[Order]


@dataclass(frozen=True, slots=True)
class OrderPage:
    """One page of the list; ``next_key`` leads to the one after it, and is empty on the last (R029)."""

    rows: Sequence[OrderRow]
    next_key: str

    @property
    def more(self) -> bool:
        """Say whether another page follows."""
        return bool(self.next_key)


def list_orders(session: Session, *, narrowed: OrderFilter, today: Today, after: str = "") -> OrderPage:
    """Return one page of the orders that the acting organisation may read, the latest day first, unplanned ones before.

    ``after`` is the key of the page before; one that cannot be read begins anew. A page costs the same wherever it is.
    """
    plan_for_values(session)
    wanted = _narrow(session, _core(), narrowed, today)
    if (key := _read_key(after)) is not None:
        wanted = wanted.where(tuple_(_DAY, Order.id) < tuple_(literal(key[0]), literal(key[1])))
    latest = _DAY.desc(), Order.id.desc()
    page = wanted.order_by(*latest).limit(PAGE_ROWS + 1).subquery()
    rows = session.execute(_rows(today).join(page, page.c.id == Order.id).order_by(*latest)).all()
    shown = [_row(row) for row in rows[:PAGE_ROWS]]
    return OrderPage(shown, _key_of(shown[-1].order) if len(rows) > PAGE_ROWS else "")


def bucket_counts(
    session: Session, *, narrowed: OrderFilter, today: Today
) -> tuple[Mapping[Bucket, int], Mapping[Bucket, int]]:
    """Return how many orders fall in each bucket of both axes; each axis heeds what is chosen on the other (R028)."""
    plan_for_values(session)
    wide = _narrow(session, _core(), replace(narrowed, bucket=None, billing=None), today)
    rows = session.execute(counted_buckets(wide, today))
    delivery, billing = dict.fromkeys(Bucket, 0), dict.fromkeys(Bucket, 0)
    for on_delivery, on_billing, count in rows:
        if narrowed.billing in {None, Bucket(on_billing)}:
            delivery[Bucket(on_delivery)] += int(count)
        if narrowed.bucket in {None, Bucket(on_delivery)}:
            billing[Bucket(on_billing)] += int(count)
    return delivery, billing


def listed_ids(session: Session, *, narrowed: OrderFilter, today: Today, most: int) -> list[UUID]:
    """Return the ids of the orders that the list shows, in its order, ``most`` at most and one to tell of more."""
    wanted = _narrow(session, _core(), narrowed, today).with_only_columns(Order.id)
    return list(session.scalars(wanted.order_by(_DAY.desc(), Order.id.desc()).limit(most + 1)))


def order_whole(session: Session, *, order_id: UUID, today: Today, driver_id: UUID | None = None) -> OrderWhole:
    """Return everything that the acting organisation may read of one order.

    Raises:
        NotFound: there is none, it is somebody else's, or a driver asks for an order that is not on their run.
    """
    order = orders.order(session, order_id=order_id)
    narrowed = OrderFilter(driver_id=driver_id)
    found = session.execute(_narrow(session, _rows(today), narrowed, today).where(Order.id == order_id)).one_or_none()
    if found is None:
        raise NotFound(Text("Cette commande n’existe pas.", "There is no such order."), where=str(order_id))
    delivery = documents.delivery_of_order(session, order_id)
    ridden = _ridden(session, order_id)
    return OrderWhole(
        row=_row(found),
        names=_names(session, order),
        stop=ridden[0] if ridden else None,
        run=ridden[1] if ridden else None,
        delivery=delivery,
        received={line.order_line_id: line for line in delivery.lines} if delivery else {},
        container_names=documents.containers(session) if delivery and delivery.by_hand else {},
        proof=session.scalars(select(Proof).where(Proof.order_id == order_id).limit(1)).first(),
        documents=_latest(documents.of_order(session, order_id)),
        invoices=invoices_of_orders(session, order_ids=[order_id]).get(order_id, []),
        credits=_credits(session, order_id),
        supplements=session.scalars(select(Order).where(Order.supplement_of_id == order_id)).all(),
        original=session.get(Order, order.supplement_of_id) if order.supplement_of_id else None,
        timeline=_timeline(session, order_id, with_prices=driver_id is None),
        history=_history(session, order),
    )


def working_day(session: Session, *, today: date) -> date:
    """Return the next day with orders or runs from ``today`` on, else the last one that had any, else ``today``."""
    days = select(Order.planned_on.label("day")).where(
        mine(session, Order), Order.planned_on.is_not(None), Order.state.not_in(_NEVER)
    )
    known = days.union(select(Run.runs_on).where(Run.owner_id == acting_org(session))).subquery()
    coming = session.scalar(select(func.min(known.c.day)).where(known.c.day >= today))
    found: date | None = coming or session.scalar(select(func.max(known.c.day)))
    return found or today


_FAR: Final = date(9999, 12, 31)
_DAY: Final = func.coalesce(Order.planned_on, literal_column(f"'{_FAR}'::date"))  # as the index has it
_NEVER = (OrderState.REJECTED, OrderState.EXPIRED, OrderState.CANCELLED, OrderState.DRAFT)
_Buyer, _Seller = aliased(Organisation), aliased(Organisation)


def _rows(today: Today) -> Rows:
    return (
        select(
            Order,
            func.coalesce(_Buyer.name, ""),
            func.coalesce(_Seller.name, ""),
            Site,
            delivery_bucket(today),
            billing_bucket(today),
        )
        .outerjoin(_Buyer, _Buyer.id == Order.buyer_id)
        .outerjoin(_Seller, _Seller.id == Order.owner_id)
        .outerjoin(Site, Site.id == Order.site_id)
    )


def _key_of(order: Order) -> str:
    return f"{order.planned_on or _FAR:%Y%m%d}{order.id.hex}"


def _read_key(raw: str) -> tuple[date, UUID] | None:
    try:
        return datetime.strptime(raw[:8], "%Y%m%d").replace(tzinfo=UTC).date(), UUID(raw[8:])
    except ValueError:
        return None


def _core() -> Rows:
    """Return the orders alone, for counting and naming them."""
    core: Rows = select(Order.id).select_from(Order)
    return core


def _row(row: Any) -> OrderRow:
    order, buyer_name, seller_name, site, bucket, billing = row
    return OrderRow(
        order=order,
        buyer_name=buyer_name,
        seller_name=seller_name,
        site=site,
        bucket=Bucket(bucket),
        billing=Bucket(billing),
    )


def _narrow(session: Session, rows: Rows, by: OrderFilter, today: Today) -> Rows:
    if by.bucket is not None:
        rows = rows.where(in_delivery(by.bucket, today))
    if by.billing is not None:
        rows = rows.where(in_billing(by.billing, today))
    if by.day is not None:
        planned: Rows = select(Order.id).where(Order.planned_on == by.day)
        rows = rows.where(Order.id.in_(planned.union(_riding_on(by.day))))
    if by.client_id is not None:
        rows = rows.where(Order.buyer_id == by.client_id)
    if by.seller_id is not None:
        rows = rows.where(Order.owner_id == by.seller_id)
    if by.words:
        named = session.scalars(select(Organisation.id).where(Organisation.name.ilike(like(by.words)))).all()
        theirs = (among(column, named) for column in (Order.buyer_id, Order.owner_id) if named)
        rows = rows.where(or_(number_holds(by.words), *theirs))
    if by.driver_id is not None:
        rows = rows.where(or_(Order.id.in_(_driven_by(by.driver_id)), Order.created_by == by.driver_id))
    return rows


def _riding_on(day: date) -> Rows:
    return (
        select(StopOrder.order_id)
        .join(Stop, Stop.id == StopOrder.stop_id)
        .join(Run, Run.id == Stop.run_id)
        .where(Run.runs_on == day, Run.state != RunState.CANCELLED)
    )


def _driven_by(driver_id: UUID) -> Rows:
    return (
        select(StopOrder.order_id)
        .join(Stop, Stop.id == StopOrder.stop_id)
        .join(Run, Run.id == Stop.run_id)
        .where(Run.driver_id == driver_id)
    )


def _ridden(session: Session, order_id: UUID) -> tuple[Stop, Run] | None:
    found = session.execute(
        select(Stop, Run)
        .join(StopOrder, StopOrder.stop_id == Stop.id)
        .join(Run, Run.id == Stop.run_id)
        .where(StopOrder.order_id == order_id, Run.state != RunState.CANCELLED)
        .order_by(Run.runs_on.desc(), Run.id)
        .limit(1)
    ).first()
    return (found[0], found[1]) if found else None


def _names(session: Session, order: Order) -> dict[UUID, str]:
    wanted_ids = {order.owner_id, order.buyer_id, order.carrier_id, order.issuer_id, order.agent_id} - {None}
    rows = session.execute(select(Organisation.id, Organisation.name).where(Organisation.id.in_(wanted_ids)))
    return {row[0]: row[1] for row in rows}


def _credits(session: Session, order_id: UUID) -> Sequence[CreditNote]:
    caused = select(func.unnest(array([Delivery.id, Delivery.hand_record_id]))).where(Delivery.order_id == order_id)
    invoiced = {one.id for one in invoices_of_orders(session, order_ids=[order_id]).get(order_id, [])}
    return session.scalars(
        select(CreditNote)
        .where(or_(CreditNote.invoice_id.in_(invoiced), CreditNote.cause_id.in_(caused)))
        .order_by(CreditNote.created_at, CreditNote.id)
    ).all()


def _timeline(session: Session, order_id: UUID, *, with_prices: bool) -> list[TimelineEntry]:
    entries = []
    for one in orders.timeline(session, order_id=order_id):
        text = said_in(one, with_prices=with_prices)
        entries.append(TimelineEntry(at=one.at, text_fr=text.fr, text_en=text.en, author=""))
    said = [
        TimelineEntry(at=one.said_at, text_fr=one.text_fr, text_en=one.text_en, author=one.author_name)
        for one in conversations.messages(session, subject=ThreadSubject.ORDER, subject_id=order_id)
    ]
    return sorted(entries + said, key=lambda one: one.at)


def _history(session: Session, order: Order) -> Sequence[Order]:
    return session.scalars(
        select(Order)
        .where(Order.owner_id == order.owner_id, Order.buyer_id == order.buyer_id, Order.id != order.id)
        .order_by(Order.submitted_at.desc(), Order.id)
        .limit(8)
    ).all()


def _latest(papers: Sequence[Document]) -> list[Document]:
    newest = {(one.kind, one.subject_id, one.language): one for one in papers}
    return sorted(newest.values(), key=lambda one: one.made_at)
