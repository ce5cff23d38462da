"""Why a stop is in no route, found by trying it alone in each truck and asking the checker."""

from __future__ import annotations

from collections.abc import Iterable

from server.planning.roads.matrix import UNREACHABLE
from server.planning.solver.checker import check_route
from server.planning.solver.pauses import timed
from server.planning.solver.plan import Reason
from server.planning.solver.problem import Problem, Stop, Vehicle
from server.planning.solver.route import Route


def reason_for(problem: Problem, stop: Stop) -> Reason:
    """Return the first of: no truck has the skill, none the room, none a way, none the time; else trucks are full.

    An optional stop that a truck could serve is not worth its detour.
    """
    able = [vehicle for vehicle in problem.vehicles if _may_serve(vehicle, stop)]
    if not able:
        return Reason.SKILL
    roomy = [vehicle for vehicle in able if _fits(vehicle, stop)]
    if not roomy:
        return Reason.CAPACITY
    reaching = [vehicle for vehicle in roomy if _reaches(problem, vehicle, stop)]
    if not reaching:
        return Reason.UNREACHABLE
    if not any(_has_time(problem, vehicle, stop) for vehicle in _unlike(reaching)):
        return Reason.WINDOW
    return Reason.NO_ROOM if stop.is_required else Reason.NOT_WORTH


def _may_serve(vehicle: Vehicle, stop: Stop) -> bool:
    return stop.needs <= vehicle.skills and stop.pinned_to in (None, vehicle.id)


def _fits(vehicle: Vehicle, stop: Stop) -> bool:
    loads = (stop.delivery, stop.pickup)
    return all(figure <= room for load in loads for figure, room in zip(load, vehicle.capacities, strict=False))


def _reaches(problem: Problem, vehicle: Vehicle, stop: Stop) -> bool:
    durations_s = problem.matrices[vehicle.truck_class].durations_s
    here = problem.location_index[stop.location]
    start = problem.location_index[problem.depot_of[vehicle.start_depot].location]
    end = problem.location_index[problem.depot_of[vehicle.end_depot].location]
    return bool(durations_s[start, here] < UNREACHABLE and durations_s[here, end] < UNREACHABLE)


def _has_time(problem: Problem, vehicle: Vehicle, stop: Stop) -> bool:
    opens_s = vehicle.shift.opens_s if vehicle.shift else 0
    drive_s = _drive_s(problem, vehicle, stop)
    departures = {opens_s} | {max(opens_s, window.opens_s - drive_s) for window in stop.windows}
    for departs_s in departures:
        planned = timed(problem, Route(vehicle, (stop,), departs_s))
        if planned is not None and not check_route(problem, planned):
            return True
    return False


def _drive_s(problem: Problem, vehicle: Vehicle, stop: Stop) -> int:
    start = problem.location_index[problem.depot_of[vehicle.start_depot].location]
    return int(problem.matrices[vehicle.truck_class].durations_s[start, problem.location_index[stop.location]])


def _unlike(vehicles: Iterable[Vehicle]) -> list[Vehicle]:
    """Return one vehicle of each kind of day: a hundred equal trucks need one trial."""
    kinds = {
        (one.truck_class, one.start_depot, one.end_depot, one.shift, one.duration_limit_s, one.distance_limit_m): one
        for one in vehicles
    }
    return list(kinds.values())
