"""A stop that two tablets told differently: a person lets the second one stand in place of the first."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.billing.service import publish_pending
from server.core.acting import acting_org
from server.core.problems import Conflict
from server.core.stamp import Stamp
from server.delivery import queries as delivered
from server.delivery.model import CorrectionSource, Discrepancy, DiscrepancyState, Visit
from server.delivery.service import Because, VisitRecord, decide_discrepancy, reason_of
from server.fulfilment.issued import Issued
from server.fulfilment.service.correcting import correct_visit
from server.fulfilment.service.settling import VisitReport
from server.planning import progress
from server.sync.model import DeviceEvent
from server.sync.queries import device_of
from server.sync.service.held_versions import once_named
from server.sync.service.stored import opened
from shared.problems import Text
from shared.sealing_event import visit_of
from shared.visit import read_visit

DISPUTES = frozenset({"two_deliveries", "two_visits"})


class NoSecondVisit(Conflict):
    """The discrepancy is not about two visits of one stop."""

    slug = "no-second-visit"
    title = Text("Aucune autre visite", "No other visit")


def second_event(session: Session, found: Discrepancy) -> tuple[Visit, DeviceEvent] | None:
    """Return the second visit that a dispute is about and its event, or None for another kind of discrepancy."""
    if found.kind not in DISPUTES or found.against_id is None:
        return None
    visit = delivered.visit(session, found.against_id)
    event = session.scalars(
        select(DeviceEvent).where(DeviceEvent.event_id == visit.event_id, DeviceEvent.owner_id == acting_org(session))
    ).one_or_none()
    return (visit, event) if event else None


def replace_by_second(session: Session, found: Discrepancy, *, reason: str, stamp: Stamp) -> tuple[Issued, ...]:
    """Let the second visit replace the first, as a correction; every question about the two is closed with it.

    Raises:
        NoSecondVisit: it is no dispute of two visits.
        Conflict: it was decided before.
        ReasonNeeded, DeliverySuperseded, OrderRidesAgain: as for any correction.

    Source: sync, protocol 7.
    """
    words = reason_of(reason)
    second = second_event(session, found)
    if second is None:
        raise NoSecondVisit(
            Text("Cet écart ne vient pas de deux tablettes. Le régler avec un motif.",
                 "This discrepancy is not about two tablets. Close it with a reason."),
            where=found.kind,
        )  # fmt: skip
    visit, event = second
    decide_discrepancy(session, found, decision=words, stamp=stamp)
    sealed, envelope = opened(event, device_of(session, event.device_id).public_key)
    run = progress.run_of(session, visit.run_id)
    version = envelope.plan_version
    named = partial(once_named, session, run_id=run.id, stop_id=visit.stop_id, version=min(version, run.version))
    report = VisitReport(_record(visit), visit_of(envelope), read_visit(sealed.groups), version, named)
    issued = correct_visit(
        session,
        report,
        run=run,
        stop=progress.stop_of(run, visit.stop_id),
        because=Because(key=event.event_id, source=CorrectionSource.DISPUTE, reason=words, event_id=event.event_id),
        stamp=stamp,
        visit=visit,
    )
    for other in _about(session, visit):
        decide_discrepancy(session, other, decision=words, stamp=stamp)
    publish_pending(session, stamp=stamp)
    return issued


def _record(visit: Visit) -> VisitRecord:
    return VisitRecord(
        stop_id=visit.stop_id,
        run_id=visit.run_id,
        site_id=visit.site_id,
        buyer_id=visit.buyer_id,
        device_id=visit.device_id,
        event_id=visit.event_id,
        event_seq=visit.event_seq,
        delivered_at=visit.delivered_at,
        uncertainty_s=visit.uncertainty_s,
        received_at=visit.received_at,
    )


def _about(session: Session, visit: Visit) -> Sequence[Discrepancy]:
    return session.scalars(
        select(Discrepancy).where(
            Discrepancy.owner_id == acting_org(session),
            Discrepancy.against_id == visit.id,
            Discrepancy.kind.in_(DISPUTES),
            Discrepancy.state == DiscrepancyState.OPEN,
        )
    ).all()
