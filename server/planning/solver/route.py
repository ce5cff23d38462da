"""A route before it has times."""

from __future__ import annotations

from dataclasses import dataclass

from server.planning.solver.problem import Vehicle
from server.planning.solver.timetable import Call


@dataclass(frozen=True, slots=True)
class Route:
    """One truck's calls in order, and when it leaves."""

    vehicle: Vehicle
    calls: tuple[Call, ...]
    departs_s: int
