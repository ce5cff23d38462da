"""The clock of an order that waits for its seller: a reminder, then its expiry (R058)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from server.core import clock, facts
from server.core.jobs import AGAIN, enqueue, queue
from server.core.settings import settings
from server.core.stamp import Stamp
from server.core.transaction import transaction
from server.orders import events, queries
from server.orders import service as orders
from server.orders.model import Order
from shared.states import OrderState

REMINDED_BEFORE: Final = timedelta(days=3)


@queue.task(name="orders.watch_pending", retry=AGAIN)
def watch_pending(*, owner_id: str, subject_id: str) -> None:
    """Remind the seller of an order that will expire, let it expire in its time, and sleep until the next of both."""
    now = clock.now()
    with transaction(UUID(owner_id)) as session:
        order = queries.order(session, order_id=UUID(subject_id))
        if order.state is not OrderState.PENDING or not settings().pending_days:
            return
        expires_at = order.submitted_at + timedelta(days=settings().pending_days)
        reminds_at = max(order.submitted_at, expires_at - REMINDED_BEFORE)
        if now >= expires_at:
            orders.expire(session, order=order, stamp=Stamp(None, now))
        elif now >= reminds_at:
            facts.record(session, events.ORDER_EXPIRING, order.id, Stamp(None, now))
            _wake(session, order, expires_at)
        else:
            _wake(session, order, reminds_at)


def _wake(session: Session, order: Order, at: datetime) -> None:
    enqueue(
        session,
        watch_pending,
        key=f"orders.watch_pending:{order.id}",
        not_before=at,
        owner_id=str(order.owner_id),
        subject_id=str(order.id),
    )
