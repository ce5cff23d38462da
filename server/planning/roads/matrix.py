"""Times and distances between places."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.problems import Text

UNREACHABLE = 10**9
"""Stands in a matrix for « no way »: 31 years and a million kilometres, so no plan prefers it by accident."""

type IntMatrix = NDArray[np.int64]


class MatrixSource(StrEnum):
    """Where the figures of a matrix come from; people always see it."""

    ROADS = "roads"
    ESTIMATE = "estimate"
    GIVEN = "given"

    @property
    def label(self) -> Text:
        """Return the words shown beside every time and distance of such a matrix."""
        return _LABELS[self]


_LABELS = {
    MatrixSource.ROADS: Text("routes réelles", "real roads"),
    MatrixSource.ESTIMATE: Text("estimé", "estimated"),
    MatrixSource.GIVEN: Text("fourni", "given"),
}


@dataclass(frozen=True, slots=True)
class Matrix:
    """Travel between n places, row = from, column = to.

    ``durations_s`` and ``distances_m`` are square int64 arrays with a zero diagonal; a pair without a way holds
    ``UNREACHABLE`` in both. ``network_id`` names the road network, or is empty for an estimate.
    """

    durations_s: IntMatrix
    distances_m: IntMatrix
    source: MatrixSource
    network_id: str = ""

    @property
    def size(self) -> int:
        """Return the number of places."""
        return int(self.durations_s.shape[0])

    def __eq__(self, other: object) -> bool:
        """Compare figures and origin."""
        return (
            isinstance(other, Matrix)
            and (self.source, self.network_id) == (other.source, other.network_id)
            and np.array_equal(self.durations_s, other.durations_s)
            and np.array_equal(self.distances_m, other.distances_m)
        )

    __hash__ = None  # type: ignore[assignment]  # arrays cannot be hashed

    def take(self, indices: list[int]) -> Matrix:
        """Return the matrix between the places at ``indices``, in that order; repeats are allowed."""
        pick: Any = np.ix_(indices, indices)
        return Matrix(self.durations_s[pick], self.distances_m[pick], self.source, self.network_id)
