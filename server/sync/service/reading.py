"""A sealed event as a person reads it: what the driver saw and signed, beside what the office holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from server.billing.explaining import Step
from server.core.acting import acting_org
from server.delivery import queries as delivered
from server.delivery.model import Delivery, Terms, Visit
from server.delivery.reasons import FAILURES, REASONS
from server.delivery.service import read_terms
from server.fulfilment.explaining.shown import explain_shown
from server.identity.model import Device
from server.orders import queries as orders
from server.parties import queries as parties
from server.parties.model import BillingType
from server.planning.model import Run, Stop
from server.sync.model import Attachment, DeviceEvent, EventDecision
from server.sync.service.clock import Moment, moment_of
from server.sync.service.deciding import decision_of, earlier_parked, later_parked
from server.sync.service.stored import sealed_of
from shared.problems import Problem, Text
from shared.sealing_event import visit_of
from shared.visit import OrderFacts, read_visit
from shared.wire.event import CollectionLeaf, ContainersLeaf, Envelope, LineLeaf, VisitFinished

MOST_RAW: Final = 4_000


@dataclass(frozen=True, slots=True)
class ReadLine:
    """One line as counted on the tablet, in words; ``stands`` is what the office holds of it, if anything."""

    leaf: LineLeaf
    description: Text
    reason: Text | None
    stands: int | None


@dataclass(frozen=True, slots=True)
class ReadOrder:
    """One order of a visit. ``stands`` is the delivery that the office holds of it at this stop.

    ``shown`` is what each amount that its signer was shown is made of.
    """

    facts: OrderFacts
    number: str
    seller_name: str
    billing_type: BillingType | None
    lines: tuple[ReadLine, ...]
    stands: Delivery | None
    shown: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadEvent:
    """Everything about one event that can be said; what cannot be read is left out, and ``unread`` says why."""

    event: DeviceEvent
    decision: EventDecision | None
    earlier: DeviceEvent | None
    later: Sequence[DeviceEvent]
    device_name: str
    run: Run | None
    stop: Stop | None
    place: str
    buyer_name: str
    raw: str
    unread: Text | None = None
    envelope: Envelope | None = None
    moment: Moment | None = None
    finished: VisitFinished | None = None
    outcome: str = ""
    failure: Text | None = None
    corrects: Visit | None = None
    orders: tuple[ReadOrder, ...] = ()
    containers: tuple[ContainersLeaf, ...] = ()
    collections: tuple[CollectionLeaf, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    photos: tuple[str, ...] = ()
    received: frozenset[str] = frozenset()

    @property
    def refusal(self) -> Text:
        """Why it was parked."""
        of = self.decision.refusal if self.decision else self.event.refusal
        return Text(str(of.get("fr", "")), str(of.get("en", "")))

    @property
    def stands(self) -> bool:
        """Whether the office holds a delivery of the stop already."""
        return any(order.stands for order in self.orders)

    @property
    def may_replace(self) -> bool:
        """Whether a person may let the visit stand whole: in place of another one, or where it corrects nobody's."""
        if self.finished is None or not self.finished.corrects:
            return self.stands
        return self.stop is not None and (self.corrects is None or self.corrects.stop_id != self.stop.id)


def read_event(session: Session, event: DeviceEvent) -> ReadEvent:
    """Return a stored event as a person reads it; nothing in it is trusted, and nothing is refused."""
    run = _run(session, event)
    stop = next((one for one in run.stops if one.id == event.stop_id), None) if run else None
    about = ReadEvent(
        event=event,
        decision=decision_of(session, event.event_id),
        earlier=earlier_parked(session, event),
        later=later_parked(session, event),
        device_name=session.scalar(select(Device.name).where(Device.id == event.device_id)) or "",
        run=run,
        stop=stop,
        place=_place(session, stop),
        buyer_name=parties.names(session, org_ids=[stop.buyer_id]).get(stop.buyer_id, "") if stop else "",
        raw=event.body[:MOST_RAW].decode(errors="replace"),
    )
    try:
        envelope = msgspec.json.decode(event.body, type=Envelope)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        return _with(about, unread=Text(f"Illisible\u00a0: {error}", f"Unreadable: {error}"))
    about = _with(about, envelope=envelope, moment=moment_of(envelope, received_at=event.received_at))
    return _read_visit(session, about, envelope) if envelope.type == "visit.finished" else about


