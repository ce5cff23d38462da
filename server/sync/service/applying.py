"""What each kind of event does to the office's books."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from server.core.stamp import Stamp
from server.delivery.service import VisitRecord, open_discrepancy
from server.fulfilment.issued import Issued
from server.fulfilment.service.settling import VisitReport, settle_visit
from server.identity.model import Device
from server.orders.model import Order
from server.orders.service import mark_shipped
from server.planning import progress
from server.planning.model import Run
from server.sync.model import RunBundle
from server.sync.service.clock import Moment, moment_of
from shared.lifecycles import OrderState, RunState
from shared.problems import Problem, Text
from shared.sealing_event import visit_of
from shared.visit import read_visit
from shared.wire.event import Envelope, SealedEvent

_SETTLED = frozenset({RunState.SETTLED, RunState.CLOSED})


class NotYourRun(Problem):
    """The tablet's driver was never given this run."""

    slug = "run-of-another-driver"
    title = Text("Tournée d’un autre livreur", "Another driver's run")


def apply_event(session: Session, sealed: SealedEvent, envelope: Envelope, *, stamp: Stamp) -> tuple[Issued, ...]:
    """Do what an opened event says and return the documents that it made.

    Raises:
        Problem: the event cannot be applied and is to be parked with this reason.
    """
    moment = moment_of(envelope, received_at=stamp.at)
    run = progress.run_of(session, UUID(envelope.run_id))
    _require_given(session, run, UUID(envelope.device_id))
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
            return _finish_visit(session, sealed, envelope, run=run, moment=moment, stamp=stamp)


def _finish_visit(
    session: Session, sealed: SealedEvent, envelope: Envelope, *, run: Run, moment: Moment, stamp: Stamp
) -> tuple[Issued, ...]:
    stop = progress.stop_of(run, UUID(envelope.stop_id))
    finished = visit_of(envelope)
    record = VisitRecord(
        stop_id=stop.id,
        run_id=run.id,
        site_id=stop.site_id,
        buyer_id=stop.buyer_id,
        device_id=UUID(envelope.device_id),
        event_id=UUID(envelope.event_id),
        event_seq=envelope.seq,
        delivered_at=moment.at,
        uncertainty_s=moment.uncertainty_s,
        received_at=stamp.at,
    )
    report = VisitReport(record, finished, read_visit(sealed.groups), envelope.plan_version)
    issued = settle_visit(session, report, run=run, stop=stop, stamp=stamp)
    is_signed = finished.outcome in {"complete", "partial"}
    progress.end_stop(session, stop, is_signed=is_signed, at=moment.at, stamp=stamp)
    if moment.skewed:
        _note_skew(session, record, stamp)
    if run.state in _SETTLED:
        _note_late(session, record, run, stamp)
    return issued


def _depart(session: Session, run: Run, moment: Moment, stamp: Stamp) -> None:
    if not progress.depart(session, run, at=moment.at, stamp=stamp):
        return
    order_ids = [stop_order.order_id for stop in run.stops for stop_order in stop.orders]
    orders = session.scalars(select(Order).where(Order.id.in_(order_ids), Order.state == OrderState.PLANNED)).all()
    for order in sorted(orders, key=lambda order: (order.owner_id, order.id)):
        mark_shipped(session, order=order, stamp=stamp)


def _note_skew(session: Session, record: VisitRecord, stamp: Stamp) -> None:
    open_discrepancy(
        session,
        kind="clock_skew",
        subject_id=record.event_id,
        text=Text(
            "L’horloge de la tablette était décalée de plus de 5 minutes ; l’heure montrée est corrigée.",
            "The tablet's clock was off by more than 5 minutes; the time shown is corrected.",
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
            f"Reçu après le règlement de la tournée {run.name} : revoyez sa caisse et ses retours.",
            f"Received after run {run.name} was settled: look at its cash and returns again.",
        ),
        stamp=stamp,
        run_id=record.run_id,
        stop_id=record.stop_id,
    )


def _require_given(session: Session, run: Run, device_id: UUID) -> None:
    """Whoever got the run once may speak of it, even after it went to somebody else."""
    given = exists().where(RunBundle.run_id == run.id, RunBundle.driver_id == Device.driver_id, Device.id == device_id)
    if not session.scalar(select(given)):
        raise NotYourRun(
            Text(
                "Cette tournée n’a jamais été remise à ce livreur ; un répartiteur décide.",
                "This run was never given to this driver; a dispatcher decides.",
            ),
            where=run.name,
        )
