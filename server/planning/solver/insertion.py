"""Puts one stop into routes that stand, at the cheapest legal place and without moving any other stop."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec

from server.planning.solver.pauses import timed
from server.planning.solver.plan import PlannedRoute
from server.planning.solver.problem import Problem, Stop, Vehicle
from server.planning.solver.route import Route
from server.planning.solver.timetable import Call


@dataclass(frozen=True, slots=True)
class Insertion:
    """A legal place for a stop: the route as it becomes, and what that costs more."""

    route: PlannedRoute
    extra_cost: int


def cheapest_insertion(problem: Problem, routes: Sequence[PlannedRoute], stop: Stop) -> Insertion | None:
    """Return the cheapest legal place for ``stop`` in ``routes`` or in a truck that stands idle; None if there is none.

    The order of the other stops stays; a truck may leave earlier inside its shift.
    """
    found = (*_into_routes(problem, routes, stop), *_into_idle_trucks(problem, routes, stop))
    return min(found, key=lambda insertion: insertion.extra_cost, default=None)


def route_cost(problem: Problem, route: PlannedRoute) -> int:
    """Return what one route costs: its truck, its metres and its seconds."""
    vehicle = problem.vehicle_of[route.vehicle]
    return vehicle.fixed_cost + vehicle.cost_per_m * route.distance_m + vehicle.cost_per_s * route.duration_s


def _into_routes(problem: Problem, routes: Sequence[PlannedRoute], stop: Stop) -> Iterator[Insertion]:
    for route in routes:
        vehicle = problem.vehicle_of[route.vehicle]
        if not _may_serve(vehicle, stop):
            continue
        calls = _calls(problem, route)
        before = route_cost(problem, route)
        for place in range(len(calls) + 1):
            longer = (*calls[:place], stop, *calls[place:])
            for planned in _legal(problem, vehicle, longer, {route.departs_s, _opens_s(vehicle)}):
                yield Insertion(planned, route_cost(problem, planned) - before)


def _into_idle_trucks(problem: Problem, routes: Sequence[PlannedRoute], stop: Stop) -> Iterator[Insertion]:
    busy = {route.vehicle for route in routes}
    idle = [vehicle for vehicle in problem.vehicles if vehicle.id not in busy and _may_serve(vehicle, stop)]
    kinds = {msgspec.structs.replace(vehicle, id="*"): vehicle for vehicle in reversed(idle)}
    for vehicle in kinds.values():
        departures = {_opens_s(vehicle)} | {max(_opens_s(vehicle), window.opens_s) for window in stop.windows}
        for planned in _legal(problem, vehicle, (stop,), departures):
            yield Insertion(planned, route_cost(problem, planned))


def _legal(problem: Problem, vehicle: Vehicle, calls: tuple[Call, ...], departures: set[int]) -> Iterator[PlannedRoute]:
    for departs_s in sorted(departures, reverse=True):
        planned = timed(problem, Route(vehicle, calls, departs_s))
        if planned is not None:
            yield planned


def _calls(problem: Problem, route: PlannedRoute) -> tuple[Call, ...]:
    return tuple(
        problem.depot_of[visit.depot or ""] if visit.stop is None else problem.stop_of[visit.stop]
        for visit in route.visits
    )


def _may_serve(vehicle: Vehicle, stop: Stop) -> bool:
    return stop.needs <= vehicle.skills and stop.pinned_to in (None, vehicle.id)


def _opens_s(vehicle: Vehicle) -> int:
    return vehicle.shift.opens_s if vehicle.shift else 0
