"""What waits for a dispatcher, the events of tablets that were set aside included."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.billing.explaining import Step
from server.billing.explaining.papers import from_credit
from server.billing.model import CreditNote
from server.core.acting import acting_org
from server.dashboard.queries.board import MOST_IN_QUEUE, Matter, at_risk, board, by_risk, matters
from server.orders.model import Order
from server.planning.model import StopOrder
from server.sync.model import DeviceEvent, EventOutcome
from server.sync.service.standing import forked
from shared.problems import Text
from shared.states import CreditState


def queue(session: Session, *, day: date, now: datetime) -> list[Matter]:
    """Return everything that waits for a person on a day, most money at risk first."""
    seen = board(session, day=day)
    return by_risk([*matters(session, seen=seen, now=now), *_parked(session), *_forks(session), *_proposed(session)])


def _parked(session: Session) -> list[Matter]:
    events = session.scalars(
        select(DeviceEvent)
        .where(DeviceEvent.owner_id == acting_org(session), DeviceEvent.outcome == EventOutcome.PARKED)
        .order_by(DeviceEvent.received_at, DeviceEvent.id)
        .limit(MOST_IN_QUEUE)
    ).all()
    at_stops = _orders_at(session, {event.stop_id for event in events if event.stop_id})
    return [_matter(event, at_stops.get(event.stop_id, []) if event.stop_id else []) for event in events]


def _forks(session: Session) -> list[Matter]:
    return [
        Matter(
            kind=Text("Journaux divergents", "Forked logs"),
            text=Text(
                "Deux copies d’une tablette disent des choses différentes\u00a0: décidez laquelle garder.",
                "Two copies of one tablet say different things: decide which one to keep.",
            ),
            subject=f"{one.device.name} · {one.device.driver_name}",
            link=f"/tablettes/{one.device.id}",
            at_risk=at_risk(()),
            since=one.heard_at or one.device.enrolled_at,
            tone="red",
        )
        for one in forked(session)
    ]


def _matter(event: DeviceEvent, orders: list[Order]) -> Matter:
    return Matter(
        kind=Text("Mis de côté", "Parked"),
        text=Text(str(event.refusal.get("fr", "")), str(event.refusal.get("en", ""))),
        subject=", ".join(order.number for order in orders) or event.type,
        link=f"/tournees/{event.run_id}" if event.run_id else "",
        at_risk=at_risk(orders),
        since=event.received_at,
        tone="red",
        decide=f"/tableau/mis-de-cote/{event.event_id}",
    )


def _proposed(session: Session) -> list[Matter]:
    """Credits above the threshold that wait for the acting organisation, as their issuer (C12)."""
    notes = session.scalars(
        select(CreditNote)
        .where(CreditNote.owner_id == acting_org(session), CreditNote.state == CreditState.PROPOSED)
        .order_by(CreditNote.created_at, CreditNote.id)
        .limit(MOST_IN_QUEUE)
    )
    return [
        Matter(
            kind=Text("Crédit à approuver", "Credit to approve"),
            text=Text(note.reason_fr, note.reason_en),
            subject=str(note.parties_text.get("buyer", {}).get("name", "")),
            link=f"/credits/{note.id}",
            at_risk=_given(note),
            since=note.created_at,
            decide=f"/credits/{note.id}",
        )
        for note in notes
    ]


def _given(note: CreditNote) -> Step:
    text = Text("Crédit à approuver", "Credit to approve")
    return Step(label=text, amount_cents=note.total_cents, source=from_credit(note, text))


def _orders_at(session: Session, stop_ids: set[UUID]) -> dict[UUID, list[Order]]:
    rows = session.execute(
        select(StopOrder.stop_id, Order)
        .join(Order, Order.id == StopOrder.order_id)
        .where(StopOrder.stop_id.in_(stop_ids))
        .order_by(Order.number)
    )
    found: dict[UUID, list[Order]] = {}
    for stop_id, order in rows:
        found.setdefault(stop_id, []).append(order)
    return found
