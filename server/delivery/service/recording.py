"""Writing down a visit and its deliveries, once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from server.core import facts
from server.core.acting import acting_org
from server.core.objects import fresh
from server.core.stamp import Stamp
from server.delivery.events import DELIVERY_RECORDED
from server.delivery.model import Delivery, DeliveryLine, Terms, Visit, VisitOutcome
from shared.ids import new_id
from shared.visit import OrderFacts
from shared.wire.event import Outcome, VisitFinished


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitRecord:
    """Where and when a visit took place, which event says so, and the sha256 of its photos of no line."""

    stop_id: UUID
    run_id: UUID
    site_id: UUID
    buyer_id: UUID
    device_id: UUID
    event_id: UUID
    event_seq: int
    delivered_at: datetime
    uncertainty_s: int
    received_at: datetime
    photos: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderParties:
    """Who sells, buys and invoices the order of a delivery, and who represents its seller there."""

    seller_id: UUID
    buyer_id: UUID
    issuer_id: UUID
    agent_id: UUID | None = None


def record_visit(session: Session, record: VisitRecord, finished: VisitFinished, *, outcome: Outcome) -> Visit:
    """Write the act of signing; only the carrier reads it whole."""
    visit = fresh(
        Visit,
        id=new_id(),
        owner_id=acting_org(session),
        stop_id=record.stop_id,
        run_id=record.run_id,
        site_id=record.site_id,
        buyer_id=record.buyer_id,
        device_id=record.device_id,
        event_id=record.event_id,
        event_seq=record.event_seq,
        driver_id=UUID(finished.driver_id),
        outcome=VisitOutcome(outcome),
        failure=finished.failure,
        signer_name=finished.signer_name,
        signer_role=finished.signer_role,
        signature_sha256=finished.signature_sha256,
        picture_sha256=finished.picture_sha256,
        photos=list(record.photos),
        root=finished.root,
        delivered_at=record.delivered_at,
        uncertainty_s=record.uncertainty_s,
        received_at=record.received_at,
        corrects_id=UUID(finished.corrects) if finished.corrects else None,
    )
    session.add(visit)
    session.flush()
    return visit


def record_delivery(
    session: Session, visit: Visit, order: OrderFacts, terms: Terms, parties: OrderParties, *, stamp: Stamp
) -> Delivery:
    """Write what was accepted of one order; seller, buyer, agent and issuer read it."""
    named = {parties.seller_id, parties.buyer_id, parties.issuer_id, parties.agent_id}
    readers = sorted(one for one in named if one and one != visit.owner_id)
    delivery = fresh(
        Delivery,
        id=new_id(),
        owner_id=visit.owner_id,
        party_ids=readers,
        visit_id=visit.id,
        hand_record_id=None,
        order_id=UUID(order.order_id),
        seller_id=parties.seller_id,
        buyer_id=parties.buyer_id,
        issuer_id=parties.issuer_id,
        terms_id=terms.id,
        revision=1,
        outcome=VisitOutcome(order.leaf.outcome),
        delivered_at=visit.delivered_at,
        received_at=visit.received_at,
        signer_name=visit.signer_name,
        shown=order.leaf.shown,
        shown_total_cents=order.leaf.shown_total_cents,
        shown_credit_cents=order.leaf.shown_credit_cents,
        shown_supplement_cents=order.leaf.shown_supplement_cents,
    )
    set_committed_value(delivery, "lines", [_line(delivery, position, order) for position in range(len(order.lines))])
    session.add(delivery)
    session.flush()
    facts.record(session, DELIVERY_RECORDED, delivery.id, stamp, readers=tuple(readers))
    return delivery


def _line(delivery: Delivery, position: int, order: OrderFacts) -> DeliveryLine:
    leaf = order.lines[position]
    return fresh(
        DeliveryLine,
        **delivery.kin(),
        id=new_id(),
        delivery_id=delivery.id,
        position=position,
        order_line_id=UUID(leaf.line_id),
        ordered=leaf.ordered,
        delivered=leaf.delivered,
        not_shipped=leaf.not_shipped,
        lost=leaf.lost,
        returned=leaf.returned,
        extra=leaf.extra,
        reason=leaf.reason,
        photos=list(leaf.photos),
    )
