"""Judges plans on their own words. Shares no code with the solver: only the values of problem and plan.

Every rule is written again here from its definition, so that an error in the solver's model cannot hide itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from server.planning.roads.matrix import UNREACHABLE
from server.planning.solver.plan import Plan, PlannedRoute, Visit
from server.planning.solver.problem import Problem, Stop, Vehicle
from server.planning.solver.violations import Breach, Violation


def check_plan(problem: Problem, plan: Plan) -> tuple[Violation, ...]:
    """Return every rule that ``plan`` breaks, in the order of its routes; empty means the plan is legal."""
    return tuple(_plan_violations(problem, plan))


def check_route(problem: Problem, route: PlannedRoute) -> tuple[Violation, ...]:
    """Return the rules that one route breaks by itself."""
    return tuple(_route_violations(problem, route))


def plan_distance_m(problem: Problem, plan: Plan) -> int:
    """Return the metres driven by all trucks, from the matrices and the order of the visits alone."""
    return sum(_distance_m(problem, route) for route in plan.routes if _is_known(problem, route))


def plan_cost(problem: Problem, plan: Plan) -> int:
    """Return the plan's cost from its definition: fixed costs, metres, seconds, and prizes of stops left out."""
    served = {stop for route in plan.routes for stop in route.stops}
    lost = sum(stop.prize for stop in problem.stops if stop.prize is not None and stop.id not in served)
    return lost + sum(_route_cost(problem, route) for route in plan.routes if _is_known(problem, route))


def _route_cost(problem: Problem, route: PlannedRoute) -> int:
    vehicle = problem.vehicle_of[route.vehicle]
    seconds = route.returns_s - route.departs_s
    return vehicle.fixed_cost + vehicle.cost_per_m * _distance_m(problem, route) + vehicle.cost_per_s * seconds


def _plan_violations(problem: Problem, plan: Plan) -> Iterator[Violation]:
    for route in plan.routes:
        yield from _route_violations(problem, route)
    served = Counter(stop for route in plan.routes for stop in route.stops)
    for stop in problem.stops:
        if stop.is_required and not served[stop.id]:
            yield Violation(kind=Breach.MISSING, stop=stop.id)
    for stop_id, count in served.items():
        if count > 1:
            yield Violation(kind=Breach.TWICE, stop=stop_id, excess=count - 1)
    for vehicle_id, count in Counter(route.vehicle for route in plan.routes).items():
        if count > 1:
            yield Violation(kind=Breach.VEHICLE_TWICE, vehicle=vehicle_id, excess=count - 1)
    yield from _list_violations(problem, plan, served)
    yield from _total_violations(problem, plan)


def _list_violations(problem: Problem, plan: Plan, served: Counter[str]) -> Iterator[Violation]:
    left_out = {one.stop for one in plan.unassigned}
    for stop_id in sorted(left_out ^ {stop.id for stop in problem.stops if not served[stop.id]}):
        yield Violation(kind=Breach.FIGURES, stop=stop_id)


def _total_violations(problem: Problem, plan: Plan) -> Iterator[Violation]:
    stated = (plan.cost, plan.distance_m, plan.duration_s)
    counted = (
        plan_cost(problem, plan),
        plan_distance_m(problem, plan),
        sum(route.returns_s - route.departs_s for route in plan.routes),
    )
    for said, found in zip(stated, counted, strict=True):
        if said != found:
            yield Violation(kind=Breach.FIGURES, excess=said - found)


def _is_known(problem: Problem, route: PlannedRoute) -> bool:
    stops, depots = problem.stop_of, problem.depot_of
    return route.vehicle in problem.vehicle_of and all(
        visit.depot in depots if visit.stop is None else visit.stop in stops and visit.depot is None
        for visit in route.visits
    )


