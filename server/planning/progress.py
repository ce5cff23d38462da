"""How a run goes, as its tablet tells: facts that happened, so the steps in between are taken along."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from server.core import facts
from server.core.memory import remembered
from server.core.stamp import Stamp
from server.planning.loading import load_goods
from server.planning.model import Run, Stop
from shared.lifecycles import RunState, StopState
from shared.problems import Problem, Text

RUN_DEPARTED = "planning.run_departed"
RUN_RETURNED = "planning.run_returned"
STOP_ENDED = "planning.stop_ended"

_TO_THE_ROAD = (
    RunState.DRAFT, RunState.PREPARED, RunState.DOCUMENTED, RunState.LOADING, RunState.READY, RunState.UNDER_WAY,
)  # fmt: skip


class UnknownStop(Problem):
    """The carrier has no such run or stop."""

    slug = "unknown-stop"
    status = 404
    title = Text("Arrêt ou tournée inconnus", "Unknown stop or run")


def run_of(session: Session, run_id: UUID) -> Run:
    """Return the run with its stops and their orders, locked for this transaction; read once in it.

    Raises:
        UnknownStop: the carrier has no such run.
    """
    locked = remembered(session, "runs")
    if run_id not in locked:
        locked[run_id] = _lock_run(session, run_id)
    run: Run = locked[run_id]
    return run


def _lock_run(session: Session, run_id: UUID) -> Run:
    run = session.scalars(
        select(Run)
        .where(Run.id == run_id)
        .options(selectinload(Run.stops).selectinload(Stop.orders))
        .with_for_update(of=Run)
    ).one_or_none()
    if run is None:
        raise _unknown(run_id)
    return run


def stop_of(run: Run, stop_id: UUID) -> Stop:
    """Return a stop of the run.

    Raises:
        UnknownStop: the run has no such stop.
    """
    stop = next((stop for stop in run.stops if stop.id == stop_id), None)
    if stop is None:
        raise _unknown(stop_id)
    return stop


def is_to_depart(run: Run) -> bool:
    """Say whether the run is not on the road yet."""
    return run.state in _TO_THE_ROAD[:-1]


def depart(session: Session, run: Run, *, at: datetime, stamp: Stamp) -> bool:
    """Take the run on the road, its goods with it, and say whether it was not there yet."""
    if not is_to_depart(run):
        return False
    load_goods(session, run=run, stamp=stamp)
    for state in _TO_THE_ROAD[_TO_THE_ROAD.index(run.state) + 1 :]:
        run.move_to(state)
    run.departed_at = at
    facts.record(session, RUN_DEPARTED, run.id, stamp)
    return True


def arrive(stop: Stop, *, at: datetime) -> None:
    """Note the arrival; a stop that already ended keeps its first one."""
    if stop.state in {StopState.PLANNED, StopState.ON_THE_WAY}:
        stop.move_to(StopState.ARRIVED)
    stop.arrived_at = stop.arrived_at or at


def end_stop(session: Session, stop: Stop, *, is_signed: bool, at: datetime, stamp: Stamp) -> None:
    """Note how the stop ended; the server has it, so it is synced as well."""
    arrive(stop, at=at)
    if stop.state is StopState.SYNCED:
        return
    stop.move_to(StopState.SIGNED if is_signed else StopState.FAILED)
    stop.move_to(StopState.SYNCED)
    stop.finished_at = at
    facts.record(session, STOP_ENDED, stop.id, stamp)


def come_back(session: Session, run: Run, *, at: datetime, stamp: Stamp) -> None:
    """Note the return; the run is synced once every tablet that had it has nothing more to send."""
    if run.state is RunState.UNDER_WAY:
        run.move_to(RunState.BACK)
        run.returned_at = at
        facts.record(session, RUN_RETURNED, run.id, stamp)


def _unknown(subject_id: UUID) -> UnknownStop:
    return UnknownStop(
        Text(
            "Ce transporteur n’a pas cette tournée ou cet arrêt; un répartiteur doit regarder.",
            "This carrier has no such run or stop; a dispatcher must look.",
        ),
        where=str(subject_id),
    )
