"""What the sealed events say, rebuilt from their bytes alone, beside what the tables say: the same, or a fault.

Covered: visits, each delivery's first revision and those that a sealed visit made, with their lines, and the empties
and money of a stop's first visit. What people at the office correct by hand is no tablet's word and is not part of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, union
from sqlalchemy.orm import Session, selectinload

from server.core.acting import acting_org
from server.delivery.model import Collection, ContainerReturn, Correction, Delivery, DeliveryLine, Visit
from server.planning.model import Run
from server.sync.model import DeviceEvent, EventOutcome
from server.sync.service.stored import sealed_of
from shared.canonical import canonical_bytes
from shared.sealing_event import open_envelope, visit_of
from shared.visit import read_visit
from shared.visit_facts import OrderFacts, VisitFacts
from shared.wire.event import Envelope, Outcome, VisitFinished

VISIT: Final = "visit.finished"

type Said = dict[str, Any]
type Rows = dict[str, Said]


@dataclass(frozen=True, slots=True)
class Difference:
    """The first thing of a run that log and tables do not say alike; None where one of them says nothing."""

    run_id: UUID
    subject: str
    log: Said | None
    tables: Said | None


@dataclass(slots=True)
class StateHash:
    """A digest over every run's rows in one order; equal digests are equal states."""

    _hash: Any = field(default_factory=hashlib.sha256)

    def add(self, run_id: UUID, rows: Rows) -> None:
        """Take one run's rows."""
        for subject in sorted(rows):
            self._hash.update(canonical_bytes({"run": str(run_id), "subject": subject, "says": rows[subject]}) + b"\n")

    def hex(self) -> str:
        """Return the digest of what was taken so far."""
        return str(self._hash.hexdigest())


def runs_with_visits(session: Session) -> list[UUID]:
    """Return the carrier's runs of which a tablet or a table tells a visit."""
    told = select(DeviceEvent.run_id).where(DeviceEvent.owner_id == acting_org(session), DeviceEvent.type == VISIT)
    kept = select(Visit.run_id).where(Visit.owner_id == acting_org(session))
    found = session.scalars(union(told, kept))
    return sorted(run_id for run_id in found if run_id is not None)


def replay(session: Session, run_id: UUID) -> tuple[Rows, Rows]:
    """Return what the log says of a run, and what the tables say; nothing is applied to the run meanwhile.

    Two visits of one stop are taken in the order in which the office took them.

    Raises:
        Problem: a visit that was applied can no longer be read.
    """
    session.execute(select(Run.id).where(Run.id == run_id).with_for_update(read=True))
    visits = {visit.event_id: visit for visit in _visits(session, run_id)}
    events = _events(session, run_id)
    taken = [event for event in events if _is_taken(event, visits)]
    order = {event_id: visit.position for event_id, visit in visits.items()}
    last = max(order.values(), default=0) + 1
    taken.sort(key=lambda event: (order.get(event.event_id, last), event.device_id, event.seq))
    deliveries = _deliveries(session, list(visits.values()))
    revised = {(str(one.event_id), str(one.delivery.order_id)): one.delivery.revision for one in deliveries}
    return _said_by_log(taken, revised), _said_by_tables(session, list(visits.values()), deliveries)


def first_difference(run_id: UUID, log: Rows, tables: Rows) -> Difference | None:
    """Return the first subject, in their order, of which both do not say the same."""
    for subject in sorted(log.keys() | tables.keys()):
        if log.get(subject) != tables.get(subject):
            return Difference(run_id, subject, log.get(subject), tables.get(subject))
    return None


def _visits(session: Session, run_id: UUID) -> Sequence[Visit]:
    return session.scalars(
        select(Visit).where(Visit.owner_id == acting_org(session), Visit.run_id == run_id).order_by(Visit.position)
    ).all()


def _events(session: Session, run_id: UUID) -> Sequence[DeviceEvent]:
    return session.scalars(
        select(DeviceEvent)
        .where(DeviceEvent.owner_id == acting_org(session), DeviceEvent.run_id == run_id, DeviceEvent.type == VISIT)
        .order_by(DeviceEvent.device_id, DeviceEvent.seq)
    ).all()


def _is_taken(event: DeviceEvent, visits: Mapping[UUID, Visit]) -> bool:
    """What was applied at once, and what a person had applied later; a parked event makes nothing."""
    if event.outcome is EventOutcome.DECIDED:
        return event.event_id in visits
    return event.outcome is EventOutcome.APPLIED


@dataclass(frozen=True, slots=True)
class _Made:
    """A delivery that a sealed event made."""

    event_id: UUID
    delivery: Delivery


def _deliveries(session: Session, visits: Sequence[Visit]) -> list[_Made]:
    """Return the deliveries of the visits, but for revisions that somebody made by hand."""
    events = {visit.id: visit.event_id for visit in visits}
    by_hand = select(Correction.delivery_id).where(Correction.event_id.is_(None))
    rows = session.scalars(
        select(Delivery)
        .where(Delivery.visit_id.in_(events), Delivery.id.not_in(by_hand))
        .options(selectinload(Delivery.lines))
    )
    return [_Made(events[delivery.visit_id], delivery) for delivery in rows if delivery.visit_id is not None]


