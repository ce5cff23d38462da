"""What a solved plan says, as the JSON that is kept with it until it is adopted."""

from __future__ import annotations

from itertools import pairwise
from typing import Any
from uuid import UUID

import msgspec

from server.planning.day import Day
from server.planning.posing import TRUCK_CLASS, loads_by_site
from server.planning.roads import Matrix
from server.planning.solver import Plan, PlannedRoute, Problem
from server.planning.travel import Line


class PlannedStop(msgspec.Struct, frozen=True, kw_only=True):
    """A site served with its orders; times are seconds of wall clock after the day's local midnight."""

    site_id: UUID
    buyer_id: UUID
    order_ids: tuple[UUID, ...]
    arrives_s: int
    starts_s: int
    leaves_s: int
    leg_distance_m: int
    leg_duration_s: int


class PlannedRun(msgspec.Struct, frozen=True, kw_only=True):
    """One truck's day."""

    vehicle_id: UUID
    departs_s: int
    returns_s: int
    distance_m: int
    stops: tuple[PlannedStop, ...]
    route_e5: list[list[int]] = []


class LeftOut(msgspec.Struct, frozen=True, kw_only=True):
    """A site that no truck serves, and why (a ``Reason`` of the solver)."""

    site_id: UUID
    order_ids: tuple[UUID, ...]
    reason: str


class Solution(msgspec.Struct, frozen=True, kw_only=True):
    """A whole answer: runs, what was left out, and how many rules the independent checker found broken."""

    runs: tuple[PlannedRun, ...]
    left_out: tuple[LeftOut, ...]
    cost: int
    distance_m: int
    violations: int

    def as_json(self) -> dict[str, Any]:
        """Return the solution as plain JSON values."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain


def read_solution(kept: dict[str, Any]) -> Solution:
    """Return the solution that a plan kept."""
    return msgspec.convert(kept, Solution, strict=False)


def describe(day: Day, problem: Problem, plan: Plan, *, violations: int, lines: dict[str, Line]) -> Solution:
    """Return what the solver answered in terms of sites and orders; ``lines`` are the ways by vehicle."""
    orders_at = loads_by_site(day.loads)
    return Solution(
        runs=tuple(_run(day, problem, route, lines.get(route.vehicle, [])) for route in plan.routes),
        left_out=tuple(
            LeftOut(
                site_id=UUID(one.stop),
                order_ids=tuple(load.order_id for load in orders_at[UUID(one.stop)]),
                reason=one.reason.value,
            )
            for one in plan.unassigned
        ),
        cost=plan.cost,
        distance_m=plan.distance_m,
        violations=violations,
    )


def _run(day: Day, problem: Problem, route: PlannedRoute, line: Line) -> PlannedRun:
    orders_at = loads_by_site(day.loads)
    legs = legs_of(problem.matrices[TRUCK_CLASS], rows_of(problem, route))
    stops = tuple(
        PlannedStop(
            site_id=UUID(visit.stop),
            buyer_id=orders_at[UUID(visit.stop)][0].buyer_id,
            order_ids=tuple(load.order_id for load in orders_at[UUID(visit.stop)]),
            arrives_s=visit.arrives_s,
            starts_s=visit.starts_s,
            leaves_s=visit.leaves_s,
            leg_duration_s=leg[0],
            leg_distance_m=leg[1],
        )
        for visit, leg in zip(route.visits, legs, strict=False)
        if visit.stop is not None
    )
    return PlannedRun(
        vehicle_id=UUID(route.vehicle),
        departs_s=route.departs_s,
        returns_s=route.returns_s,
        distance_m=route.distance_m,
        stops=stops,
        route_e5=line,
    )


def rows_of(problem: Problem, route: PlannedRoute) -> list[int]:
    """Return the matrix rows that a route passes, its depot at both ends."""
    vehicle = problem.vehicle_of[route.vehicle]
    depot = problem.location_index[problem.depot_of[vehicle.start_depot].location]
    return [depot, *(problem.location_index[stop] for stop in route.stops), depot]


def legs_of(matrix: Matrix, rows: list[int]) -> list[tuple[int, int]]:
    """Return seconds and metres of each leg through these rows."""
    return [(int(matrix.durations_s[start, end]), int(matrix.distances_m[start, end])) for start, end in pairwise(rows)]
