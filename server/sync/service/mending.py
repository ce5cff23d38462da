"""Events that were kept with a damaged signature or leaves: the whole ones take their place once they come."""

from __future__ import annotations

from itertools import takewhile

import msgspec
from sqlalchemy.orm import Session

from server.core import facts
from server.core.acting import savepoint
from server.core.logs import log
from server.core.stamp import Stamp
from server.delivery.service import open_discrepancy
from server.fulfilment.issued import Issued
from server.sync.events import EVENT_MENDED
from server.sync.model import DeviceEvent, EventOutcome
from server.sync.queries import device_of
from server.sync.service.applying import apply_event
from server.sync.service.deciding import earlier_parked, later_parked
from server.sync.service.in_turn import InTurn
from server.sync.service.naming import files_named
from server.sync.service.parking import POISON, EarlierParked, park, refuse_behind_parked, unexpected
from server.sync.service.stored import opened, rows_of, sealed_of
from shared.problems import Problem, Text
from shared.sealing_event import BrokenSeal, open_event
from shared.wire.event import SealedEvent

_log = log(__name__)


def mend(
    session: Session,
    event: DeviceEvent,
    sealed: SealedEvent,
    *,
    public_key: bytes,
    revoked: bool,
    in_turn: InTurn,
    stamp: Stamp,
) -> list[tuple[DeviceEvent, tuple[Issued, ...]]]:
    """Keep the whole bytes of a parked event, and apply it when its seal alone held it back, as when it first came.

    Returns what was applied: the event, and the later ones of its stop that waited for nothing else. What stands behind
    another parked event or is of a revoked tablet stays for a person, and so does a correction that would have then.
    What counts without a person is put before one, as a discrepancy.
    """
    event.signature, event.group_padding = sealed.signature, list(sealed.group_padding)
    event.groups, event.files = rows_of(sealed.groups), files_named(sealed)
    session.flush()
    facts.record(session, EVENT_MENDED, event.event_id, stamp)
    _log.info("sync.mended", seq=event.seq, device_id=str(event.device_id))
    if event.refusal["slug"] != BrokenSeal.slug:
        return []
    behind = takewhile(lambda one: one.refusal["slug"] == EarlierParked.slug, later_parked(session, event))
    done: list[tuple[DeviceEvent, tuple[Issued, ...]]] = []
    for one in (event, *behind):
        issued = _applied(session, one, public_key=public_key, revoked=revoked, in_turn=in_turn, stamp=stamp)
        if issued is None:
            break
        done.append((one, issued))
    if done:
        _tell(session, event, stamp)
    return done


def _tell(session: Session, event: DeviceEvent, stamp: Stamp) -> None:
    """Put before a dispatcher that something counts by itself which waited for a person; what still waits is seen."""
    name = device_of(session, event.device_id).name
    open_discrepancy(
        session,
        kind="event_mended",
        subject_id=event.event_id,
        text=Text(
            f"L’événement {event.seq} de la tablette {name} était arrivé endommagé. La tablette l’a renvoyé"
            " intact\u00a0: il compte maintenant, sans que personne n’en ait décidé. Revoyez l’arrêt.",
            f"Event {event.seq} of tablet {name} had arrived damaged. The tablet sent it again, whole: it counts now,"
            " and nobody decided about it. Look at the stop again.",
        ),
        stamp=stamp,
        run_id=event.run_id,
        stop_id=event.stop_id,
    )


def _applied(
    session: Session, event: DeviceEvent, *, public_key: bytes, revoked: bool, in_turn: InTurn, stamp: Stamp
) -> tuple[Issued, ...] | None:
    """Apply a parked event and return its documents; None when it stays, with the reason that it has now."""
    try:
        behind = {event.stop_id} if event.stop_id and earlier_parked(session, event) else set()
        refuse_behind_parked(event, behind, revoked=revoked)
        sealed, envelope = opened(event, public_key)
    except (Problem, *POISON) as error:
        _stays(session, event, error, stamp)
        return None
    in_turn.before(envelope)
    try:
        with savepoint(session):
            issued = apply_event(session, sealed, envelope, stamp=stamp, received_at=event.received_at)
            in_turn.after()
    except (Problem, *POISON) as error:
        _stays(session, event, error, stamp)
        return None
    event.outcome, event.refusal = EventOutcome.APPLIED, {}
    session.flush()
    return issued


def _stays(session: Session, event: DeviceEvent, error: Exception, stamp: Stamp) -> None:
    """Park an event again, with the reason that it has now."""
    if not isinstance(error, Problem):
        _log.error("sync.apply_failed", seq=event.seq, device_id=str(event.device_id), exc_info=error)
        error = unexpected(error)
    park(session, event, error, stamp=stamp)
    session.flush()


def is_kept_damaged(event: DeviceEvent, sealed: SealedEvent, public_key: bytes) -> bool:
    """Say whether a known event waits with other bytes beside its chain than ``sealed``, and does not open."""
    if event.outcome is not EventOutcome.PARKED:
        return False
    try:
        kept = sealed_of(event)
        if kept != sealed:
            open_event(kept, public_key)
    except (BrokenSeal, msgspec.ValidationError, *POISON):
        return True
    return False
