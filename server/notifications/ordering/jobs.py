"""Jobs that tell an order's parties what happened to it."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.conversations.model import Message, Thread, ThreadSubject
from server.core import clock
from server.core.jobs import AGAIN, queue
from server.core.stamp import Stamp
from server.core.transaction import transaction
from server.notifications.ordering.words import (
    NEWS,
    NOTHING_MORE,
    OF_STATE,
    asked_of,
    news_of_message,
    news_of_request,
    told_of,
)
from server.notifications.service.telling import tell
from server.orders import events
from server.orders.model import Order, OrderEntry, OrderRequest
from server.orders.service.deciding import AGREED_DAY
from shared.problems import Text
from shared.states import OrderState


@queue.task(name="notifications.tell_order", retry=AGAIN)
def tell_order(*, owner_id: str, subject_id: str) -> None:
    """Tell an order's parties what it has become: submitted, accepted, rejected, cancelled or expired (R064)."""
    with transaction(UUID(owner_id)) as session:
        order = _order(session, subject_id)
        if (event := OF_STATE.get(order.state)) is not None:
            agreed = _agreed_day(session, order) if event == events.ORDER_ACCEPTED else NOTHING_MORE
            _tell_order(session, order, event, also=agreed)


@queue.task(name="notifications.tell_order_waits", retry=AGAIN)
def tell_order_waits(*, owner_id: str, subject_id: str) -> None:
    """Warn the seller of an order that its group would have accepted, and did not (C8)."""
    with transaction(UUID(owner_id)) as session:
        _tell_order(session, _order(session, subject_id), events.ORDER_UNDER_MINIMUM)


@queue.task(name="notifications.tell_order_expiring", retry=AGAIN)
def tell_order_expiring(*, owner_id: str, subject_id: str) -> None:
    """Remind the seller of an order that will expire."""
    with transaction(UUID(owner_id)) as session:
        _tell_order(session, _order(session, subject_id), events.ORDER_EXPIRING)


@queue.task(name="notifications.tell_order_revised", retry=AGAIN)
def tell_order_revised(*, owner_id: str, subject_id: str) -> None:
    """Tell the buyer that its order was changed, once for each revision."""
    with transaction(UUID(owner_id)) as session:
        order = _order(session, subject_id)
        if order.state is not OrderState.DRAFT:
            _tell_order(session, order, events.ORDER_REVISED, once=str(order.revision))


@queue.task(name="notifications.tell_request", retry=AGAIN)
def tell_request(*, owner_id: str, subject_id: str) -> None:
    """Tell the seller's side what the buyer asks, and the buyer how it was answered (C13)."""
    with transaction(UUID(owner_id)) as session:
        request = session.scalars(select(OrderRequest).where(OrderRequest.id == UUID(subject_id))).one()
        order = _order(session, str(request.order_id))
        for recipient_id in asked_of(order, request):
            tell(session, recipient_id=recipient_id, news=news_of_request(order, request), stamp=_now())


@queue.task(name="notifications.tell_message", retry=AGAIN)
def tell_message(*, owner_id: str, subject_id: str) -> None:
    """Tell the other parties of an order that somebody wrote in its chat (R046)."""
    with transaction(UUID(owner_id)) as session:
        message = session.scalars(select(Message).where(Message.id == UUID(subject_id))).one()
        thread = session.scalars(select(Thread).where(Thread.id == message.thread_id)).one()
        if thread.subject is not ThreadSubject.ORDER or message.author_id is None:
            return
        order = _order(session, str(thread.subject_id))
        for recipient_id in sorted(set(message.party_ids)):
            tell(session, recipient_id=recipient_id, news=news_of_message(order, message), stamp=_now())


def _order(session: Session, order_id: str) -> Order:
    return session.scalars(select(Order).where(Order.id == UUID(order_id))).one()


def _agreed_day(session: Session, order: Order) -> Text:
    """Return what whoever accepted said of the day that the buyer wished for."""
    said = session.scalars(
        select(OrderEntry).where(OrderEntry.order_id == order.id, OrderEntry.kind == AGREED_DAY).limit(1)
    ).first()
    return Text(said.text_fr, said.text_en) if said else NOTHING_MORE


def _tell_order(session: Session, order: Order, event: str, *, once: str = "", also: Text = NOTHING_MORE) -> None:
    news = NEWS[event]
    for recipient_id in told_of(order, news):
        tell(session, recipient_id=recipient_id, news=news.of(order, kind=event, once=once, also=also), stamp=_now())


def _now() -> Stamp:
    return Stamp(None, clock.now())