def _said_by_log(events: Iterable[DeviceEvent], revised: Mapping[tuple[str, str], int]) -> Rows:
    """Say what the events make; ``revised`` names the (event, order) pairs that corrected an earlier delivery."""
    rows: Rows = {}
    stops: set[str] = set()
    orders: set[tuple[str, str]] = set()
    for event in events:
        sealed = sealed_of(event)
        envelope = open_envelope(sealed)
        finished, said = visit_of(envelope), read_visit(sealed.groups)
        rows[f"visit {envelope.event_id}"] = _visit_said(envelope, finished, said.outcome)
        for order in said.orders:
            is_first = (envelope.stop_id, order.order_id) not in orders
            orders.add((envelope.stop_id, order.order_id))
            revision = 1 if is_first else revised.get((envelope.event_id, order.order_id), 0)
            if revision:
                rows.update(_delivery_said(envelope, order, revision))
        if envelope.stop_id not in stops:
            stops.add(envelope.stop_id)
            rows.update(_taken_said(envelope, said))
    return rows


def _visit_said(envelope: Envelope, finished: VisitFinished, outcome: Outcome) -> Said:
    return {
        "device": envelope.device_id,
        "seq": envelope.seq,
        "stop": envelope.stop_id,
        "driver": finished.driver_id,
        "outcome": outcome,
        "failure": finished.failure,
        "signer": [finished.signer_name, finished.signer_role],
        "signature": finished.signature_sha256,
        "picture": finished.picture_sha256,
        "root": finished.root,
    }


def _delivery_said(envelope: Envelope, order: OrderFacts, revision: int) -> Iterator[tuple[str, Said]]:
    leaf, place = order.leaf, f"{envelope.event_id} {order.order_id} {revision}"
    yield (
        f"delivery {place}",
        {
            "outcome": leaf.outcome,
            "shown": leaf.shown,
            "cents": [leaf.shown_total_cents, leaf.shown_credit_cents, leaf.shown_supplement_cents],
        },
    )
    for position, line in enumerate(order.lines):
        yield (
            f"line {place} {position:04}",
            {
                "line": line.line_id,
                "quantities": [line.ordered, line.delivered, line.not_shipped, line.lost, line.returned, line.extra],
                "reason": line.reason,
                "photos": list(line.photos),
            },
        )


def _taken_said(envelope: Envelope, said: VisitFacts) -> Iterator[tuple[str, Said]]:
    for leaf in said.containers:
        if leaf.returned:
            yield (
                f"containers {envelope.event_id} {leaf.owner_id} {leaf.container_class}",
                {"creditor": leaf.creditor_id, "returned": leaf.returned, "unit_cents": leaf.unit_cents},
            )
    for money in said.collections:
        yield (
            f"collection {envelope.event_id} {money.issuer_id} {money.method}",
            {"cents": [money.amount_cents, money.rounding_cents], "reference": money.reference},
        )


def _said_by_tables(session: Session, visits: Sequence[Visit], deliveries: Iterable[_Made]) -> Rows:
    rows: Rows = {f"visit {visit.event_id}": _visit_kept(visit) for visit in visits}
    for made in deliveries:
        rows.update(_delivery_kept(made))
    first: dict[UUID, Visit] = {}
    for visit in visits:
        first.setdefault(visit.stop_id, visit)
    rows.update(_taken_kept(session, {visit.id: visit for visit in first.values()}))
    return rows


def _visit_kept(visit: Visit) -> Said:
    return {
        "device": str(visit.device_id),
        "seq": visit.event_seq,
        "stop": str(visit.stop_id),
        "driver": str(visit.driver_id),
        "outcome": visit.outcome.value,
        "failure": visit.failure,
        "signer": [visit.signer_name, visit.signer_role],
        "signature": visit.signature_sha256,
        "picture": visit.picture_sha256,
        "root": visit.root,
    }


def _delivery_kept(made: _Made) -> Iterator[tuple[str, Said]]:
    delivery = made.delivery
    place = f"{made.event_id} {delivery.order_id} {delivery.revision}"
    yield (
        f"delivery {place}",
        {
            "outcome": delivery.outcome.value,
            "shown": delivery.shown,
            "cents": [delivery.shown_total_cents, delivery.shown_credit_cents, delivery.shown_supplement_cents],
        },
    )
    for line in delivery.lines:
        yield f"line {place} {line.position:04}", _line_kept(line)


def _line_kept(line: DeliveryLine) -> Said:
    return {
        "line": str(line.order_line_id),
        "quantities": [line.ordered, line.delivered, line.not_shipped, line.lost, line.returned, line.extra],
        "reason": line.reason,
        "photos": list(line.photos),
    }


def _taken_kept(session: Session, visits: Mapping[UUID, Visit]) -> Iterator[tuple[str, Said]]:
    for back in session.scalars(select(ContainerReturn).where(ContainerReturn.visit_id.in_(visits))):
        yield (
            f"containers {visits[back.source_id].event_id} {back.container_owner_id} {back.class_code}",
            {"creditor": str(back.creditor_id), "returned": back.quantity, "unit_cents": back.unit_cents},
        )
    for money in session.scalars(select(Collection).where(Collection.visit_id.in_(visits))):
        yield (
            f"collection {visits[money.source_id].event_id} {money.issuer_id} {money.method}",
            {"cents": [money.amount_cents, money.rounding_cents], "reference": money.reference},
        )