def _with(about: ReadEvent, **changes: object) -> ReadEvent:
    return replace(about, **changes)  # type: ignore[arg-type]  # the callers name this class's own fields


def _run(session: Session, event: DeviceEvent) -> Run | None:
    if event.run_id is None:
        return None
    chosen = select(Run).where(Run.id == event.run_id, Run.owner_id == acting_org(session))
    return session.scalars(chosen.options(selectinload(Run.stops).selectinload(Stop.orders))).one_or_none()


def _place(session: Session, stop: Stop | None) -> str:
    if stop is None:
        return ""
    site = parties.sites(session, site_ids=[stop.site_id]).get(stop.site_id)
    return f"{site.name}, {site.street}" if site else ""


def _read_visit(session: Session, about: ReadEvent, envelope: Envelope) -> ReadEvent:
    try:
        finished = visit_of(envelope)
        said = read_visit(sealed_of(about.event).groups)
    except (Problem, msgspec.ValidationError) as error:
        text = error.detail if isinstance(error, Problem) else Text(str(error), str(error))
        return _with(about, unread=text)
    photos = tuple(dict.fromkeys([sha for order in said.orders for line in order.lines for sha in line.photos]
                                 + [photo.sha256 for photo in said.photos]))  # fmt: skip
    named = [sha for sha in (*photos, finished.signature_sha256, finished.picture_sha256) if sha]
    owners = {UUID(leaf.owner_id) for leaf in said.containers} | {UUID(leaf.issuer_id) for leaf in said.collections}
    return _with(
        about,
        finished=finished,
        outcome=said.outcome,
        failure=next((Text(one.name_fr, one.name_en) for one in FAILURES if one.code == finished.failure), None),
        corrects=delivered.visit_of_event(session, UUID(finished.corrects)) if finished.corrects else None,
        orders=tuple(_order(session, about, order) for order in said.orders),
        containers=said.containers,
        collections=said.collections,
        names={str(org_id): name for org_id, name in parties.names(session, org_ids=owners).items()},
        photos=photos,
        received=_received(session, named),
    )


def _order(session: Session, about: ReadEvent, facts: OrderFacts) -> ReadOrder:
    terms = session.scalars(
        select(Terms).where(Terms.order_id == UUID(facts.order_id), Terms.hash == facts.leaf.terms_hash)
    ).one_or_none()
    agreed = read_terms(terms) if terms else None
    goods = agreed[0] if agreed else None
    words = {line.line_id: Text(line.description_fr, line.description_en) for line in goods.lines} if goods else {}
    stands = delivered.latest_delivery(
        session, order_id=UUID(facts.order_id), stop_id=about.stop.id if about.stop else None
    )
    held = {str(line.order_line_id): line.delivered + line.extra for line in stands.lines} if stands else {}
    seller_id = UUID(goods.seller_id) if goods else None
    order_id = UUID(facts.order_id)
    return ReadOrder(
        facts=facts,
        number=goods.order_number if goods else facts.order_id,
        seller_name=parties.names(session, org_ids=[seller_id]).get(seller_id, "") if seller_id else "",
        billing_type=orders.billing_types(session, order_ids=[order_id]).get(order_id),
        lines=tuple(
            ReadLine(line, words.get(line.line_id, Text(line.line_id, line.line_id)), _reason(line),
                     held.get(line.line_id))
            for line in facts.lines
        ),
        stands=stands,
        shown=explain_shown(agreed, facts),
    )  # fmt: skip


def _reason(line: LineLeaf) -> Text | None:
    if not line.reason:
        return None
    known = next((Text(one.name_fr, one.name_en) for one in REASONS if one.code == line.reason), None)
    return known or Text(line.reason, line.reason)


def _received(session: Session, named: Sequence[str]) -> frozenset[str]:
    rows = session.scalars(
        select(Attachment.sha256).where(
            Attachment.owner_id == acting_org(session),
            Attachment.sha256.in_(named),
            Attachment.complete_at.is_not(None),
        )
    )
    return frozenset(rows)
