"""Times and distances without a road network, always labelled as estimates."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from server.planning.roads.matrix import IntMatrix, Matrix, MatrixSource
from server.planning.roads.points import Point, check_points

EARTH_RADIUS_M: Final = 6_371_008.8
DETOUR: Final = 1.44  # road metres for each metre of great circle, measured on Montréal's streets
SPEED_M_PER_S: Final = 10.0  # 36 km/h
PROMISE_BASE_S: Final = 287.0
PROMISE_S_PER_M: Final = 0.12


def estimate_matrix(points: list[Point], *, promise: bool = False) -> Matrix:
    """Return estimated travel between ``points``: great circle × 1.44 at 36 km/h.

    With ``promise``, times are 287 s + 0.12 s per road metre instead: generous enough that a time told to a customer
    is kept. Places at the same position are 0 s apart.

    Raises:
        BadPoints: none, too many, or one that is not a position.
    """
    check_points(points)
    roads_m = great_circle_m(points) * DETOUR
    seconds = roads_m / SPEED_M_PER_S
    if promise:
        seconds = np.where(roads_m > 0, PROMISE_BASE_S + PROMISE_S_PER_M * roads_m, 0.0)
    return Matrix(_whole(seconds), _whole(roads_m), MatrixSource.ESTIMATE)


def great_circle_m(points: list[Point]) -> NDArray[np.float64]:
    """Return the square matrix of great-circle distances in metres (haversine on the mean sphere)."""
    lon, lat = np.radians(np.array(points, dtype=np.float64)).T
    half_lat = (lat[:, None] - lat[None, :]) / 2
    half_lon = (lon[:, None] - lon[None, :]) / 2
    chord = np.sin(half_lat) ** 2 + np.cos(lat)[:, None] * np.cos(lat)[None, :] * np.sin(half_lon) ** 2
    metres: NDArray[np.float64] = 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.clip(chord, 0.0, 1.0)))
    return metres


def _whole(figures: NDArray[np.float64]) -> IntMatrix:
    return np.rint(figures).astype(np.int64)
