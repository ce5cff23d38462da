"""What each kind of event does to the office's books."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from server.core.facts import caused_by
from server.core.memory import remembered
from server.core.stamp import Stamp
from server.delivery.model import CorrectionSource
from server.delivery.service import Because, VisitRecord, open_discrepancy
from server.fulfilment.issued import Issued
from server.fulfilment.service.correcting import correct_visit
from server.fulfilment.service.settling import VisitReport, settle_visit
from server.identity.model import Device
from server.orders.service import hold_rest, mark_shipped
from server.planning import progress
from server.planning.model import Run, Stop
from server.sync.model import RunBundle
from server.sync.service.clock import Moment, moment_of
from server.sync.service.held_versions import once_named, stop_changed
from server.sync.service.reviewing import Review, require_correction, require_known, require_signed
from shared.lifecycles import OrderState, RunState, StopState
from shared.problems import Problem, Text
from shared.sealing_event import visit_of
from shared.visit import read_visit
from shared.wire.event import Envelope, SealedEvent

_SETTLED = frozenset({RunState.SETTLED, RunState.CLOSED})
_ENDED = frozenset({StopState.SYNCED, StopState.REVIEWED, StopState.POSTPONED, StopState.RETURNED_TO_DEPOT})


class NotYourRun(Problem):
    """The tablet's driver was never given this run."""

    slug = "run-of-another-driver"
    title = Text("Tournée d’un autre livreur", "Another driver’s run")


def apply_event(
    session: Session,
    sealed: SealedEvent,
    envelope: Envelope,
    *,
    stamp: Stamp,
    received_at: datetime | None = None,
    review: Review | None = None,
) -> tuple[Issued, ...]:
    """Do what an opened event says and return the documents that it made.

    ``received_at`` is when the office got it, just now if left out. ``review`` is the word of the person who has this
    very event applied; without it a visit must be signed as it says, and a correction be its driver's alone to make.

    Raises:
        Problem: the event cannot be applied and is to be parked with this reason.
    """
    received_at = received_at or stamp.at
    with caused_by(session, UUID(envelope.event_id)):
        return _apply(session, sealed, envelope, stamp=stamp, received_at=received_at, review=review)


def _apply(
    session: Session,
    sealed: SealedEvent,
    envelope: Envelope,
    *,
    stamp: Stamp,
    received_at: datetime,
    review: Review | None,
) -> tuple[Issued, ...]:
    moment = moment_of(envelope, received_at=received_at)
    run = progress.run_of(session, UUID(envelope.run_id))
    _require_given(session, run, UUID(envelope.device_id))
    with caused_by(session, run.id):  # whichever of its events comes first
        _depart(session, run, moment, stamp)
    match envelope.type:
        case "run.departed":
            return ()
        case "stop.arrived":
            progress.arrive(progress.stop_of(run, UUID(envelope.stop_id)), at=moment.at)
            return ()
        case "run.returned":
            progress.come_back(session, run, at=moment.at, stamp=stamp)
            return ()
        case "visit.finished":
            visit = _Visit(sealed, envelope, run, moment, received_at, review)
            return _finish_visit(session, visit, stamp=stamp)


@dataclass(frozen=True, slots=True)
class _Visit:
    """A visit on its way into the books."""

    sealed: SealedEvent
    envelope: Envelope
    run: Run
    moment: Moment
    received_at: datetime
    review: Review | None


def _finish_visit(session: Session, of: _Visit, *, stamp: Stamp) -> tuple[Issued, ...]:
    envelope, moment = of.envelope, of.moment
    stop = progress.stop_of(of.run, UUID(envelope.stop_id))
    finished, facts = visit_of(envelope), read_visit(of.sealed.groups)
    if of.review is None:
        require_signed(finished, facts)
    record = VisitRecord(
        stop_id=stop.id,
        run_id=of.run.id,
        site_id=stop.site_id,
        buyer_id=stop.buyer_id,
        device_id=UUID(envelope.device_id),
        event_id=UUID(envelope.event_id),
        event_seq=envelope.seq,
        delivered_at=moment.at,
        uncertainty_s=moment.uncertainty_s,
        received_at=of.received_at,
        photos=tuple(leaf.sha256 for leaf in facts.photos),
    )
    had, stands = envelope.plan_version, of.run.version
    named = partial(once_named, session, run_id=of.run.id, stop_id=stop.id, version=min(had, stands))
    changed = partial(stop_changed, session, run_id=of.run.id, stop_id=stop.id, had=had, stands=stands)
    report = VisitReport(record, finished, facts, envelope.plan_version, named, changed)
    if finished.corrects or (of.review and of.review.replaces):
        issued = _correct(session, of, report, stop=stop, stamp=stamp)
    else:
        issued = settle_visit(session, report, run=of.run, stop=stop, stamp=stamp)
    if stop.state not in _ENDED:
        is_signed = report.said.outcome in {"complete", "partial"}
        progress.end_stop(session, stop, is_signed=is_signed, at=moment.at, stamp=stamp)
    if moment.skewed:
        _note_skew(session, record, stamp)
    if of.run.state is RunState.CANCELLED:
        _note_cancelled(session, record, of.run, stamp)
    if of.run.state in _SETTLED:
        _note_late(session, record, of.run, stamp)
    return issued


