"""Puts times on a route, and the driver's pause into it, without moving the order of its stops."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from server.planning.solver.checker import check_route
from server.planning.solver.plan import PlannedRoute
from server.planning.solver.problem import Problem, Vehicle
from server.planning.solver.route import Route
from server.planning.solver.timetable import Rest, drive
from server.planning.solver.violations import Breach


def timed(problem: Problem, route: Route) -> PlannedRoute | None:
    """Return the route with its times and, when one is due, its pause; None when no legal timing was found.

    Among all places for the pause the shortest day wins. When none fits, the truck leaves earlier, inside its shift.
    """
    plain = drive(problem, route.vehicle, route.calls, departs_s=route.departs_s)
    kinds = {violation.kind for violation in check_route(problem, plain)}
    if not kinds:
        return plain
    if kinds != {Breach.PAUSE}:
        return None
    for departs_s in _departures(route):
        legal = (planned for planned in _with_pause(problem, route, departs_s) if not check_route(problem, planned))
        if best := min(legal, key=lambda planned: (planned.duration_s, planned.returns_s), default=None):
            return best
    return None


def shortened(vehicle: Vehicle) -> Vehicle:
    """Return the vehicle with a day shorter by its pause, for a second search when the first left no room for it."""
    if vehicle.pause is None:
        return vehicle
    rest_s, shift, limit_s = vehicle.pause.duration_s, vehicle.shift, vehicle.duration_limit_s
    if shift is not None:
        shift = msgspec.structs.replace(shift, closes_s=max(shift.opens_s, shift.closes_s - rest_s))
    if limit_s is not None:
        limit_s = max(0, limit_s - rest_s)
    return msgspec.structs.replace(vehicle, shift=shift, duration_limit_s=limit_s)


def _with_pause(problem: Problem, route: Route, departs_s: int) -> Iterator[PlannedRoute]:
    for rest in _rests(len(route.calls)):
        yield drive(problem, route.vehicle, route.calls, departs_s=departs_s, rest=rest)


def _departures(route: Route) -> list[int]:
    """Return the departures to try: as planned, earlier by the pause, and as early as the shift allows."""
    vehicle = route.vehicle
    opens_s = vehicle.shift.opens_s if vehicle.shift else 0
    rest_s = vehicle.pause.duration_s if vehicle.pause else 0
    return sorted({route.departs_s, max(opens_s, route.departs_s - rest_s), opens_s}, reverse=True)


def _rests(calls: int) -> Iterator[Rest]:
    for before in range(calls + 1):
        yield Rest(before, after_drive=False)
        if before < calls:
            yield Rest(before, after_drive=True)