def _route_violations(problem: Problem, route: PlannedRoute) -> Iterator[Violation]:
    if not _is_known(problem, route):
        yield Violation(kind=Breach.UNKNOWN, vehicle=route.vehicle)
        return
    vehicle = problem.vehicle_of[route.vehicle]
    yield from _leg_violations(problem, route)
    for visit in route.visits:
        if visit.stop is not None:
            yield from _stop_violations(vehicle, problem.stop_of[visit.stop], visit)
        elif not visit.arrives_s <= visit.starts_s <= visit.leaves_s:
            yield Violation(kind=Breach.SERVICE, vehicle=vehicle.id)
    yield from _shift_violations(vehicle, route)
    yield from _load_violations(problem, vehicle, route)
    yield from _trip_violations(problem, vehicle, route)
    yield from _pause_violations(problem, vehicle, route)
    if (excess := route.distance_m - _distance_m(problem, route)) != 0:
        yield Violation(kind=Breach.FIGURES, vehicle=vehicle.id, excess=excess)
    if vehicle.distance_limit_m is not None and _distance_m(problem, route) > vehicle.distance_limit_m:
        excess = _distance_m(problem, route) - vehicle.distance_limit_m
        yield Violation(kind=Breach.DISTANCE, vehicle=vehicle.id, excess=excess)


def _rows(problem: Problem, route: PlannedRoute) -> list[int]:
    """Return the matrix rows that the truck passes, depots at both ends."""
    vehicle = problem.vehicle_of[route.vehicle]
    places = [problem.depot_of[vehicle.start_depot].location]
    places += [
        problem.depot_of[visit.depot or ""].location if visit.stop is None else problem.stop_of[visit.stop].location
        for visit in route.visits
    ]
    places.append(problem.depot_of[vehicle.end_depot].location)
    return [problem.location_index[place] for place in places]


def _distance_m(problem: Problem, route: PlannedRoute) -> int:
    distances_m = problem.matrices[problem.vehicle_of[route.vehicle].truck_class].distances_m
    return sum(int(distances_m[start, end]) for start, end in pairwise(_rows(problem, route)))


def _legs_s(problem: Problem, route: PlannedRoute) -> list[int]:
    durations_s = problem.matrices[problem.vehicle_of[route.vehicle].truck_class].durations_s
    return [int(durations_s[start, end]) for start, end in pairwise(_rows(problem, route))]


def _departures_and_arrivals(route: PlannedRoute) -> list[tuple[int, int]]:
    departures = [route.departs_s, *(visit.leaves_s for visit in route.visits)]
    arrivals = [*(visit.arrives_s for visit in route.visits), route.returns_s]
    return list(zip(departures, arrivals, strict=True))


def _leg_violations(problem: Problem, route: PlannedRoute) -> Iterator[Violation]:
    names = [*(visit.stop or visit.depot or "" for visit in route.visits), ""]
    legs = zip(names, _legs_s(problem, route), _departures_and_arrivals(route), strict=True)
    for name, duration_s, (leaves_s, arrives_s) in legs:
        if duration_s >= UNREACHABLE:
            yield Violation(kind=Breach.UNREACHABLE, vehicle=route.vehicle, stop=name)
        elif arrives_s < leaves_s + duration_s:
            late_s = leaves_s + duration_s - arrives_s
            yield Violation(kind=Breach.TRAVEL, vehicle=route.vehicle, stop=name, excess=late_s)


def _stop_violations(vehicle: Vehicle, stop: Stop, visit: Visit) -> Iterator[Violation]:
    if visit.starts_s < visit.arrives_s or visit.leaves_s < visit.starts_s + stop.service_s:
        yield Violation(kind=Breach.SERVICE, vehicle=vehicle.id, stop=stop.id)
    if stop.windows and not any(window.opens_s <= visit.starts_s <= window.closes_s for window in stop.windows):
        late_s = visit.starts_s - max(window.closes_s for window in stop.windows)
        yield Violation(kind=Breach.WINDOW, vehicle=vehicle.id, stop=stop.id, excess=max(0, late_s))
    if not stop.needs <= vehicle.skills:
        yield Violation(kind=Breach.SKILL, vehicle=vehicle.id, stop=stop.id)
    if stop.pinned_to is not None and stop.pinned_to != vehicle.id:
        yield Violation(kind=Breach.PIN, vehicle=vehicle.id, stop=stop.id)


