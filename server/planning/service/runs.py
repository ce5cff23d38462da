"""A run from its draft to the moment it may leave, and its end at the office."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from sqlalchemy.orm import Session

from server.core import facts
from server.core.problems import Problem, Text
from server.core.stamp import Stamp
from server.orders import queries as orders_read
from server.orders import service as orders
from server.planning import events
from server.planning.loading import load_goods, unload_goods
from server.planning.model import Run
from server.planning.progress import run_of
from server.planning.travel import Line
from shared.states import OrderState, RunState


class EmptyRun(Problem):
    """A run without stops is not prepared."""

    slug = "empty-run"
    status: ClassVar[int] = 409
    title = Text("Tournée vide", "Empty run")


class NoDriver(Problem):
    """A run without a driver does not leave."""

    slug = "no-driver"
    status: ClassVar[int] = 409
    title = Text("Aucun livreur", "No driver")


def assign_driver(session: Session, *, run_id: UUID, driver_id: UUID, driver_name: str, stamp: Stamp) -> Run:
    """Give a run that has not left to a driver; told again, nothing changes.

    Raises:
        UnknownStop: the carrier has no such run.
        IllegalMove: it has left.
    """
    run = run_of(session, run_id)
    require_not_left(run)
    if (run.driver_id, run.driver_name) == (driver_id, driver_name):
        return run
    run.driver_id, run.driver_name = driver_id, driver_name
    return changed(session, run, stamp)


def prepare_run(session: Session, *, run_id: UUID, stamp: Stamp) -> Run:
    """Freeze the order of a draft run's stops, ready for its documents.

    Raises:
        EmptyRun: it has no stop.
        IllegalMove: it is no draft.

    Source: R015.
    """
    run = run_of(session, run_id)
    run.move_to(RunState.PREPARED)
    if not run.stops:
        raise EmptyRun(
            Text("Ajouter des arrêts avant de préparer la tournée.", "Add stops before preparing the run."),
            where=run.name,
        )
    run.version += 1
    facts.record(session, events.RUN_PREPARED, run.id, stamp)
    return run


def load_run(session: Session, *, run_id: UUID, stamp: Stamp) -> Run:
    """Begin to load a documented run."""
    return _step(session, run_id, RunState.LOADING, events.RUN_LOADING, stamp)


def ready_run(session: Session, *, run_id: UUID, stamp: Stamp) -> Run:
    """Say that counts are signed and the run may leave; its goods have left the warehouses.

    Raises:
        NoDriver: nobody drives it.
        IllegalMove: it is not being loaded.
    """
    run = run_of(session, run_id)
    if run.driver_id is None:
        raise NoDriver(
            Text("Confier la tournée à un livreur d’abord.", "Give the run to a driver first."), where=run.name
        )
    load_goods(session, run=run, stamp=stamp)
    return _step(session, run_id, RunState.READY, events.RUN_READY, stamp)


def cancel_run(session: Session, *, run_id: UUID, stamp: Stamp) -> Run:
    """Cancel a run that has not left; its orders wait for another one, and what was loaded goes back.

    What its papers made of invoices is ``fulfilment``'s to let go, which calls this.
    """
    was_loaded = run_of(session, run_id).state is RunState.READY
    run = _step(session, run_id, RunState.CANCELLED, events.RUN_CANCELLED, stamp)
    order_ids = [riding.order_id for stop in run.stops for riding in stop.orders]
    for order in orders_read.orders(session, order_ids=order_ids):
        if order.state is OrderState.PLANNED:
            orders.mark_unplanned(session, order=order, stamp=stamp)
    if was_loaded:
        unload_goods(session, run=run, stamp=stamp)
    return run


def settle_run(session: Session, *, run_id: UUID, stamp: Stamp) -> Run:
    """Say that a synced run's cash and differences are dealt with."""
    return _step(session, run_id, RunState.SETTLED, events.RUN_CHANGED, stamp)


def close_run(session: Session, *, run_id: UUID, stamp: Stamp) -> Run:
    """Close a settled run."""
    return _step(session, run_id, RunState.CLOSED, events.RUN_CHANGED, stamp)


def redraw_run(session: Session, *, run_id: UUID, version: int, line: Line) -> bool:
    """Keep the way that was drawn for a version of a run; say whether the run is still at it."""
    run = run_of(session, run_id)
    if run.version != version:
        return False
    run.route_e5 = line
    return True


def require_not_left(run: Run) -> None:
    """Refuse changes to a run that has left, or is over.

    Raises:
        IllegalMove: names the state.
    """
    if run.state not in {RunState.DRAFT, RunState.PREPARED, RunState.DOCUMENTED, RunState.LOADING, RunState.READY}:
        run.move_to(RunState.DRAFT)


def changed(session: Session, run: Run, stamp: Stamp) -> Run:
    """Raise the run's version: tablets and papers made from the former one are out of date."""
    run.version += 1
    facts.record(session, events.RUN_CHANGED, run.id, stamp)
    return run


def _step(session: Session, run_id: UUID, state: RunState, fact: str, stamp: Stamp) -> Run:
    run = run_of(session, run_id)
    run.move_to(state)
    facts.record(session, fact, run.id, stamp)
    return run
