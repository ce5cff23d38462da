"""Puts times on a sequence of visits by driving it once, forward."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from server.planning.solver.plan import PlannedPause, PlannedRoute, Visit
from server.planning.solver.problem import Depot, Problem, Stop, Vehicle

type Call = Stop | Depot
"""A stop to serve, or a depot to load at again."""


@dataclass(frozen=True, slots=True)
class Rest:
    """Where a pause is tried: on the way to call number ``before``, before the drive or after it."""

    before: int
    after_drive: bool


@dataclass(slots=True)
class _Clock:
    """The truck's state while its day is driven."""

    now_s: int
    location: int
    distance_m: int = 0
    pause: PlannedPause | None = None


def drive(
    problem: Problem, vehicle: Vehicle, calls: Sequence[Call], *, departs_s: int, rest: Rest | None = None
) -> PlannedRoute:
    """Return the route of ``vehicle`` through ``calls`` in their order, leaving at ``departs_s`` or when released.

    Service starts in the first window that is still open on arrival, or at once when all have closed: the plan then
    shows the lateness and the checker names it. ``rest`` inserts the vehicle's pause there.
    """
    return _Drive(problem, vehicle, calls, rest).run(departs_s)


def service_start_s(stop: Stop, arrives_s: int) -> int:
    """Return when service begins for a truck that arrives at ``arrives_s``."""
    for window in sorted(stop.windows, key=lambda window: window.closes_s):
        if arrives_s <= window.closes_s:
            return max(arrives_s, window.opens_s)
    return arrives_s


class _Drive:
    """One pass over one day."""

    def __init__(self, problem: Problem, vehicle: Vehicle, calls: Sequence[Call], rest: Rest | None) -> None:
        self._problem, self._vehicle, self._calls, self._rest = problem, vehicle, calls, rest
        self._matrix = problem.matrices[vehicle.truck_class]

    def run(self, departs_s: int) -> PlannedRoute:
        departs_s = max(departs_s, self._release_s(0))
        clock = _Clock(departs_s, self._row(self._problem.depot_of[self._vehicle.start_depot]))
        visits = tuple(self._visit(clock, number, call) for number, call in enumerate(self._calls))
        self._travel(clock, len(visits), self._row(self._problem.depot_of[self._vehicle.end_depot]))
        return PlannedRoute(
            vehicle=self._vehicle.id,
            departs_s=departs_s,
            returns_s=clock.now_s,
            visits=visits,
            distance_m=clock.distance_m,
            pause=clock.pause,
        )

    def _visit(self, clock: _Clock, number: int, call: Call) -> Visit:
        arrives_s = self._travel(clock, number, self._row(call))
        if isinstance(call, Depot):
            starts_s = clock.now_s
            leaves_s = max(starts_s, self._release_s(number + 1))
        else:
            starts_s = service_start_s(call, clock.now_s)
            leaves_s = starts_s + call.service_s
        clock.now_s = leaves_s
        stop, depot = (None, call.id) if isinstance(call, Depot) else (call.id, None)
        return Visit(stop=stop, depot=depot, arrives_s=arrives_s, starts_s=starts_s, leaves_s=leaves_s)

    def _travel(self, clock: _Clock, number: int, target: int) -> int:
        rest = self._rest if self._rest and self._rest.before == number else None
        if rest and not rest.after_drive:
            self._take_pause(clock, number)
        clock.distance_m += int(self._matrix.distances_m[clock.location, target])
        clock.now_s += int(self._matrix.durations_s[clock.location, target])
        clock.location = target
        arrives_s = clock.now_s
        if rest and rest.after_drive:
            self._take_pause(clock, number)
        return arrives_s

    def _take_pause(self, clock: _Clock, number: int) -> None:
        if self._vehicle.pause is None:
            return
        starts_s = max(clock.now_s, self._vehicle.pause.opens_s)
        clock.now_s = starts_s + self._vehicle.pause.duration_s
        clock.pause = PlannedPause(before=number, starts_s=starts_s, ends_s=clock.now_s)

    def _release_s(self, number: int) -> int:
        """Return when the last goods of the trip that begins with call ``number`` are released."""
        latest_s = -(10**15)
        for call in self._calls[number:]:
            if isinstance(call, Depot):
                break
            latest_s = max(latest_s, call.released_s)
        return latest_s

    def _row(self, call: Call) -> int:
        return self._problem.location_index[call.location]
