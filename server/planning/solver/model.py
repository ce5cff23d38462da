"""Says a planning problem in PyVRP's words, and reads its answer back.

How constraints map: several windows are duplicated clients of which one is served; skills and pins are one profile
(matrix) for each set of stops that a truck may serve; optional stops have prizes; reloads are reload depots.

Source: Wouda, Lan and Kool (2024), PyVRP, INFORMS Journal on Computing 36(4).
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Final

import msgspec
import numpy as np
import pyvrp
from numpy.typing import NDArray

from server.planning.roads.matrix import UNREACHABLE, IntMatrix
from server.planning.solver.problem import Problem, Stop, Vehicle
from server.planning.solver.route import Route
from server.planning.solver.timetable import Call
from shared.problems import Problem as Refusal
from shared.problems import Text

MAX_CELLS: Final = 400_000_000
"""All profiles' matrices together; 16 bytes each."""

_FOREVER: Final = np.iinfo(np.int64).max

type Allowed = NDArray[np.bool_]
type Profiles = dict[tuple[str, bytes], tuple[IntMatrix, IntMatrix]]


class TooLarge(Refusal):
    """The skills and pins of the problem need more matrices than memory has room for."""

    slug = "planning-too-large"
    title = Text("Problème trop grand", "Problem too large")


class Model:
    """A problem as the solver sees it.

    With ``relaxed``, required stops become optional at a price no detour reaches, so that a legal plan always exists.
    """

    def __init__(self, problem: Problem, *, relaxed: bool = False) -> None:
        """Translate the problem.

        Raises:
            TooLarge: too many different sets of allowed stops.
        """
        self._problem = problem
        self._relaxed = relaxed
        self._stop_of_client: list[Stop] = []
        self._groups: list[pyvrp.ClientGroup] = []
        self._ransom = _ransom(problem)
        clients = self._clients()
        self._wall = self._price_of_walls()
        self._teams = _teams(problem)
        profiles = self._profiles()
        self.search_space = pyvrp.ProblemData(
            [pyvrp.Location(0, 0) for _ in range(len(problem.depots) + len(clients))],
            clients,
            [pyvrp.Depot(location=index) for index in range(len(problem.depots))],
            [self._vehicle_type(team, profiles) for team in self._teams],
            _matrices(profiles, 0),
            _matrices(profiles, 1),
            self._groups,
        )

    def routes(self, solution: pyvrp.Solution) -> list[Route]:
        """Return the solution's routes with real vehicles, each used once."""
        free = [list(team) for team in self._teams]
        return [self._route(route, free[route.vehicle_type()].pop(0)) for route in solution.routes()]

    def _route(self, route: pyvrp.Route, vehicle: Vehicle) -> Route:
        inner = [step for step in route.schedule() if step.is_client() or step.is_depot()][1:-1]
        calls: tuple[Call, ...] = tuple(
            self._problem.depots[step.idx] if step.is_depot() else self._stop_of_client[step.idx] for step in inner
        )
        return Route(vehicle, calls, int(route.start_time()))

    def _clients(self) -> list[pyvrp.Client]:
        clients: list[pyvrp.Client] = []
        for stop in self._problem.stops:
            clients += self._clients_of(stop, first=len(clients))
        return clients

    def _clients_of(self, stop: Stop, *, first: int) -> list[pyvrp.Client]:
        windows = _windows(stop)
        required = stop.is_required and not self._relaxed
        group = None
        if len(windows) > 1:
            group = len(self._groups)
            self._groups.append(pyvrp.ClientGroup(list(range(first, first + len(windows))), required=required))
        self._stop_of_client += [stop] * len(windows)
        return [
            pyvrp.Client(
                location=len(self._problem.depots) + first + offset,
                delivery=list(stop.delivery or self._no_load()),
                pickup=list(stop.pickup or self._no_load()),
                service_duration=stop.service_s,
                tw_early=opens_s,
                tw_late=closes_s,
                release_time=stop.released_s,
                prize=self._ransom if stop.prize is None and self._relaxed else stop.prize or 0,
                required=required and group is None,
                group=group,
                name=stop.id,
            )
            for offset, (opens_s, closes_s) in enumerate(windows)
        ]

    def _no_load(self) -> tuple[int, ...]:
        return (0,) * len(self._problem.dimensions)

    def _profiles(self) -> Profiles:
        keys = {(team[0].truck_class, self._allowed(team[0]).tobytes()) for team in self._teams}
        cells = len(keys) * (len(self._problem.depots) + len(self._stop_of_client)) ** 2
        if cells > MAX_CELLS:
            raise TooLarge(
                Text(
                    f"{len(keys)} jeux de camions différents pour {len(self._problem.stops)} arrêts dépassent la "
                    "mémoire. Épinglez moins d’arrêts ou regroupez les compétences.",
                    f"{len(keys)} different sets of trucks for {len(self._problem.stops)} stops exceed memory. "
                    "Pin fewer stops or merge skills.",
                )
            )
        return {key: self._profile(key) for key in sorted(keys)}

    def _profile(self, key: tuple[str, bytes]) -> tuple[IntMatrix, IntMatrix]:
        truck_class, allowed = key
        index = self._problem.location_index
        places: list[Call] = [*self._problem.depots, *self._stop_of_client]
        rows = [index[place.location] for place in places]
        matrix = self._problem.matrices[truck_class].take(rows)
        closed = ~np.concatenate((np.ones(len(self._problem.depots), bool), np.frombuffer(allowed, dtype=bool)))
        return self._walled(matrix.distances_m, closed), self._walled(matrix.durations_s, closed)

    def _walled(self, figures: IntMatrix, closed: Allowed) -> IntMatrix:
        """Return the matrix with a price on forbidden stops and missing ways that no legal plan would ever pay."""
        wall = self._wall
        walled = np.where(figures >= UNREACHABLE, wall, figures)
        walled[closed, :] = wall
        walled[:, closed] = wall
        np.fill_diagonal(walled, 0)
        return walled

    def _price_of_walls(self) -> int:
        longest_route = 2 * _longest(self._problem) * (len(self._stop_of_client) + len(self._problem.depots))
        return min(1 + max(2 * self._ransom, longest_route), pyvrp.constants.MAX_VALUE)

    def _allowed(self, vehicle: Vehicle) -> Allowed:
        return np.array(
            [stop.needs <= vehicle.skills and stop.pinned_to in (None, vehicle.id) for stop in self._stop_of_client],
            dtype=bool,
        )

    def _vehicle_type(self, team: list[Vehicle], profiles: Profiles) -> pyvrp.VehicleType:
        vehicle = team[0]
        key = (vehicle.truck_class, self._allowed(vehicle).tobytes())
        depots = {depot.id: index for index, depot in enumerate(self._problem.depots)}
        is_walled = bool((profiles[key][0] >= self._wall).any())
        return pyvrp.VehicleType(
            num_available=len(team),
            capacity=list(vehicle.capacities),
            start_depot=depots[vehicle.start_depot],
            end_depot=depots[vehicle.end_depot],
            fixed_cost=vehicle.fixed_cost,
            tw_early=vehicle.shift.opens_s if vehicle.shift else 0,
            tw_late=vehicle.shift.closes_s if vehicle.shift else _FOREVER,
            shift_duration=_or_forever(vehicle.duration_limit_s),
            max_distance=min(_or_forever(vehicle.distance_limit_m), self._wall - 1 if is_walled else _FOREVER),
            unit_distance_cost=vehicle.cost_per_m,
            unit_duration_cost=vehicle.cost_per_s,
            profile=list(profiles).index(key),
            reload_depots=[depots[depot] for depot in vehicle.reload_depots],
            max_reloads=pyvrp.constants.MAX_SIZE if vehicle.reload_limit is None else vehicle.reload_limit,
            name=vehicle.id,
        )


