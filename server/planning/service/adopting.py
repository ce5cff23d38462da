"""A solved plan becomes draft runs."""

from __future__ import annotations

from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core import facts
from server.core.acting import acting_org
from server.core.stamp import Stamp
from server.orders import queries as orders_read
from server.orders import service as orders
from server.orders.model import Order
from server.parties import queries as parties
from server.planning import events, queries
from server.planning.calendar import instant
from server.planning.model import Plan, PlanState, Run, Stop, StopOrder
from server.planning.service.plans import PlanOvertaken, require_unchanged
from server.planning.solution import PlannedRun, PlannedStop, read_solution
from shared.ids import new_id
from shared.problems import Text
from shared.states import RunState, StopState


def adopt_plan(session: Session, *, plan_id: UUID, stamp: Stamp) -> list[Run]:
    """Return the draft runs of a solved plan, by name, with their stops; their orders are planned now.

    Raises:
        NotFound: the acting carrier has no such plan.
        PlanOvertaken: the plan is not solved, was adopted before, or its orders or trucks changed since.

    Source: R015; section 4 (acceptée → planifiée).
    """
    plan = queries.plan(session, plan_id=plan_id, lock=True)
    if plan.state is not PlanState.SOLVED:
        raise PlanOvertaken(Text("Seul un plan résolu s’adopte, une fois.", "Only a solved plan is adopted, once."))
    require_unchanged(session, plan.order_revisions)
    solution = read_solution(plan.solution)
    names = _names(session, plan.runs_on, [planned.vehicle_id for planned in solution.runs])
    zone = parties.zone_of(session, org_id=acting_org(session))
    order_ids = [order_id for planned in solution.runs for stop in planned.stops for order_id in stop.order_ids]
    riding = {order.id: order for order in orders_read.orders(session, order_ids=order_ids)}
    runs = [_draft(plan, planned, names[planned.vehicle_id], zone, riding) for planned in solution.runs]
    session.add_all(runs)
    for order_id in order_ids:
        orders.mark_planned(session, order=riding[order_id], planned_on=plan.runs_on, stamp=stamp)
    plan.state = PlanState.ADOPTED
    session.flush()
    for run in runs:
        facts.record(session, events.RUN_PLANNED, run.id, stamp)
    facts.record(session, events.PLAN_ADOPTED, plan.id, stamp)
    return sorted(runs, key=lambda run: run.name)


def _names(session: Session, runs_on: date, vehicle_ids: list[UUID]) -> dict[UUID, str]:
    taken = session.execute(
        select(Run.name, Run.vehicle_id, Run.state).where(Run.owner_id == acting_org(session), Run.runs_on == runs_on)
    ).all()
    if any(row.vehicle_id in vehicle_ids and row.state is not RunState.CANCELLED for row in taken):
        raise PlanOvertaken(
            Text(
                "Un camion de ce plan a déjà une tournée ce jour-là. Demander un nouveau plan.",
                "A truck of this plan already has a run that day. Ask for a new plan.",
            )
        )
    known = {row.name for row in taken}
    wanted = {vehicle.id: vehicle.name for vehicle in queries.vehicles(session) if vehicle.id in vehicle_ids}
    return {vehicle_id: _free_name(name, known) for vehicle_id, name in wanted.items()}


def _free_name(name: str, taken: set[str]) -> str:
    if name not in taken:
        return name
    return next(other for number in range(2, len(taken) + 3) if (other := f"{name} ({number})") not in taken)


def _draft(plan: Plan, planned: PlannedRun, name: str, zone: ZoneInfo, riding: dict[UUID, Order]) -> Run:
    run = Run(
        id=new_id(),
        owner_id=plan.owner_id,
        party_ids=[],
        name=name,
        runs_on=plan.runs_on,
        vehicle_id=planned.vehicle_id,
        plan_id=plan.id,
        state=RunState.DRAFT,
        version=1,
        starts_at=instant(plan.runs_on, zone, planned.departs_s),
        ends_at=instant(plan.runs_on, zone, planned.returns_s),
        distance_m=planned.distance_m,
        duration_s=planned.returns_s - planned.departs_s,
        matrix_source=plan.matrix_source,
        route_e5=planned.route_e5,
    )
    run.stops = [_stop(run, position, stop, zone, riding) for position, stop in enumerate(planned.stops, start=1)]
    return run


def _stop(run: Run, position: int, planned: PlannedStop, zone: ZoneInfo, riding: dict[UUID, Order]) -> Stop:
    stop = Stop(
        **run.kin(),
        id=new_id(),
        run_id=run.id,
        position=position,
        site_id=planned.site_id,
        buyer_id=planned.buyer_id,
        state=StopState.PLANNED,
        planned_at=instant(run.runs_on, zone, planned.starts_s),
        service_s=planned.leaves_s - planned.starts_s,
        leg_distance_m=planned.leg_distance_m,
        leg_duration_s=planned.leg_duration_s,
    )
    stop.orders = [
        StopOrder(
            id=new_id(),
            owner_id=run.owner_id,
            party_ids=[riding[order_id].owner_id],
            stop_id=stop.id,
            order_id=order_id,
            position=at,
        )
        for at, order_id in enumerate(planned.order_ids, start=1)
    ]
    return stop
