"""Why a stop is in no route, found by trying it alone in each kind of truck and asking the checker."""

from __future__ import annotations

import msgspec

from server.planning.roads.matrix import UNREACHABLE
from server.planning.solver.checker import check_route
from server.planning.solver.plan import Reason
from server.planning.solver.problem import Problem, Stop, Vehicle
from server.planning.solver.timetable import drive
from server.planning.solver.violations import Breach


class Triage:
    """Tells stops that no truck could serve, even alone, from those that only found no place."""

    def __init__(self, problem: Problem) -> None:
        """Keep one truck of each kind: a hundred equal trucks need one trial."""
        self._problem = problem
        self._kinds = list({msgspec.structs.replace(one, id="*"): one for one in problem.vehicles}.values())

    def hopeless(self, stop: Stop) -> Reason | None:
        """Return the first of: no truck has the skill, none the room, none a way, none the time; None if one could."""
        able = [vehicle for vehicle in self._candidates(stop) if stop.needs <= vehicle.skills]
        if not able:
            return Reason.SKILL
        roomy = [vehicle for vehicle in able if _fits(vehicle, stop)]
        if not roomy:
            return Reason.CAPACITY
        reaching = [vehicle for vehicle in roomy if self._reaches(vehicle, stop)]
        if not reaching:
            return Reason.UNREACHABLE
        return None if any(self._has_time(vehicle, stop) for vehicle in reaching) else Reason.WINDOW

    def reason(self, stop: Stop) -> Reason:
        """Return why ``stop`` is in no route: hopeless, or the trucks are full, or it is not worth its detour."""
        return self.hopeless(stop) or (Reason.NO_ROOM if stop.is_required else Reason.NOT_WORTH)

    def _candidates(self, stop: Stop) -> list[Vehicle]:
        return self._kinds if stop.pinned_to is None else [self._problem.vehicle_of[stop.pinned_to]]

    def _reaches(self, vehicle: Vehicle, stop: Stop) -> bool:
        out_s, _ = self._drive_s(vehicle, vehicle.start_depot, stop)
        _, back_s = self._drive_s(vehicle, vehicle.end_depot, stop)
        return out_s < UNREACHABLE and back_s < UNREACHABLE

    def _has_time(self, vehicle: Vehicle, stop: Stop) -> bool:
        """Say whether the truck can serve the stop alone; a pause may always go around so short a day."""
        opens_s = vehicle.shift.opens_s if vehicle.shift else 0
        out_s, _ = self._drive_s(vehicle, vehicle.start_depot, stop)
        for departs_s in {opens_s} | {max(opens_s, window.opens_s - out_s) for window in stop.windows}:
            alone = drive(self._problem, vehicle, (stop,), departs_s=departs_s)
            if {violation.kind for violation in check_route(self._problem, alone)} <= {Breach.PAUSE}:
                return True
        return False

    def _drive_s(self, vehicle: Vehicle, depot: str, stop: Stop) -> tuple[int, int]:
        """Return the drive from the depot to the stop and the drive back."""
        durations_s = self._problem.matrices[vehicle.truck_class].durations_s
        home = self._problem.location_index[self._problem.depot_of[depot].location]
        here = self._problem.location_index[stop.location]
        return int(durations_s[home, here]), int(durations_s[here, home])


def _fits(vehicle: Vehicle, stop: Stop) -> bool:
    loads = (stop.delivery, stop.pickup)
    return all(figure <= room for load in loads for figure, room in zip(load, vehicle.capacities, strict=False))
