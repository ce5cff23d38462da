"""Steps of a delivery day for billing's tests: documents made, goods delivered, differences settled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm.attributes import set_committed_value

from server.billing import queries
from server.billing import service as billing
from server.billing.model import CreditNote, Invoice
from server.billing.service import Settlement
from server.core.transaction import transaction
from server.delivery.model import Delivery, DeliveryLine, Terms, Visit, VisitOutcome
from server.ledger.model import Account, Allocation, JournalEntry, Posting
from server.orders import queries as orders
from server.orders.model import Order
from shared.ids import new_id
from shared.problems import Text
from tests.factories.world import World, stamp

DOCUMENTED_AT = datetime(2026, 11, 18, 22, tzinfo=UTC)
DELIVERED_AT = datetime(2026, 11, 19, 15, 30, tzinfo=UTC)
SYNCED_AT = datetime(2026, 11, 19, 23, tzinfo=UTC)


@dataclass(frozen=True)
class Counted:
    """What became of one line: ordered = delivered + not_shipped + lost + returned."""

    delivered: int
    not_shipped: int = 0
    lost: int = 0
    returned: int = 0
    extra: int = 0
    reason: str = ""


def make_provisional(world: World, order_id: UUID, *, run_id: UUID | None = None) -> UUID:
    with transaction(acting=world.carrier_id) as session:
        order = orders.order(session, order_id=order_id)
        return billing.create_provisional(session, order=order, run_id=run_id, stamp=stamp(DOCUMENTED_AT)).id


def publish(
    world: World, order_id: UUID, *, at: datetime = DOCUMENTED_AT, quantities: Mapping[int, int] | None = None
) -> UUID:
    """Publish the order's invoice; ``quantities`` are by line position, all of each line without them."""
    with transaction(acting=world.carrier_id) as session:
        order = orders.order(session, order_id=order_id)
        chosen = {str(line.id): quantities[line.position] for line in order.lines} if quantities else None
        invoice = billing.publish_for_order(session, order=order, quantities=chosen, stamp=stamp(at))
        billing.publish_pending(session, stamp=stamp(at))
        return invoice.id


def freeze(world: World, order_id: UUID) -> UUID:
    with transaction(acting=world.carrier_id) as session:
        order = orders.order(session, order_id=order_id)
        return billing.freeze_order_terms(session, order=order, stamp=stamp(DOCUMENTED_AT)).id


def deliver(world: World, order_id: UUID, terms_id: UUID, counted: Mapping[int, Counted] | None = None) -> UUID:
    """Record a delivery; ``counted`` is by line position, lines that are not named are delivered in full."""
    with transaction(acting=world.carrier_id) as session:
        order = orders.order(session, order_id=order_id)
        visit = _visit(world, order)
        session.add(visit)
        session.flush()
        delivery = Delivery(
            id=new_id(),
            owner_id=world.carrier_id,
            party_ids=sorted({order.owner_id, order.buyer_id, order.issuer_id} - {world.carrier_id}),
            visit_id=visit.id,
            order_id=order.id,
            seller_id=order.owner_id,
            buyer_id=order.buyer_id,
            issuer_id=order.issuer_id,
            terms_id=terms_id,
            revision=1,
            outcome=VisitOutcome.PARTIAL,
            delivered_at=DELIVERED_AT,
            received_at=SYNCED_AT,
            shown="none",
            shown_total_cents=0,
            shown_credit_cents=0,
            shown_supplement_cents=0,
        )
        delivery.lines = [_line(delivery, line, (counted or {}).get(line.position)) for line in order.lines]
        session.add(delivery)
        return delivery.id


