"""What people of the office decide on a rehearsed day: the office does it, the model hears it, a replay tells it again.

Each decision has an instant of its own, so that it stands at one place among the events that the office takes. A
restore takes it back with everything else; nobody sends it again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import select

from server.billing.service import publish_pending
from server.core.stamp import Stamp
from server.core.transaction import transaction
from server.delivery import queries as delivered
from server.fulfilment.service.correcting import correct_by_hand
from server.orders import queries as orders_read
from server.orders import service as orders
from server.sync.model import DecisionKind, DeviceEvent
from server.sync.service.closing import settle_run
from server.sync.service.deciding import decide_event
from shared.delivered_line import DeliveredLine

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
    """An order changed by its seller while it is on a tablet: the units of each line from now on."""

    at: datetime
    seller: UUID
    order: str
    units: Mapping[UUID, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A run of which the office held everything, settled: what comes of it later is late."""

    at: datetime
    run: UUID


type Decision = Corrected | Decided | Revised | Settled


def carry_out(carrier_id: UUID, decision: Decision) -> None:
    """Do at the office what was decided, as its doors do it.

    Raises:
        Problem: the office refuses it.
    """
    stamp = Stamp(by=None, at=decision.at)
    match decision:
        case Corrected():
            _correct(carrier_id, decision, stamp)
        case Decided():
            _decide(carrier_id, decision, stamp)
        case Revised():
            _revise(decision, stamp)
        case Settled():
            _settle(carrier_id, decision, stamp)


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
        items = [
            orders.OrderItem(
                line_id=line.id, quantity=said.units.get(line.id, line.quantity), discount_cents=line.discount_cents
            )
            for line in order.lines
        ]
        off = order.document_discount_cents
        orders.revise(session, order=order, items=items, document_discount_cents=off, stamp=stamp)
