"""Small planning problems on a line or a plane, for tests that can count their results by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from server.planning.roads import Matrix, MatrixSource
from server.planning.solver import Depot, Location, Problem, Stop, Vehicle

HOUR_S = 3_600


def line_problem(
    stops: Sequence[Stop],
    *,
    vehicles: Sequence[Vehicle] | None = None,
    places_m: dict[str, int] | None = None,
    dimensions: tuple[str, ...] = ("units",),
) -> Problem:
    """Return a problem on a straight street: the depot at 0 m, each stop where its location says, 10 m a second."""
    positions = {"depot": 0} | (places_m or {stop.location: int(stop.location) for stop in stops})
    metres = np.array(list(positions.values()), dtype=np.int64)
    distances_m = np.abs(metres[:, None] - metres[None, :])
    return Problem(
        name="rue",
        dimensions=dimensions,
        locations=tuple(Location(id=name) for name in positions),
        depots=(Depot(id="depot", location="depot"),),
        vehicles=tuple(vehicles or [truck("A")]),
        stops=tuple(stops),
        matrices={"truck": Matrix(distances_m // 10, distances_m, MatrixSource.GIVEN)},
    )


def truck(name: str, **changes: Any) -> Vehicle:
    """Return a truck of the depot that carries 100 units."""
    return Vehicle(**({"id": name, "start_depot": "depot", "end_depot": "depot", "capacities": (100,)} | changes))


def stop_at(metres: int, name: str = "", **changes: Any) -> Stop:
    """Return a stop of 10 units that stands so many metres down the street."""
    return Stop(**({"id": name or f"s{metres}", "location": str(metres), "delivery": (10,)} | changes))
