"""Times and distances between the places of a day: kept legs, the road engine for new ones, else an estimate."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Final
from uuid import UUID

import numpy as np

from server.core.settings import settings
from server.planning.day import Leg, Legs, Place
from server.planning.roads import (
    DELIVERY_TRUCK,
    Matrix,
    MatrixSource,
    Point,
    RoadEngine,
    RoadNetwork,
    estimate_matrix,
    open_network,
)
from server.planning.roads.network import NoNetwork

E7: Final = 10_000_000
E5: Final = 100_000

type Line = list[list[int]]
"""[[lat, lon], …] in 1e-5 degrees."""


def network_here() -> RoadNetwork | None:
    """Return the trucks' road network of this installation, or None: times are then estimated."""
    try:
        return open_network(Path(settings().roads_path) / DELIVERY_TRUCK.name)
    except NoNetwork:
        return None


def travel_between(places: Sequence[Place], *, legs: Legs, engine: RoadEngine | None) -> Matrix:
    """Return travel between places in their order, from the kept legs when all are known.

    Without an engine it is an estimate, and says so.

    Raises:
        OffRoads, EngineDown: the engine cannot answer.
    """
    points = [point_of(place) for place in places]
    if engine is None:
        return estimate_matrix(points)
    if (kept := kept_matrix(places, legs, engine.network.network_id)) is not None:
        return kept
    return engine.table(points)


def new_legs(places: Sequence[Place], matrix: Matrix, *, legs: Legs) -> dict[tuple[UUID, UUID], Leg]:
    """Return the legs of a road matrix that were not kept yet."""
    found: dict[tuple[UUID, UUID], Leg] = {}
    for (row, start), (column, end) in product(enumerate(places), enumerate(places)):
        key = (start.site_id, end.site_id)
        if row != column and key not in legs:
            found[key] = (int(matrix.durations_s[row, column]), int(matrix.distances_m[row, column]))
    return found


def line_through(places: Sequence[Place], *, engine: RoadEngine | None) -> Line:
    """Return the way through places in their order: along roads with an engine, straight without.

    Raises:
        OffRoads, NoWay, EngineDown: the engine cannot answer.
    """
    points = [point_of(place) for place in places]
    line = points if engine is None or len(points) < 2 else engine.route(points).line  # noqa: PLR2004  # a way has two ends
    return [[round(point.lat * E5), round(point.lon * E5)] for point in line]


def point_of(place: Place) -> Point:
    """Return a place's position in degrees."""
    return Point(lon=place.lon_e7 / E7, lat=place.lat_e7 / E7)


def kept_matrix(places: Sequence[Place], legs: Legs, network_id: str) -> Matrix | None:
    """Return the matrix of kept legs, or None when there is no network or one leg is missing."""
    if not network_id:
        return None
    size = len(places)
    durations_s, distances_m = np.zeros((size, size), dtype=np.int64), np.zeros((size, size), dtype=np.int64)
    for (row, start), (column, end) in product(enumerate(places), enumerate(places)):
        if start.site_id == end.site_id:
            continue
        leg = legs.get((start.site_id, end.site_id))
        if leg is None:
            return None
        durations_s[row, column], distances_m[row, column] = leg
    return Matrix(durations_s, distances_m, MatrixSource.ROADS, network_id)
