"""The dispatcher changes a run by hand; each change is timed and checked again at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final
from uuid import UUID

from sqlalchemy.orm import Session

from server.core.acting import acting_org
from server.core.problems import NotFound, Problem, Text
from server.core.stamp import Stamp
from server.orders import queries as orders_read
from server.orders import service as orders
from server.parties import queries as parties
from server.planning import queries
from server.planning.calendar import instant, seconds_of
from server.planning.day import Day
from server.planning.model import MatrixSource, Run, Stop, Vehicle
from server.planning.posing import TRUCK_CLASS, pose
from server.planning.progress import run_of, stop_of
from server.planning.roads import estimate_matrix
from server.planning.roads.matrix import MatrixSource as FigureSource
from server.planning.service.runs import changed
from server.planning.solution import legs_of, rows_of
from server.planning.solver import PlannedRoute, Violation, check_route
from server.planning.solver import Problem as SolverProblem
from server.planning.solver.timetable import drive
from server.planning.travel import kept_matrix, line_through, network_here, point_of
from shared.states import RunState

STOPS_CHANGE: Final = (RunState.DRAFT, RunState.PREPARED, RunState.DOCUMENTED)
"""Until it is loaded a run's stops are moved, and its orders taken off it."""


class RunFixed(Problem):
    """A run that is being loaded, or has left, keeps its stops."""

    slug = "run-fixed"
    status: ClassVar[int] = 409
    title = Text("Tournée figée", "Run fixed")


@dataclass(frozen=True, slots=True)
class Recosted:
    """A changed run, timed again, with the rules that it breaks now."""

    run: Run
    violations: tuple[Violation, ...]


def move_stop(session: Session, *, run_id: UUID, stop_id: UUID, position: int, stamp: Stamp) -> Recosted:
    """Put a stop at another place of its run, counted from 1, and time the run again.

    A documented run is prepared again: its papers are to be re-issued.

    Raises:
        UnknownStop: the carrier has no such run, or the run no such stop.
        RunFixed: it is being loaded or has left.
        NotFound: the run has no such position.

    Source: section 4 (documentée → préparée when stops change).
    """
    run = _open_run(session, run_id)
    stop = stop_of(run, stop_id)
    if not 1 <= position <= len(run.stops):
        raise NotFound(
            Text(f"Cette tournée a {len(run.stops)} arrêts.", f"This run has {len(run.stops)} stops."), where="position"
        )
    ordered = [one for one in run.stops if one is not stop]
    ordered.insert(position - 1, stop)
    return _retimed(session, run, ordered, stamp)


def remove_order(session: Session, *, run_id: UUID, order_id: UUID, stamp: Stamp) -> Recosted:
    """Take an order off a run before it leaves; a stop left without orders goes too. Its invoice stays (C27).

    Raises:
        UnknownStop: the carrier has no such run.
        RunFixed: it is being loaded or has left.
        NotFound: the order does not ride on this run.
    """
    run = _open_run(session, run_id)
    found = next(((stop, one) for stop in run.stops for one in stop.orders if one.order_id == order_id), None)
    if found is None:
        raise NotFound(Text("Cette commande n’est pas de cette tournée.", "This order does not ride on this run."))
    stop, riding = found
    orders.mark_unplanned(session, order=orders_read.order(session, order_id=order_id), stamp=stamp)
    session.delete(riding)
    stop.orders.remove(riding)
    if not stop.orders:
        session.delete(stop)
    return _retimed(session, run, [one for one in run.stops if one.orders], stamp)


def _open_run(session: Session, run_id: UUID) -> Run:
    run = run_of(session, run_id)
    if run.state not in STOPS_CHANGE:
        raise RunFixed(
            Text(
                "La tournée est en chargement ou partie\u00a0: ses arrêts ne changent plus. Avant son départ, "
                "l’annuler remet ses commandes à planifier; après, sa tablette dit ce qui fut remis.",
                "The run is being loaded or has left: its stops no longer change. Before it leaves, cancelling it puts "
                "its orders back to plan; afterwards its tablet says what was handed over.",
            ),
            where=run.name,
        )
    if run.state is RunState.DOCUMENTED:
        run.move_to(RunState.PREPARED)
    return run


def _retimed(session: Session, run: Run, ordered: list[Stop], stamp: Stamp) -> Recosted:
    for position, stop in enumerate(ordered, start=1):
        stop.position = position
    run.stops[:] = ordered
    day = _day_of(session, run)
    matrix = kept_matrix(day.places, day.legs, day.network) or estimate_matrix([point_of(one) for one in day.places])
    problem = pose(day, matrix)
    vehicle = problem.vehicles[0]
    calls = [problem.stop_of[str(stop.site_id)] for stop in ordered]
    departs_s = seconds_of(run.starts_at, run.runs_on, day.zone)
    route = drive(problem, vehicle, calls, departs_s=departs_s)
    _set_times(run, day, problem, route)
    run.matrix_source = MatrixSource.ROADS if matrix.source is FigureSource.ROADS else MatrixSource.ESTIMATE
    session.flush()
    return Recosted(changed(session, run, stamp), check_route(problem, route))


def _set_times(run: Run, day: Day, problem: SolverProblem, route: PlannedRoute) -> None:
    legs = legs_of(problem.matrices[TRUCK_CLASS], rows_of(problem, route))
    for stop, visit, (duration_s, distance_m) in zip(run.stops, route.visits, legs, strict=False):
        stop.planned_at = instant(run.runs_on, day.zone, visit.starts_s)
        stop.leg_duration_s, stop.leg_distance_m = duration_s, distance_m
    place_of = {str(place.site_id): place for place in day.places}
    depot = place_of[problem.vehicles[0].start_depot]
    run.ends_at = instant(run.runs_on, day.zone, route.returns_s)
    run.distance_m, run.duration_s = route.distance_m, route.duration_s
    # Straight lines until the drawing job has asked the road engine, which no transaction waits for.
    run.route_e5 = line_through([depot, *(place_of[stop] for stop in route.stops), depot], engine=None)


def _day_of(session: Session, run: Run) -> Day:
    vehicle = session.get_one(Vehicle, run.vehicle_id)
    riding = [one.order_id for stop in run.stops for one in stop.orders]
    loads = tuple(queries.load_of(order) for order in orders_read.orders(session, order_ids=riding))
    site_ids = {stop.site_id for stop in run.stops} | {vehicle.depot_site_id}
    sites = parties.sites(session, site_ids=site_ids)
    network = network_here()
    network_id = network.network_id if network else ""
    return Day(
        carrier_id=acting_org(session),
        runs_on=run.runs_on,
        zone=parties.zone_of(session, org_id=acting_org(session)),
        places=tuple(queries.place_of(site) for _, site in sorted(sites.items())),
        trucks=(queries.truck_of(vehicle),),
        loads=loads,
        network=network_id,
        legs=queries.kept_legs(session, network=network_id, site_ids=site_ids),
    )