def _shift_violations(vehicle: Vehicle, route: PlannedRoute) -> Iterator[Violation]:
    if vehicle.shift is not None:
        excess = max(vehicle.shift.opens_s - route.departs_s, route.returns_s - vehicle.shift.closes_s)
        if excess > 0:
            yield Violation(kind=Breach.SHIFT, vehicle=vehicle.id, excess=excess)
    if vehicle.duration_limit_s is not None:
        excess = route.returns_s - route.departs_s - vehicle.duration_limit_s
        if excess > 0:
            yield Violation(kind=Breach.DURATION, vehicle=vehicle.id, excess=excess)


def _trips(route: PlannedRoute) -> list[tuple[int, list[str]]]:
    """Return each trip as the moment its truck leaves a depot and the stops that follow."""
    trips: list[tuple[int, list[str]]] = [(route.departs_s, [])]
    for visit in route.visits:
        if visit.stop is None:
            trips.append((visit.leaves_s, []))
        else:
            trips[-1][1].append(visit.stop)
    return trips


def _load_violations(problem: Problem, vehicle: Vehicle, route: PlannedRoute) -> Iterator[Violation]:
    for dimension, capacity in enumerate(vehicle.capacities):
        for _leaves_s, stops in _trips(route):
            peak = _peak_load([problem.stop_of[stop] for stop in stops], dimension)
            if peak > capacity:
                yield Violation(kind=Breach.CAPACITY, vehicle=vehicle.id, excess=peak - capacity)


def _peak_load(stops: list[Stop], dimension: int) -> int:
    deliveries = [stop.delivery[dimension] if stop.delivery else 0 for stop in stops]
    pickups = [stop.pickup[dimension] if stop.pickup else 0 for stop in stops]
    load = peak = sum(deliveries)
    for delivered, picked_up in zip(deliveries, pickups, strict=True):
        load += picked_up - delivered
        peak = max(peak, load)
    return peak


def _trip_violations(problem: Problem, vehicle: Vehicle, route: PlannedRoute) -> Iterator[Violation]:
    reloads = [visit.depot for visit in route.visits if visit.stop is None]
    most = len(reloads) if vehicle.reload_limit is None else vehicle.reload_limit
    if len(reloads) > most or not set(reloads) <= set(vehicle.reload_depots):
        yield Violation(kind=Breach.RELOAD, vehicle=vehicle.id, excess=max(0, len(reloads) - most))
    for leaves_s, stops in _trips(route):
        for stop in stops:
            if problem.stop_of[stop].released_s > leaves_s:
                excess = problem.stop_of[stop].released_s - leaves_s
                yield Violation(kind=Breach.RELEASE, vehicle=vehicle.id, stop=stop, excess=excess)


def _pause_violations(problem: Problem, vehicle: Vehicle, route: PlannedRoute) -> Iterator[Violation]:
    if vehicle.pause is None:
        return
    rests_before = route.departs_s >= vehicle.pause.opens_s + vehicle.pause.duration_s
    rests_after = route.returns_s <= vehicle.pause.closes_s - vehicle.pause.duration_s
    if route.pause is None:
        if not (rests_before or rests_after):
            yield Violation(kind=Breach.PAUSE, vehicle=vehicle.id)
    elif not _pause_is_real(problem, vehicle, route):
        yield Violation(kind=Breach.PAUSE, vehicle=vehicle.id)


def _pause_is_real(problem: Problem, vehicle: Vehicle, route: PlannedRoute) -> bool:
    pause, rule = route.pause, vehicle.pause
    if pause is None or rule is None or not 0 <= pause.before <= len(route.visits):
        return False
    leaves_s = _departures_and_arrivals(route)[pause.before][0]
    on_road_s = _legs_s(problem, route)[pause.before]
    if pause.before < len(route.visits):
        visit = route.visits[pause.before]
        arrives_s, ready_s = visit.arrives_s, visit.starts_s
    else:
        arrives_s = ready_s = route.returns_s
    before_drive = leaves_s <= pause.starts_s and pause.ends_s + on_road_s <= arrives_s
    after_drive = arrives_s <= pause.starts_s and pause.ends_s <= ready_s
    inside = rule.opens_s <= pause.starts_s and pause.ends_s <= rule.closes_s
    return inside and pause.ends_s - pause.starts_s >= rule.duration_s and (before_drive or after_drive)
