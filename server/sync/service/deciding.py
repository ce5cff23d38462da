"""What a person decides about a parked event: apply it, let it replace what stands, or set it aside for good."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NoReturn
from uuid import UUID

import msgspec
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from server.billing.explaining import Step
from server.billing.service import publish_pending
from server.core import facts
from server.core.acting import acting_org, savepoint
from server.core.logs import log
from server.core.problems import Conflict, NotFound
from server.core.stamp import Stamp
from server.delivery.service import reason_of
from server.fulfilment.explaining.documents import explain_issued
from server.fulfilment.issued import Issued
from server.sync.events import EVENT_DECIDED, EVENT_PARKED, EVENT_SET_ASIDE
from server.sync.model import DecisionKind, DeviceEvent, EventDecision, EventOutcome
from server.sync.queries import device_of
from server.sync.service.applying import apply_event
from server.sync.service.closing import take_in_waiting
from server.sync.service.parking import POISON, TabletRevoked, unexpected
from server.sync.service.reviewing import Review
from server.sync.service.stored import opened
from server.sync.service.streams import lock_stream
from shared.problems import Problem, Text
from shared.wire.push import IssuedDocument

_log = log(__name__)


class AlreadyDecided(Conflict):
    """The event was decided before, in another way."""

    slug = "event-already-decided"
    title = Text("Événement déjà décidé", "Event decided already")


class NotParked(Conflict):
    """The event was applied when it came: there is nothing to decide."""

    slug = "event-not-parked"
    title = Text("Événement non mis de côté", "Event not parked")


class EarlierFirst(Conflict):
    """Events of one stop are decided in their sequence."""

    slug = "earlier-event-first"
    title = Text("Un événement précédent d’abord", "An earlier event first")


@dataclass(frozen=True, slots=True)
class Decided:
    """What came of a decision. ``refusal`` says why an event that was to be applied is parked still.

    ``followers`` are the later events of the stop that went along.
    """

    event: DeviceEvent
    decision: EventDecision | None
    refusal: Problem | None
    followers: tuple[DeviceEvent, ...]


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What applying an event now would do: the documents that it would make, or why it cannot be applied.

    ``explained`` is what each of them with an amount is made of.
    """

    documents: tuple[IssuedDocument, ...]
    refusal: Problem | None
    explained: tuple[Step, ...] = ()


class _Undone(Exception):  # no error: it ends a rehearsal
    """Takes back what was applied only to see what comes of it."""

    def __init__(self, foreseen: Foreseen) -> None:
        super().__init__()
        self.foreseen = foreseen


def events_of(session: Session, outcome: EventOutcome) -> Select[DeviceEvent]:
    """Return the query of the acting carrier's events with this outcome."""
    return select(DeviceEvent).where(DeviceEvent.owner_id == acting_org(session), DeviceEvent.outcome == outcome)


def parked_event(session: Session, event_id: UUID, *, lock: bool = False) -> DeviceEvent:
    """Return an event of the acting carrier's tablets, parked or decided.

    Raises:
        NotFound: the carrier has none of this id.
    """
    chosen = select(DeviceEvent).where(DeviceEvent.event_id == event_id, DeviceEvent.owner_id == acting_org(session))
    if lock:
        chosen = chosen.with_for_update().execution_options(populate_existing=True)
    event = session.scalars(chosen).one_or_none()
    if event is None:
        raise NotFound(Text("Cet événement n’existe pas.", "There is no such event."), where=str(event_id))
    return event


def decision_of(session: Session, event_id: UUID) -> EventDecision | None:
    """Return what was decided about an event, or None."""
    return session.scalars(select(EventDecision).where(EventDecision.event_id == event_id)).one_or_none()


def decide_event(session: Session, event_id: UUID, *, choice: DecisionKind, reason: str, stamp: Stamp) -> Decided:
    """Decide about a parked event, then let the later events of its stop follow in their sequence.

    Applied or replacing, the event does now what it would have done when it came, with documents numbered and
    posted; if it still cannot be applied it stays parked, with the reason as it is today. Set aside, its bytes stay,
    nothing of it counts, and the reason stands for good. Deciding the same again changes nothing. The word is about
    this event alone: a later one that waits for a person itself (a correction to review, anything of a revoked tablet)
    goes on waiting with its own reason, and what stands behind it too. The run is synced once nothing of it is parked.

    Raises:
        NotFound: the carrier has no such event.
        ReasonNeeded: setting aside, or replacing, without words.
        NotParked, AlreadyDecided, EarlierFirst: there is nothing to decide here, or not yet.

    Source: sync, G6; requirements, section 3 (« Correct a completed stop »).
    """
    event = parked_event(session, event_id)
    lock_stream(session, event.device_id)
    event = parked_event(session, event_id, lock=True)
    known = decision_of(session, event_id)
    if known is not None:
        _require_same(known, choice)
        return Decided(event, known, None, ())
    words = reason_of(reason) if choice is not DecisionKind.APPLIED or reason.strip() else ""
    _require_turn(session, event)
    if choice is DecisionKind.SET_ASIDE:
        decision = _decided(session, event, choice, words, stamp)
        return _finished(session, event, decision, (), stamp)
    review = Review(replaces=choice is DecisionKind.REPLACED, reason=words)
    issued = _apply(session, event, review=review, stamp=stamp)
    if isinstance(issued, Problem):
        _park_again(session, event, issued, stamp)
        return Decided(event, None, issued, ())
    decision = _decided(session, event, choice, words, stamp)
    return _finished(session, event, decision, issued, stamp)


