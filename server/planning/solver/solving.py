"""Finds a cheap legal plan."""

from __future__ import annotations

import dataclasses
from typing import Final

import pyvrp

from server.planning.solver.checking import checked
from server.planning.solver.insertion import cheapest_insertion, route_cost
from server.planning.solver.model import Model
from server.planning.solver.pauses import shortened, timed
from server.planning.solver.plan import Plan, PlannedRoute, Unassigned
from server.planning.solver.problem import Depot, Problem, Stop
from server.planning.solver.reasons import Triage
from server.planning.solver.route import Route
from server.planning.solver.stop_rule import Budget, Criterion, StopRule
from server.planning.solver.timetable import Call, drive

MAX_FORGOTTEN: Final = 20
"""Of the stops that the search left out, so many are tried once more by insertion."""

_FIRST_SHARE: Final = 0.7
"""Of the budget, for the first search when pauses may ask for a second."""


def solve(problem: Problem, stop: StopRule, *, seed: int) -> Plan:
    """Return the cheapest plan found before ``stop`` says enough; every route in it is legal.

    Required stops that fit nowhere are left unassigned with the reason, and the checker then calls the plan
    infeasible. The same seed gives the same plan when ``stop`` counts iterations; a time limit makes no such promise.
    Costs are the vehicles' rates over metres and seconds, fixed costs, and the prizes of optional stops left out.

    Raises:
        BadProblem: the problem contradicts itself.
        TooLarge: skills and pins ask for more matrices than memory holds.

    Source: Wouda, Lan and Kool (2024), PyVRP, INFORMS Journal on Computing 36(4).
    """
    checked(problem)
    budget = Budget(stop)
    triage = Triage(problem)
    hopeful = tuple(one for one in problem.stops if triage.hopeless(one) is None)
    routes = _search_with_pauses(dataclasses.replace(problem, stops=hopeful), budget, seed)
    routes = _with_forgotten(problem, [route for route in routes if route.visits], hopeful)
    return _plan(problem, routes, triage, budget.iterations)


def _search_with_pauses(problem: Problem, budget: Budget, seed: int) -> list[PlannedRoute]:
    share = _FIRST_SHARE if any(vehicle.pause for vehicle in problem.vehicles) else 1.0
    routes = _search(problem, budget, seed, share)
    planned = [timed(problem, route) for route in routes]
    tight = {route.vehicle.id for route, day in zip(routes, planned, strict=True) if day is None}
    if not tight or budget.is_spent:
        return [day or _legal(problem, route) for route, day in zip(routes, planned, strict=True)]
    vehicles = tuple(shortened(one) if one.id in tight else one for one in problem.vehicles)
    routes = _search(dataclasses.replace(problem, vehicles=vehicles), budget, seed, 1.0)
    return [
        _legal(problem, dataclasses.replace(route, vehicle=problem.vehicle_of[route.vehicle.id])) for route in routes
    ]


def _search(problem: Problem, budget: Budget, seed: int, share: float) -> list[Route]:
    """Return the best routes found; when no plan serves everything, those of one that leaves stops out."""
    if not problem.stops:
        return []
    routes, feasible = _run(Model(problem), budget.criterion(share=share, impatient=True), seed)
    if feasible:
        return routes
    relaxed, legal = _run(Model(problem, relaxed=True), budget.criterion(share=share), seed)
    return relaxed if legal else routes


def _run(model: Model, criterion: Criterion, seed: int) -> tuple[list[Route], bool]:
    found = pyvrp.solve(model.search_space, criterion, seed=seed, collect_stats=False, display=False)
    return model.routes(found.best), found.is_feasible()


def _legal(problem: Problem, route: Route) -> PlannedRoute:
    """Return the route timed, after leaving out as many of its last calls as it takes to make it legal."""
    while route.calls:
        planned = timed(problem, route)
        if planned is not None:
            return planned
        route = dataclasses.replace(route, calls=_without_last_stop(route.calls))
    return drive(problem, route.vehicle, (), departs_s=route.departs_s)


def _without_last_stop(calls: tuple[Call, ...]) -> tuple[Call, ...]:
    calls = calls[:-1]
    while calls and isinstance(calls[-1], Depot):
        calls = calls[:-1]
    return calls


def _with_forgotten(problem: Problem, routes: list[PlannedRoute], hopeful: tuple[Stop, ...]) -> list[PlannedRoute]:
    """Return the routes with required stops added that the search left out although a place for them exists."""
    served = {stop for route in routes for stop in route.stops}
    waiting = [stop for stop in hopeful if stop.is_required and stop.id not in served][:MAX_FORGOTTEN]
    while waiting:
        still_waiting = []
        for stop in waiting:
            if insertion := cheapest_insertion(problem, routes, stop):
                routes = [route for route in routes if route.vehicle != insertion.route.vehicle] + [insertion.route]
            else:
                still_waiting.append(stop)
        if len(still_waiting) == len(waiting):
            break
        waiting = still_waiting  # a new route may have made a place for a stop that had none
    return routes


def _plan(problem: Problem, routes: list[PlannedRoute], triage: Triage, iterations: int) -> Plan:
    served = {stop for route in routes for stop in route.stops}
    left_out = [stop for stop in problem.stops if stop.id not in served]
    return Plan(
        routes=tuple(routes),
        unassigned=tuple(Unassigned(stop=stop.id, reason=triage.reason(stop)) for stop in left_out),
        cost=sum(route_cost(problem, route) for route in routes) + sum(stop.prize or 0 for stop in left_out),
        distance_m=sum(route.distance_m for route in routes),
        duration_s=sum(route.duration_s for route in routes),
        iterations=iterations,
    )
