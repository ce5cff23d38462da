"""What people of the office decide on a rehearsed day: the office does it, the model hears it, a replay tells it again.

Each decision has an instant of its own, so that it stands at one place among the events that the office takes. A
restore takes it back with everything else; nobody sends it again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import select

from server.billing.model import CreditNote
from server.billing.queries import all_credit_notes, live_invoice
from server.billing.service import publish_pending
from server.billing.service.approvals import approve_proposed, refuse_proposed
from server.core.problems import Conflict, Text
from server.core.stamp import Stamp
from server.core.transaction import transaction
from server.delivery import queries as delivered
from server.fulfilment.service.correcting import correct_by_hand
from server.fulfilment.service.invoicing import publish_by_hand, void_by_hand
from server.fulfilment.service.orders import replan_order, revise_order
from server.orders import queries as orders_read
from server.orders.model import OrderLine
from server.orders.service import OrderItem
from server.sync.model import DecisionKind, DeviceEvent
from server.sync.service.closing import settle_run
from server.sync.service.deciding import decide_event
from shared.delivered_line import DeliveredLine
from shared.states import CreditState

type Choice = Literal["applied", "replaced", "set_aside"]
_WHY = "Vérifié avec le client au téléphone."


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """An order's delivery corrected by hand: all of its lines as they really were."""

    at: datetime
    order: str
    lines: tuple[Mapping[str, Any], ...]
    key: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """An event that was set aside, looked at by a person."""

    at: datetime
    device: str
    seq: int
    choice: Choice


@dataclass(frozen=True, slots=True, kw_only=True)
class Revised:
    """An order changed by its seller while it is on a tablet: what each line is from now on; ``struck`` ones go.

    ``off_cents`` is what is taken off the whole order; None leaves it as it is, and so does what names no line.
    """

    at: datetime
    seller: UUID
    order: str
    units: Mapping[UUID, int] = field(default_factory=dict)
    prices: Mapping[UUID, Decimal] = field(default_factory=dict)
    discounts: Mapping[UUID, int] = field(default_factory=dict)
    struck: frozenset[UUID] = frozenset()
    off_cents: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Voided:
    """The invoice of an order that has not left, voided by its issuer so that the order may change."""

    at: datetime
    issuer: UUID
    order: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """An order that was delivered and is billed by nobody, billed by hand by its issuer."""

    at: datetime
    issuer: UUID
    order: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A run of which the office held everything, settled: what comes of it later is late."""

    at: datetime
    run: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Credited:
    """The credits that were proposed for an order, approved or refused by their issuer."""

    at: datetime
    issuer: UUID
    order: str
    approves: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Replanned:
    """An order that nobody accepted, put back by its carrier to ride again."""

    at: datetime
    order: str


type Decision = Corrected | Credited | Decided | Published | Replanned | Revised | Settled | Voided


def carry_out(carrier_id: UUID, decision: Decision) -> None:
    """Do at the office what was decided, as its doors do it.

    Raises:
        Problem: the office refuses it.
    """
    stamp = Stamp(by=None, at=decision.at)
    match decision:
        case Corrected():
            _correct(carrier_id, decision, stamp)
        case Credited():
            _credit(decision, stamp)
        case Decided():
            _decide(carrier_id, decision, stamp)
        case Published():
            _publish(decision.issuer, decision.order, stamp)
        case Replanned():
            _replan(carrier_id, decision, stamp)
        case Revised():
            _revise(decision, stamp)
        case Settled():
            _settle(carrier_id, decision, stamp)
        case Voided():
            _void(decision, stamp)


def _correct(carrier_id: UUID, said: Corrected, stamp: Stamp) -> None:
    with transaction(carrier_id) as session:
        latest = delivered.latest_delivery(session, order_id=UUID(said.order))
        if latest is None:
            raise LookupError(f"order {said.order} was never delivered")
        lines = [DeliveredLine(**line) for line in said.lines]
        correct_by_hand(session, delivery_id=latest.id, lines=lines, reason=_WHY, key=said.key, stamp=stamp)
        publish_pending(session, stamp=stamp)


def _decide(carrier_id: UUID, said: Decided, stamp: Stamp) -> None:
    with transaction(carrier_id) as session:
        event_id = session.scalars(
            select(DeviceEvent.event_id).where(DeviceEvent.device_id == UUID(said.device), DeviceEvent.seq == said.seq)
        ).one()
        decide_event(session, event_id, choice=DecisionKind(said.choice), reason=_WHY, stamp=stamp)


def _settle(carrier_id: UUID, said: Settled, stamp: Stamp) -> None:
    with transaction(carrier_id) as session:
        settle_run(session, run_id=said.run, stamp=stamp)


def _revise(said: Revised, stamp: Stamp) -> None:
    with transaction(said.seller) as session:
        order = orders_read.order(session, order_id=UUID(said.order))
        off_cents = order.document_discount_cents if said.off_cents is None else said.off_cents
        items = [_item(said, line) for line in order.lines if line.id not in said.struck]
        revise_order(session, order=order, items=items, document_discount_cents=off_cents, stamp=stamp)


def _item(said: Revised, line: OrderLine) -> OrderItem:
    return OrderItem(
        line_id=line.id,
        quantity=said.units.get(line.id, line.quantity),
        unit_price=said.prices.get(line.id),
        discount_cents=said.discounts.get(line.id, line.discount_cents),
    )


def _void(said: Voided, stamp: Stamp) -> None:
    """A provisional invoice of a loaded run has no other way out than to be published, then voided."""
    _publish(said.issuer, said.order, stamp)
    with transaction(said.issuer) as session:
        standing = live_invoice(session, order_id=UUID(said.order))
        if standing is None:
            raise Conflict(Text("Rien à annuler.", "Nothing to void."), where=said.order)
        void_by_hand(session, invoice_id=standing.id, reason=_WHY, stamp=stamp)
        publish_pending(session, stamp=stamp)


def _credit(said: Credited, stamp: Stamp) -> None:
    with transaction(said.issuer) as session:
        proposed = all_credit_notes(UUID(said.order)).where(CreditNote.state == CreditState.PROPOSED)
        for note in session.scalars(proposed.order_by(CreditNote.id)).all():
            if said.approves:
                approve_proposed(session, credit_id=note.id, stamp=stamp)
            else:
                refuse_proposed(session, credit_id=note.id, reason=_WHY, stamp=stamp)
        publish_pending(session, stamp=stamp)


def _replan(carrier_id: UUID, said: Replanned, stamp: Stamp) -> None:
    with transaction(carrier_id) as session:
        order = orders_read.order(session, order_id=UUID(said.order))
        replan_order(session, order=order, stamp=stamp)
        publish_pending(session, stamp=stamp)


def _publish(issuer: UUID, order_id: str, stamp: Stamp) -> None:
    with transaction(issuer) as session:
        order = orders_read.order(session, order_id=UUID(order_id))
        publish_by_hand(session, order=order, stamp=stamp)
        publish_pending(session, stamp=stamp)
