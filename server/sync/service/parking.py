"""Events that wait for a person: kept as they were sealed, with the reason, and never in the way of other stops."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import DataError, IntegrityError, InvalidRequestError, ProgrammingError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from server.core import facts
from server.core.stamp import Stamp
from server.sync.events import EVENT_PARKED
from server.sync.model import DeviceEvent, EventOutcome
from shared.problems import Problem, Text


class EarlierParked(Problem):
    """An earlier event of the same stop waits for a person."""

    slug = "earlier-event-parked"
    title = Text("En attente d’un événement précédent", "Waiting for an earlier event")


class TabletRevoked(Problem):
    """The event came from a tablet after a dispatcher had revoked it."""

    slug = "tablet-revoked"
    title = Text("Reçu d’une tablette révoquée", "Received from a revoked tablet")


class ApplyFailed(Problem):
    """Applying an event failed for a reason that nobody foresaw."""

    slug = "apply-failed"
    status = 500
    title = Text("Application impossible", "Could not be applied")


POISON = (
    ArithmeticError,
    LookupError,
    TypeError,
    ValueError,
    AssertionError,
    RecursionError,
    AttributeError,
    IntegrityError,
    DataError,
    ProgrammingError,
    InvalidRequestError,
    StaleDataError,
)
"""What one event's content, or a mistake of ours about it, can cause.

A lost connection or a deadlock concerns the batch, which is sent again.
"""


def unexpected(error: Exception) -> Problem:
    """Return the reason that people read when an event failed in a way that has no words of its own."""
    kind = type(error).__name__
    return ApplyFailed(
        Text(
            f"L’événement est gardé mais n’a pas pu être appliqué ({kind}); l’équipe technique est avisée.",
            f"The event is kept but could not be applied ({kind}); the technical team is told.",
        )
    )


def refuse_behind_parked(event: DeviceEvent, parked_stops: set[UUID], *, revoked: bool) -> None:
    """Let nothing of a stop pass what is parked before it, and nothing of a revoked tablet at all.

    Raises:
        EarlierParked: an earlier event of the stop waits.
        TabletRevoked: the whole tablet waits.
    """
    if revoked:
        raise TabletRevoked(
            Text(
                "Reçu après la révocation de la tablette; un répartiteur décide.",
                "Received after the tablet was revoked; a dispatcher decides.",
            ),
            where=str(event.device_id),
        )
    if event.stop_id in parked_stops:
        raise EarlierParked(
            Text(
                "Un événement précédent du même arrêt est mis de côté.", "An earlier event of the same stop is parked."
            ),
            where=str(event.stop_id),
        )


def park(session: Session, event: DeviceEvent, problem: Problem, *, stamp: Stamp) -> None:
    """Note why the event waits, and tell the carrier's audit trail."""
    event.outcome = EventOutcome.PARKED
    event.refusal = {"slug": problem.slug, "fr": problem.detail.fr, "en": problem.detail.en, "where": problem.where}
    facts.record(session, EVENT_PARKED, event.event_id, stamp)


def parked_stops(session: Session, device_id: UUID) -> set[UUID]:
    """Return the stops of the tablet that have a parked event."""
    rows = session.scalars(
        select(DeviceEvent.stop_id).where(
            DeviceEvent.device_id == device_id,
            DeviceEvent.outcome == EventOutcome.PARKED,
            DeviceEvent.stop_id.is_not(None),
        )
    )
    return {stop_id for stop_id in rows if stop_id is not None}
