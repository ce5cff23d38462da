"""Jobs of planning: doors that read, work outside any transaction, and write."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from server.core import clock
from server.core.jobs import AGAIN, queue
from server.core.stamp import Stamp
from server.core.transaction import transaction
from server.parties import queries as parties
from server.planning import queries, service
from server.planning.day import Day, Place
from server.planning.model import MatrixSource, PlanState, Vehicle
from server.planning.posing import pose
from server.planning.roads import Matrix, RoadEngine
from server.planning.roads.matrix import MatrixSource as FigureSource
from server.planning.solution import Solution, describe
from server.planning.solver import Plan as Answer
from server.planning.solver import Problem, StopRule, check_plan, solve
from server.planning.travel import Line, line_through, network_here, new_legs, travel_between
from shared.problems import Problem as Refusal

READ, TRAVELLED, SOLVED = 10, 30, 90
"""Percent done once the day is read, its times and distances are known, and the solver has answered."""


@dataclass(frozen=True, slots=True)
class _Order:
    """What was asked for."""

    carrier_id: UUID
    plan_id: UUID
    seconds: int
    iterations: int | None
    seed: int


@queue.task(name="planning.solve_plan", retry=AGAIN)
def solve_plan(*, owner_id: str, subject_id: str) -> None:
    """Solve a plan that waits; one that no longer waits is left alone. A refusal is kept with the plan."""
    carrier, plan = UUID(owner_id), UUID(subject_id)
    try:
        _solve(carrier, plan)
    except Refusal as refusal:
        with transaction(acting=carrier) as session:
            service.fail_plan(session, plan_id=plan, problem=refusal, stamp=_now())


@queue.task(name="planning.draw_run", retry=AGAIN)
def draw_run(*, owner_id: str, subject_id: str) -> None:
    """Draw a changed run along the roads, when there is a road network; the run may change again meanwhile."""
    carrier, run = UUID(owner_id), UUID(subject_id)
    with transaction(acting=carrier) as session:
        version, places = _way_of(session, run)
    with _engine() as engine:
        if engine is None:
            return
        line = line_through(places, engine=engine)
    with transaction(acting=carrier) as session:
        service.redraw_run(session, run_id=run, version=version, line=line)


def _solve(carrier_id: UUID, plan_id: UUID) -> None:
    with _engine() as engine:
        network = engine.network.network_id if engine else ""
        with transaction(acting=carrier_id) as session:
            plan = queries.plan(session, plan_id=plan_id, lock=True)
            if plan.state is not PlanState.REQUESTED:
                return
            asked = _Order(carrier_id, plan_id, plan.seconds, plan.iterations, plan.seed)
            day = queries.read_day(session, runs_on=plan.runs_on, network=network)
            service.note_progress(session, plan_id=plan_id, percent=READ)
        matrix = travel_between(day.places, legs=day.legs, engine=engine)
        _keep_legs(asked, day, matrix)
        solution = _answer(asked, day, matrix, engine)
    with transaction(acting=carrier_id) as session:
        service.save_plan(
            session,
            plan_id=plan_id,
            solution=solution,
            order_revisions=day.order_revisions,
            matrix_source=_source(matrix),
            stamp=_now(),
        )


def _keep_legs(asked: _Order, day: Day, matrix: Matrix) -> None:
    with transaction(acting=asked.carrier_id) as session:
        if matrix.source is FigureSource.ROADS:
            found = new_legs(day.places, matrix, legs=day.legs)
            service.keep_legs(session, network=day.network, legs=found)
        service.note_progress(session, plan_id=asked.plan_id, percent=TRAVELLED)


def _answer(asked: _Order, day: Day, matrix: Matrix, engine: RoadEngine | None) -> Solution:
    problem = pose(day, matrix)
    answer = solve(problem, StopRule(seconds=asked.seconds, iterations=asked.iterations), seed=asked.seed)
    with transaction(acting=asked.carrier_id) as session:
        service.note_progress(session, plan_id=asked.plan_id, percent=SOLVED)
    violations = len(check_plan(problem, answer))
    return describe(day, problem, answer, violations=violations, lines=_lines(day, problem, answer, engine))


def _lines(day: Day, problem: Problem, answer: Answer, engine: RoadEngine | None) -> dict[str, Line]:
    place_of = {str(place.site_id): place for place in day.places}
    lines: dict[str, Line] = {}
    for route in answer.routes:
        depot = place_of[problem.vehicle_of[route.vehicle].start_depot]
        lines[route.vehicle] = line_through([depot, *(place_of[stop] for stop in route.stops), depot], engine=engine)
    return lines


def _way_of(session: Session, run_id: UUID) -> tuple[int, list[Place]]:
    run = queries.run(session, run_id=run_id)
    depot_id = session.get_one(Vehicle, run.vehicle_id).depot_site_id
    site_ids = [depot_id, *(stop.site_id for stop in run.stops), depot_id]
    sites = parties.sites(session, site_ids=site_ids)
    return run.version, [queries.place_of(sites[site_id]) for site_id in site_ids]


@contextmanager
def _engine() -> Iterator[RoadEngine | None]:
    network = network_here()
    with RoadEngine(network) if network else nullcontext() as engine:
        yield engine


def _source(matrix: Matrix) -> MatrixSource:
    return MatrixSource.ROADS if matrix.source is FigureSource.ROADS else MatrixSource.ESTIMATE


def _now() -> Stamp:
    return Stamp(by=None, at=clock.now())