def _windows(stop: Stop) -> list[tuple[int, int]]:
    """Return the windows that are still open when the goods are released: the solver accepts no others."""
    open_later = [window for window in stop.windows if window.closes_s >= stop.released_s]
    return [(window.opens_s, window.closes_s) for window in open_later] or [(0, _FOREVER)]


def _matrices(profiles: Profiles, which: int) -> list[Any]:
    # Any: the solver's own annotations give arrays a shape type that no array has.
    return [pair[which] for pair in profiles.values()]


def _or_forever(limit: int | None) -> int:
    return _FOREVER if limit is None else limit


def _teams(problem: Problem) -> list[list[Vehicle]]:
    """Return the vehicles in teams of equals: the solver searches faster when it knows that they are."""
    pinned = {stop.pinned_to for stop in problem.stops}
    teams: dict[Vehicle, list[Vehicle]] = defaultdict(list)
    for vehicle in problem.vehicles:
        alike = vehicle if vehicle.id in pinned else msgspec.structs.replace(vehicle, id="*")
        teams[alike].append(vehicle)
    return list(teams.values())


def _ransom(problem: Problem) -> int:
    """Return a price above every detour, prize and truck that a legal plan could count for one stop."""
    rates = max(vehicle.cost_per_m + vehicle.cost_per_s for vehicle in problem.vehicles)
    fixed = max(vehicle.fixed_cost for vehicle in problem.vehicles)
    prizes = max((stop.prize or 0 for stop in problem.stops), default=0)
    return min(1 + fixed + prizes + 4 * _longest(problem) * max(1, rates), pyvrp.constants.MAX_VALUE // 4)


def _longest(problem: Problem) -> int:
    """Return the largest distance or duration of any way."""
    return max(
        int(figures[figures < UNREACHABLE].max(initial=0))
        for matrix in problem.matrices.values()
        for figures in (matrix.distances_m, matrix.durations_s)
    )