def foresee(session: Session, event: DeviceEvent, *, replaces: bool = False) -> Foreseen:
    """Return what applying a parked event would do now; nothing of it stays."""
    try:
        with savepoint(session):
            _rehearse(session, event, replaces=replaces)
    except _Undone as undone:
        session.expire_all()
        return undone.foreseen


def _rehearse(session: Session, event: DeviceEvent, *, replaces: bool) -> NoReturn:
    """Amounts are known then, and a credit to be approved shows; the numbers are not given."""
    stamp = Stamp(None, event.received_at)
    issued = _apply(session, event, review=Review(replaces=replaces), stamp=stamp)
    if isinstance(issued, Problem):
        raise _Undone(Foreseen((), issued))
    documents = tuple(msgspec.structs.replace(one.as_message(), number="") for one in issued)
    explained = tuple(step for one in issued if (step := explain_issued(session, one)) is not None)
    raise _Undone(Foreseen(documents, None, explained))


def _apply(
    session: Session, event: DeviceEvent, *, review: Review | None, stamp: Stamp
) -> tuple[Issued, ...] | Problem:
    """Apply an event and number what it issues, or return why one of the two cannot be: then it stays parked."""
    try:
        sealed, envelope = opened(event, device_of(session, event.device_id).public_key)
        with savepoint(session):
            issued = apply_event(session, sealed, envelope, stamp=stamp, received_at=event.received_at, review=review)
            publish_pending(session, stamp=stamp)
            return issued
    except Problem as problem:
        return problem
    except POISON as error:
        _log.exception("sync.apply_failed", seq=event.seq, device_id=str(event.device_id))
        return unexpected(error)


def _require_same(known: EventDecision, choice: DecisionKind) -> None:
    if known.kind is not choice:
        raise AlreadyDecided(
            Text(
                "Quelqu’un a déjà décidé de cet événement autrement. Relire la page.",
                "Somebody decided about this event already, in another way. Read the page again.",
            ),
            where=known.kind.value,
        )


def _require_turn(session: Session, event: DeviceEvent) -> None:
    if event.outcome is not EventOutcome.PARKED:
        raise NotParked(
            Text("Cet événement est déjà dans les livres.", "This event is in the books already."),
            where=str(event.event_id),
        )
    earlier = earlier_parked(session, event)
    if earlier is not None:
        raise EarlierFirst(
            Text(
                "Décider d’abord de l’événement précédent du même arrêt\u00a0: les suivants le suivent.",
                "Decide about the earlier event of the same stop first: the later ones follow it.",
            ),
            where=str(earlier.event_id),
        )


def earlier_parked(session: Session, event: DeviceEvent) -> DeviceEvent | None:
    """Return the first parked event of the same tablet and stop before this one, if there is one."""
    return next((one for one in _of_stop(session, event) if one.seq < event.seq), None)


def later_parked(session: Session, event: DeviceEvent) -> Sequence[DeviceEvent]:
    """Return the parked events of the same tablet and stop after this one, in their sequence."""
    return [one for one in _of_stop(session, event) if one.seq > event.seq]


def _of_stop(session: Session, event: DeviceEvent) -> Sequence[DeviceEvent]:
    if event.stop_id is None:
        return ()
    return session.scalars(
        select(DeviceEvent)
        .where(
            DeviceEvent.owner_id == event.owner_id,
            DeviceEvent.device_id == event.device_id,
            DeviceEvent.stop_id == event.stop_id,
            DeviceEvent.outcome == EventOutcome.PARKED,
        )
        .order_by(DeviceEvent.seq)
    ).all()


def _finished(
    session: Session, event: DeviceEvent, decision: EventDecision, issued: tuple[Issued, ...], stamp: Stamp
) -> Decided:
    done = [(event, issued), *_follow(session, event, stamp)]
    for one, documents in done:
        one.documents = [msgspec.to_builtins(one.as_message()) for one in documents if not one.is_let_go]
    session.flush()
    take_in_waiting(session, device_id=event.device_id)
    return Decided(event, decision, None, tuple(one for one, _documents in done[1:]))


def _follow(session: Session, event: DeviceEvent, stamp: Stamp) -> Iterator[tuple[DeviceEvent, tuple[Issued, ...]]]:
    """Apply what stands behind, in sequence, up to the first that has a reason of its own to wait.

    Nobody looked at these events: they pass only as they would have when they came, had nothing stood before them. What
    the former one issued has its number by then: a correction credits, or bills beside, what can be credited.
    """
    for later in later_parked(session, event):
        if later.refusal["slug"] == TabletRevoked.slug:
            return
        issued = _apply(session, later, review=None, stamp=stamp)
        if isinstance(issued, Problem):
            _park_again(session, later, issued, stamp)
            return
        _decided(session, later, DecisionKind.APPLIED, "", stamp)
        yield later, issued


def _decided(session: Session, event: DeviceEvent, kind: DecisionKind, reason: str, stamp: Stamp) -> EventDecision:
    decision = EventDecision(
        owner_id=event.owner_id,
        party_ids=[],
        event_id=event.event_id,
        kind=kind,
        reason=reason,
        refusal=dict(event.refusal),
        by=stamp.by,
        decided_at=stamp.at,
    )
    session.add(decision)
    event.outcome = EventOutcome.DECIDED
    name = EVENT_SET_ASIDE if kind is DecisionKind.SET_ASIDE else EVENT_DECIDED
    facts.record(session, name, event.event_id, stamp)
    session.flush()
    return decision


def _park_again(session: Session, event: DeviceEvent, problem: Problem, stamp: Stamp) -> None:
    refusal = {"slug": problem.slug, "fr": problem.detail.fr, "en": problem.detail.en, "where": problem.where}
    if event.refusal != refusal:
        event.refusal = refusal
        facts.record(session, EVENT_PARKED, event.event_id, stamp)
        session.flush()
