"""Why a stop is in no route: no truck could serve it even alone, or the trucks are full."""

from __future__ import annotations

from functools import cache

import msgspec
import numpy as np
from numpy.typing import NDArray

from server.planning.roads.matrix import UNREACHABLE, IntMatrix
from server.planning.solver.plan import Reason
from server.planning.solver.problem import Problem, Stop, Vehicle, Window

type Times = NDArray[np.int64]

_ANY_TIME = Window(opens_s=0, closes_s=10**15)


class Triage:
    """Tells stops that no truck could serve, even alone, from those that only found no place.

    It never calls a stop hopeless that some plan could serve: drives count as the shortest way over any places, so that
    matrices that break the triangle inequality are judged fairly.
    """

    def __init__(self, problem: Problem) -> None:
        """Keep one truck of each kind: a hundred equal trucks need one trial."""
        self._problem = problem
        self._kinds = list({msgspec.structs.replace(one, id="*"): one for one in problem.vehicles}.values())
        self._out_s = cache(self._shortest_out_s)
        self._back_s = cache(self._shortest_back_s)

    def hopeless(self, stop: Stop) -> Reason | None:
        """Return the first of: no truck has the skill, none the room, none a way, none the time; None if one could."""
        able = [vehicle for vehicle in self._candidates(stop) if stop.needs <= vehicle.skills]
        if not able:
            return Reason.SKILL
        roomy = [vehicle for vehicle in able if _fits(vehicle, stop)]
        if not roomy:
            return Reason.CAPACITY
        reaching = [vehicle for vehicle in roomy if max(self._drives_s(vehicle, stop)) < UNREACHABLE]
        if not reaching:
            return Reason.UNREACHABLE
        return None if any(self._has_time(vehicle, stop) for vehicle in reaching) else Reason.WINDOW

    def reason(self, stop: Stop) -> Reason:
        """Return why ``stop`` is in no route: hopeless, or the trucks are full, or it is not worth its detour."""
        return self.hopeless(stop) or (Reason.NO_ROOM if stop.is_required else Reason.NOT_WORTH)

    def _candidates(self, stop: Stop) -> list[Vehicle]:
        return self._kinds if stop.pinned_to is None else [self._problem.vehicle_of[stop.pinned_to]]

    def _has_time(self, vehicle: Vehicle, stop: Stop) -> bool:
        out_s, back_s = self._drives_s(vehicle, stop)
        shift = vehicle.shift or _ANY_TIME
        ready_s = max(shift.opens_s, stop.released_s)
        for window in stop.windows or (_ANY_TIME,):
            departs_s = max(ready_s, window.opens_s - out_s)
            starts_s = departs_s + out_s
            home_s = starts_s + stop.service_s + back_s
            in_limit = vehicle.duration_limit_s is None or home_s - departs_s <= vehicle.duration_limit_s
            if starts_s <= window.closes_s and home_s <= shift.closes_s and in_limit:
                return True
        return False

    def _drives_s(self, vehicle: Vehicle, stop: Stop) -> tuple[int, int]:
        """Return the shortest drive from the truck's depots to the stop, and the one home."""
        here = self._problem.location_index[stop.location]
        starts = (vehicle.start_depot, *vehicle.reload_depots)
        ends = (vehicle.end_depot, *vehicle.reload_depots)
        return (
            min(int(self._out_s(vehicle.truck_class, depot)[here]) for depot in starts),
            min(int(self._back_s(vehicle.truck_class, depot)[here]) for depot in ends),
        )

    def _shortest_out_s(self, truck_class: str, depot: str) -> Times:
        return _shortest(self._problem.matrices[truck_class].durations_s, self._row(depot))

    def _shortest_back_s(self, truck_class: str, depot: str) -> Times:
        return _shortest(self._problem.matrices[truck_class].durations_s.T, self._row(depot))

    def _row(self, depot: str) -> int:
        return self._problem.location_index[self._problem.depot_of[depot].location]


def _fits(vehicle: Vehicle, stop: Stop) -> bool:
    loads = (stop.delivery, stop.pickup)
    return all(figure <= room for load in loads for figure, room in zip(load, vehicle.capacities, strict=False))


def _shortest(durations_s: IntMatrix, source: int) -> Times:
    """Return the shortest time from ``source`` to every place over any places between (Dijkstra on a dense graph)."""
    best_s = durations_s[source].astype(np.int64)
    settled = np.zeros(len(best_s), dtype=bool)
    settled[source] = True
    for _ in range(len(best_s) - 1):
        nearest = int(np.where(settled, np.iinfo(np.int64).max, best_s).argmin())
        if best_s[nearest] >= UNREACHABLE:
            break
        settled[nearest] = True
        np.minimum(best_s, best_s[nearest] + durations_s[nearest], out=best_s)
    capped_s: Times = np.minimum(best_s, UNREACHABLE)
    return capped_s