def settle(world: World, delivery_id: UUID, *, at: datetime = SYNCED_AT) -> Settlement:
    with transaction(acting=world.carrier_id) as session:
        delivery = session.get(Delivery, delivery_id)
        lines = select(DeliveryLine).where(DeliveryLine.delivery_id == delivery_id).order_by(DeliveryLine.position)
        set_committed_value(delivery, "lines", list(session.scalars(lines)))
        order = orders.order(session, order_id=delivery.order_id)
        terms = session.get(Terms, delivery.terms_id)
        settlement = billing.settle_delivery(session, delivery=delivery, order=order, terms=terms, stamp=stamp(at))
        billing.publish_pending(session, stamp=stamp(at))
        return settlement


def short_day(world: World, order_id: UUID, counted: Mapping[int, Counted] | None = None) -> Settlement:
    """Freeze the terms, deliver and settle."""
    return settle(world, deliver(world, order_id, freeze(world, order_id), counted))


def read_invoice(invoice_id: UUID, *, acting: UUID) -> Invoice:
    with transaction(acting=acting) as session:
        invoice = queries.invoice(session, invoice_id=invoice_id)
        session.expunge_all()
        return invoice


def credits_on(invoice_id: UUID, *, acting: UUID) -> list[CreditNote]:
    with transaction(acting=acting) as session:
        notes = queries.credits_of(session, invoice_id=invoice_id)
        session.expunge_all()
        return notes


def totals(issuer_id: UUID) -> dict[Account, int]:
    """Each account's total of an issuer, without those at zero."""
    with transaction(acting=issuer_id) as session:
        rows = session.execute(
            select(Posting.account, func.sum(Posting.amount_cents))
            .where(Posting.owner_id == issuer_id)
            .group_by(Posting.account)
        )
        return {account: int(cents) for account, cents in rows if cents}


def entry_sums(issuer_id: UUID) -> list[int]:
    with transaction(acting=issuer_id) as session:
        return [
            int(row)
            for row in session.scalars(
                select(func.sum(Posting.amount_cents)).join(JournalEntry).group_by(JournalEntry.id)
            )
        ]


def allocations(issuer_id: UUID) -> list[tuple[UUID, UUID, int]]:
    with transaction(acting=issuer_id) as session:
        rows = session.scalars(select(Allocation).order_by(Allocation.recorded_at, Allocation.id))
        return [(one.source_id, one.invoice_id, one.amount_cents) for one in rows]


def _visit(world: World, order: Order) -> Visit:
    return Visit(
        id=new_id(),
        owner_id=world.carrier_id,
        stop_id=new_id(),
        run_id=new_id(),
        site_id=order.site_id,
        buyer_id=order.buyer_id,
        device_id=new_id(),
        event_id=new_id(),
        event_seq=1,
        driver_id=world.driver_id,
        outcome=VisitOutcome.PARTIAL,
        root="0" * 64,
        delivered_at=DELIVERED_AT,
        uncertainty_s=0,
        received_at=SYNCED_AT,
    )


def _line(delivery: Delivery, line, counted: Counted | None) -> DeliveryLine:
    counted = counted or Counted(line.quantity)
    return DeliveryLine(
        id=new_id(),
        **delivery.kin(),
        position=line.position,
        order_line_id=line.id,
        ordered=line.quantity,
        delivered=counted.delivered,
        not_shipped=counted.not_shipped,
        lost=counted.lost,
        returned=counted.returned,
        extra=counted.extra,
        reason=counted.reason,
        photos=[],
    )


def live_invoice_of(order_id: UUID, *, acting: UUID) -> Invoice | None:
    with transaction(acting=acting) as session:
        found = queries.live_invoice(session, order_id=order_id)
        session.expunge_all()
        return found


def void(order_id: UUID, *, acting: UUID, at: datetime = DOCUMENTED_AT) -> UUID:
    with transaction(acting=acting) as session:
        invoice = queries.live_invoice(session, order_id=order_id)
        note = billing.void_invoice(session, invoice=invoice, reason=Text("Erreur", "Mistake"), stamp=stamp(at))
        billing.publish_pending(session, stamp=stamp(at))
        return note.id
