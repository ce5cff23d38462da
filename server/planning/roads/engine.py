"""The road engine, asked through its worker process."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

import numpy as np

from server.planning.roads.frames import Answer, Failure, Request, RouteAnswer, RouteRequest, TableAnswer, TableRequest
from server.planning.roads.matrix import IntMatrix, Matrix, MatrixSource
from server.planning.roads.network import RoadNetwork
from server.planning.roads.points import Point, check_points
from server.planning.roads.worker_process import WorkerDied, WorkerProcess
from shared.problems import Problem, Text

OFF_ROAD_LIMIT_M: Final = 1_000.0
"""A place farther than this from every road of the network is a mistake, not a customer."""


class EngineRefused(Problem):
    """The road engine could not answer this question."""

    slug = "roads-engine-refused"
    title = Text("Question refusée par le moteur routier", "Question refused by the road engine")


class EngineDown(Problem):
    """The road engine's process dies again and again."""

    slug = "roads-engine-down"
    status = 503
    title = Text("Moteur routier arrêté", "Road engine down")


class OffRoads(Problem):
    """A place is too far from every road of the network."""

    slug = "roads-off-roads"
    title = Text("Position hors du réseau routier", "Position off the road network")


class NoWay(Problem):
    """No truck of this class can drive through these places in this order."""

    slug = "roads-no-way"
    title = Text("Aucun chemin", "No way")


@dataclass(frozen=True, slots=True)
class RouteLeg:
    """The way from one place to the next."""

    duration_s: int
    distance_m: int


@dataclass(frozen=True, slots=True)
class RouteGeometry:
    """A drawn way: the whole line as (lon, lat), and one leg between each two places."""

    line: tuple[Point, ...]
    legs: tuple[RouteLeg, ...]

    @property
    def duration_s(self) -> int:
        """Return the driving time of all legs."""
        return sum(leg.duration_s for leg in self.legs)

    @property
    def distance_m(self) -> int:
        """Return the length of all legs."""
        return sum(leg.distance_m for leg in self.legs)


class RoadEngine:
    """Answers times, distances and ways on one road network; a context manager that owns one worker process.

    Safe to share between threads: questions wait for each other. A worker found dead is replaced and asked again once,
    since questions change nothing.
    """

    def __init__(self, network: RoadNetwork, *, timeout_s: float = 120.0) -> None:
        """Keep the network; the worker starts with the first question."""
        self._network = network
        self._timeout_s = timeout_s
        self._worker: WorkerProcess | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        """Return the engine itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the worker."""
        self.close()

    @property
    def network(self) -> RoadNetwork:
        """Return the network that is asked."""
        return self._network

    @property
    def worker_pid(self) -> int | None:
        """Return the worker's process id while one runs."""
        return self._worker.pid if self._worker else None

    def close(self) -> None:
        """Stop the worker; a later question starts a new one."""
        with self._lock:
            self._drop_worker()

    def table(self, points: list[Point]) -> Matrix:
        """Return real road times (s) and distances (m) between all ``points``; ``UNREACHABLE`` where no way leads.

        Raises:
            BadPoints: none, too many, or one not on Earth.
            OffRoads: a point is over 1 km from every road.
            EngineDown: the engine died twice on this question.
        """
        check_points(points)
        # The engine refuses tables of a single place: it is asked twice and one cell kept.
        asked = points if len(points) > 1 else points * 2
        answer = self._ask(TableRequest([(point.lon, point.lat) for point in asked]))
        if not isinstance(answer, TableAnswer):
            raise _refused(answer)
        _check_near_roads(asked, answer.off_road_m)
        size = len(asked)
        whole = Matrix(
            _square(answer.durations_s, size),
            _square(answer.distances_m, size),
            MatrixSource.ROADS,
            self._network.network_id,
        )
        return whole if len(points) > 1 else whole.take([0])

    def route(self, points: list[Point]) -> RouteGeometry:
        """Return the way through at least two ``points`` in their order.

        Raises:
            BadPoints: fewer than two, too many, or one not on Earth.
            OffRoads: a point is over 1 km from every road.
            NoWay: the network has none.
            EngineDown: the engine died twice on this question.
        """
        check_points(points if len(points) > 1 else [])
        answer = self._ask(RouteRequest([(point.lon, point.lat) for point in points]))
        if not isinstance(answer, RouteAnswer):
            raise _refused(answer)
        if not answer.legs:
            raise _no_way()
        _check_near_roads(points, answer.off_road_m)
        return RouteGeometry(
            line=tuple(Point(lon, lat) for lon, lat in answer.line),
            legs=tuple(RouteLeg(round(duration_s), round(distance_m)) for duration_s, distance_m in answer.legs),
        )

    def _ask(self, request: Request) -> Answer:
        with self._lock:
            for _attempt in range(2):
                try:
                    return self._living_worker().ask(request)
                except WorkerDied as death:
                    self._drop_worker()
                    last_words = death.last_words
        raise _engine_down(self._network, last_words)

    def _living_worker(self) -> WorkerProcess:
        if self._worker is None:
            self._worker = WorkerProcess(self._network.folder, timeout_s=self._timeout_s)
        return self._worker

    def _drop_worker(self) -> None:
        if self._worker is not None:
            self._worker.stop()
            self._worker = None


def _square(buffer: bytes, size: int) -> IntMatrix:
    return np.frombuffer(buffer, dtype="<i8").astype(np.int64).reshape(size, size)


def _check_near_roads(points: list[Point], off_road_m: list[float]) -> None:
    for index, (point, distance_m) in enumerate(zip(points, off_road_m, strict=True)):
        if distance_m > OFF_ROAD_LIMIT_M:
            raise OffRoads(
                Text(
                    f"La position ({point.lon:.5f}, {point.lat:.5f}) est à {distance_m / 1000:.1f} km de toute route "
                    "du réseau. Corrigez-la, ou construisez un réseau qui couvre cet endroit.",
                    f"Position ({point.lon:.5f}, {point.lat:.5f}) is {distance_m / 1000:.1f} km from every road of "
                    "the network. Correct it, or build a network that covers this place.",
                ),
                where=f"points[{index}]",
            )


def _refused(answer: Answer) -> EngineRefused:
    reason = answer.reason if isinstance(answer, Failure) else type(answer).__name__
    return EngineRefused(
        Text(
            f"Le moteur routier a répondu\N{NO-BREAK SPACE}: {reason}. Vérifiez les positions demandées.",
            f"The road engine answered: {reason}. Check the positions asked for.",
        )
    )


def _no_way() -> NoWay:
    return NoWay(
        Text(
            "Aucun chemin permis aux camions ne relie ces positions dans cet ordre. "
            "Vérifiez les positions et les interdictions.",
            "No way open to trucks links these positions in this order. Check the positions and the restrictions.",
        )
    )


def _engine_down(network: RoadNetwork, last_words: str) -> EngineDown:
    return EngineDown(
        Text(
            "Le moteur routier s’est arrêté deux fois sur la même question. Reconstruisez le réseau avec "
            "«\N{NO-BREAK SPACE}tournee roads build FICHIER.osm.pbf\N{NO-BREAK SPACE}».",
            "The road engine stopped twice on the same question. Rebuild the network with "
            "“tournee roads build FILE.osm.pbf”.",
        ),
        where=str(network.folder),
        last_words=last_words,
    )
