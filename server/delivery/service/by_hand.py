"""Recording a delivery that no tablet saw: somebody says what was accepted, and nobody signs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from server.core import facts
from server.core.acting import acting_org
from server.core.stamp import Stamp
from server.delivery.events import DELIVERY_RECORDED
from server.delivery.model import Delivery, HandRecord, Terms, VisitOutcome
from server.delivery.service.recording import OrderParties
from server.delivery.service.revising import line_of
from shared.delivered_line import DeliveredLine
from shared.ids import new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class HandWritten:
    """What is said of one order by hand, and by whom; ``delivered_at`` is the day's noon where only a day is known."""

    order_id: UUID
    key: UUID
    by_name: str
    words: str
    delivered_on: date
    delivered_at: datetime
    outcome: VisitOutcome
    lines: Sequence[DeliveredLine]


def record_by_hand(
    session: Session, written: HandWritten, *, terms: Terms, parties: OrderParties, stamp: Stamp
) -> Delivery:
    """Write who says what was accepted, and the delivery; seller, buyer, agent and issuer read both.

    The acting organisation keeps them: the carrier, or the seller of an order that has none. Nothing was shown to
    anybody, so that no amount is compared with what a signer saw.
    """
    me = acting_org(session)
    named = {parties.seller_id, parties.buyer_id, parties.issuer_id, parties.agent_id}
    readers = sorted(one for one in named if one and one != me)
    record = _record(written, me, readers, stamp)
    delivery = Delivery(
        **record.kin(),
        id=new_id(),
        hand_record_id=record.id,
        order_id=written.order_id,
        seller_id=parties.seller_id,
        buyer_id=parties.buyer_id,
        issuer_id=parties.issuer_id,
        terms_id=terms.id,
        revision=1,
        outcome=written.outcome,
        delivered_at=written.delivered_at,
        received_at=stamp.at,
        shown="none",
        shown_total_cents=0,
        shown_credit_cents=0,
        shown_supplement_cents=0,
    )
    delivery.lines = [line_of(delivery, at, line) for at, line in enumerate(written.lines)]
    session.add(record)
    session.flush()
    session.add(delivery)
    session.flush()
    set_committed_value(delivery, "by_hand", record)
    facts.record(session, DELIVERY_RECORDED, delivery.id, stamp, readers=tuple(readers))
    return delivery


def _record(written: HandWritten, owner_id: UUID, readers: Sequence[UUID], stamp: Stamp) -> HandRecord:
    return HandRecord(
        id=new_id(),
        owner_id=owner_id,
        party_ids=list(readers),
        order_id=written.order_id,
        key=written.key,
        by=stamp.by,
        by_name=written.by_name,
        delivered_on=written.delivered_on,
        words=written.words,
        recorded_at=stamp.at,
    )