def _correct(session: Session, of: _Visit, report: VisitReport, *, stop: Stop, stamp: Stamp) -> tuple[Issued, ...]:
    """A driver's own correction says no reason of its own; a reviewed one has the dispatcher's.

    One that replaces stands in place of whatever the stop has; any other corrects a visit that this stop has.
    """
    if of.review is None:
        require_correction(session, report.finished, of.envelope, stop=stop, moment=of.moment, now=of.received_at)
    elif not of.review.replaces:
        require_known(session, report.finished, stop=stop)
    because = Because(
        key=report.record.event_id,
        source=CorrectionSource.TABLET if report.finished.corrects else CorrectionSource.DISPUTE,
        reason=of.review.reason if of.review else "",
        event_id=report.record.event_id,
    )
    return correct_visit(session, report, run=of.run, stop=stop, because=because, stamp=stamp)


def _depart(session: Session, run: Run, moment: Moment, stamp: Stamp) -> None:
    if not progress.is_to_depart(run):
        return
    order_ids = [stop_order.order_id for stop in run.stops for stop_order in stop.orders]
    riding = hold_rest(session, carrier_id=run.owner_id, order_ids=order_ids)
    progress.depart(session, run, at=moment.at, stamp=stamp)
    for order in riding:
        if order.state is OrderState.PLANNED:
            mark_shipped(session, order=order, stamp=stamp)


def _note_skew(session: Session, record: VisitRecord, stamp: Stamp) -> None:
    open_discrepancy(
        session,
        kind="clock_skew",
        subject_id=record.event_id,
        text=Text(
            "L’horloge de la tablette était décalée de plus de 5 minutes; l’heure montrée est corrigée.",
            "The tablet’s clock was off by more than 5 minutes; the time shown is corrected.",
        ),
        stamp=stamp,
        run_id=record.run_id,
        stop_id=record.stop_id,
    )


def _note_late(session: Session, record: VisitRecord, run: Run, stamp: Stamp) -> None:
    """What a tablet hands in after its run was settled is in the books, and whoever settled it is told."""
    open_discrepancy(
        session,
        kind="after_closing",
        subject_id=record.event_id,
        text=Text(
            f"Reçu après le règlement de la tournée {run.name}\u00a0: revoyez sa caisse et ses retours.",
            f"Received after run {run.name} was settled: look at its cash and returns again.",
        ),
        stamp=stamp,
        run_id=record.run_id,
        stop_id=record.stop_id,
    )


def _note_cancelled(session: Session, record: VisitRecord, run: Run, stamp: Stamp) -> None:
    """What was delivered is in the books and in the stock; whoever cancelled the run hears that it left."""
    open_discrepancy(
        session,
        kind="run_cancelled",
        subject_id=record.event_id,
        text=Text(
            f"La tournée {run.name} était annulée, mais sa tablette l’avait à bord\u00a0: ce qui fut livré compte. "
            "Retirer ces commandes d’une autre tournée.",
            f"Run {run.name} was cancelled, but its tablet had it on board: what was delivered counts. "
            "Take these orders off any other run.",
        ),
        stamp=stamp,
        run_id=record.run_id,
        stop_id=record.stop_id,
    )


def _require_given(session: Session, run: Run, device_id: UUID) -> None:
    """Whoever got the run once may speak of it, even after it went to somebody else."""
    known = remembered(session, "given")
    if (run.id, device_id) in known:
        return
    given = exists().where(RunBundle.run_id == run.id, RunBundle.driver_id == Device.driver_id, Device.id == device_id)
    if session.scalar(select(given)):
        known[run.id, device_id] = True
    else:
        raise NotYourRun(
            Text(
                "Cette tournée n’a jamais été remise à ce livreur; un répartiteur décide.",
                "This run was never given to this driver; a dispatcher decides.",
            ),
            where=run.name,
        )
