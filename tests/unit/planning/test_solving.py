"""What the solver makes of real constraints, on streets short enough to know the answer."""

from __future__ import annotations

from dataclasses import replace as replace_problem

import pytest
from msgspec.structs import replace

from server.planning.roads import UNREACHABLE
from server.planning.solver import (
    BadProblem,
    BadStopRule,
    Breach,
    Pause,
    Plan,
    Problem,
    Reason,
    StopRule,
    Vehicle,
    Window,
    check_plan,
    solve,
)
from tests.factories.planning_problems import HOUR_S, line_problem, stop_at, truck

QUICK = StopRule(iterations=60)


def solved(problem: Problem) -> Plan:
    return solve(problem, QUICK, seed=1)


def legal(problem: Problem) -> Plan:
    plan = solved(problem)
    assert check_plan(problem, plan) == ()
    return plan


def reasons(plan: Plan) -> dict[str, Reason]:
    return {one.stop: one.reason for one in plan.unassigned}


def test_one_truck_serves_a_street_in_one_sweep() -> None:
    """Planning: the shortest way on a line is out and back."""
    plan = legal(line_problem([stop_at(metres) for metres in (400, 100, 300, 200)]))
    assert plan.distance_m == plan.cost == 800
    assert len(plan.routes) == 1
    assert not plan.unassigned


def test_no_stops_is_an_empty_plan() -> None:
    """Planning: a day without orders is a plan without routes."""
    plan = legal(line_problem([], places_m={}))
    assert (plan.routes, plan.cost) == ((), 0)


def test_full_trucks_share_the_work() -> None:
    """Planning: capacity in every dimension."""
    stops = [stop_at(metres, delivery=(40, 5_000)) for metres in (100, 200, 300)]
    trucks = [truck(name, capacities=(100, 10_000)) for name in "AB"]
    plan = legal(line_problem(stops, vehicles=trucks, dimensions=("units", "weight_g")))
    assert sorted(len(route.stops) for route in plan.routes) == [1, 2]


def test_empties_are_picked_up_only_where_there_is_room() -> None:
    """Planning: delivery and pickup at one client; 100 units of empties fit only after the kegs are out."""
    stops = [stop_at(100, "empties", delivery=(0,), pickup=(100,)), stop_at(200, "kegs", delivery=(100,))]
    (route,) = legal(line_problem(stops)).routes
    assert route.stops == ("kegs", "empties")


def test_a_stop_with_two_windows_is_served_in_one_of_them() -> None:
    """Planning: several windows."""
    morning, evening = Window(opens_s=0, closes_s=10), Window(opens_s=500, closes_s=600)
    (route,) = legal(line_problem([stop_at(1_000, windows=(morning, evening))])).routes
    assert route.visits[0].starts_s >= evening.opens_s


def test_a_skill_decides_the_truck() -> None:
    """Planning: skills are one profile for each set of allowed stops."""
    stops = [stop_at(100, "cellar", needs=frozenset({"tail-lift"})), stop_at(110, "bar")]
    trucks = [truck("plain"), truck("lift", skills=frozenset({"tail-lift"}), fixed_cost=10_000)]
    plan = legal(line_problem(stops, vehicles=trucks))
    assert {stop: route.vehicle for route in plan.routes for stop in route.stops}["cellar"] == "lift"


def test_a_pin_decides_the_truck() -> None:
    """Planning: a dispatcher's pin holds against the cost."""
    stops = [stop_at(100, "pinned", pinned_to="B"), stop_at(110, "free")]
    plan = legal(line_problem(stops, vehicles=[truck("A"), truck("B", fixed_cost=5_000)]))
    assert {stop: route.vehicle for route in plan.routes for stop in route.stops}["pinned"] == "B"


def test_two_stops_of_one_place_may_be_pinned_to_two_trucks() -> None:
    """Planning: a pin belongs to the stop, not to its place."""
    stops = [stop_at(100, "first", pinned_to="A"), stop_at(100, "second", pinned_to="B")]
    plan = legal(line_problem(stops, vehicles=[truck("A"), truck("B")]))
    assert {route.vehicle: route.stops for route in plan.routes} == {"A": ("first",), "B": ("second",)}


def test_an_optional_stop_is_served_only_when_it_pays() -> None:
    """Planning: prizes."""
    plan = legal(line_problem([stop_at(100), stop_at(5_000, "dear", prize=9_900), stop_at(9_999, "vain", prize=500)]))
    assert reasons(plan) == {"vain": Reason.NOT_WORTH}
    assert plan.cost == 2 * 5_000 + 500


def test_a_small_truck_reloads() -> None:
    """Planning: reload depots give several trips a day."""
    stops = [stop_at(metres, delivery=(60,)) for metres in (100, 200)]
    (route,) = legal(line_problem(stops, vehicles=[truck("A", reload_depots=("depot",))])).routes
    assert [visit.depot for visit in route.visits] == [None, "depot", None]


def test_goods_do_not_leave_before_they_are_released() -> None:
    """Planning: release times hold the whole trip."""
    (route,) = legal(line_problem([stop_at(100), stop_at(200, released_s=700)])).routes
    assert route.departs_s >= 700


@pytest.mark.parametrize(
    ("stop", "reason"),
    [
        (stop_at(200, "odd", needs=frozenset({"crane"})), Reason.SKILL),
        (stop_at(200, "odd", delivery=(101,)), Reason.CAPACITY),
        (stop_at(200, "odd", windows=(Window(opens_s=0, closes_s=10),)), Reason.WINDOW),
        (stop_at(400_000, "odd"), Reason.WINDOW),
        (stop_at(200, "odd", delivery=(95,)), Reason.NO_ROOM),
    ],
)
def test_what_fits_nowhere_is_left_out_with_its_reason(stop: object, reason: Reason) -> None:
    """Planning: why a stop is unassigned; the rest of the plan stays legal."""
    shift = Window(opens_s=0, closes_s=2 * HOUR_S)
    stops = [stop_at(100, pinned_to="A"), stop]
    problem = line_problem(stops, vehicles=[truck("A", shift=shift)])
    plan = solved(problem)
    assert reasons(plan) == {"odd": reason}
    assert {violation.kind for violation in check_plan(problem, plan)} == {Breach.MISSING}
    assert plan.routes[0].stops == ("s100",)


def test_what_no_way_leads_to_is_left_out_as_unreachable() -> None:
    """Planning: an island gets a reason, not a million kilometres."""
    problem = line_problem([stop_at(100), stop_at(200, "island")])
    for figures in (problem.matrices["truck"].durations_s, problem.matrices["truck"].distances_m):
        figures[2, :2] = figures[:2, 2] = UNREACHABLE
    plan = solved(problem)
    assert reasons(plan) == {"island": Reason.UNREACHABLE}
    assert plan.distance_m == 200


def with_pause(pause: Pause, **changes: object) -> Vehicle:
    return truck("A", pause=pause, **changes)


def test_a_pause_is_put_between_stops() -> None:
    """Planning: solve, then insert 30 minutes in the window by a forward pass."""
    pause = Pause(opens_s=4 * HOUR_S, closes_s=6 * HOUR_S)
    stops = [stop_at(metres, service_s=HOUR_S) for metres in range(1_000, 9_000, 1_000)]
    shift = Window(opens_s=0, closes_s=10 * HOUR_S)
    (route,) = legal(line_problem(stops, vehicles=[with_pause(pause, shift=shift)])).routes
    assert route.pause is not None
    assert route.pause.ends_s - route.pause.starts_s == 1_800
    assert len(route.stops) == len(stops)


def test_a_pause_is_taken_in_a_wait_when_there_is_one() -> None:
    """Planning: a pause inside a wait delays nobody."""
    pause = Pause(opens_s=0, closes_s=3 * HOUR_S)
    stops = [stop_at(10, "early", windows=(Window(opens_s=0, closes_s=60),)), stop_at(20, "late")]
    stops[1] = replace(stops[1], windows=(Window(opens_s=3 * HOUR_S, closes_s=4 * HOUR_S),))
    (route,) = legal(line_problem(stops, vehicles=[with_pause(pause)])).routes
    assert route.visits[1].starts_s == 3 * HOUR_S


def test_a_day_too_full_for_its_pause_gives_a_stop_to_another_truck() -> None:
    """Planning: where the pause fails, that truck's day is shortened and solved again."""
    pause = Pause(opens_s=0, closes_s=6_000)
    shift = Window(opens_s=0, closes_s=2 * HOUR_S)
    stops = [stop_at(100 + metres, service_s=1_700) for metres in range(4)]
    trucks = [with_pause(pause, shift=shift), truck("B", shift=shift, capacities=(10,), fixed_cost=9_999)]
    plan = legal(line_problem(stops, vehicles=trucks))
    assert {route.vehicle for route in plan.routes} == {"A", "B"}
    assert next(route for route in plan.routes if route.vehicle == "A").pause is not None


def test_a_pause_that_fits_nowhere_costs_a_stop_and_never_the_pause() -> None:
    """Planning: the plan stays legal; what it could not serve is said."""
    pause = Pause(opens_s=0, closes_s=6_000)
    shift = Window(opens_s=0, closes_s=2 * HOUR_S)
    stops = [stop_at(100 + metres, service_s=1_700) for metres in range(4)]
    problem = line_problem(stops, vehicles=[with_pause(pause, shift=shift)])
    plan = solved(problem)
    assert {violation.kind for violation in check_plan(problem, plan)} == {Breach.MISSING}
    assert len(plan.unassigned) == 1
    assert plan.routes[0].pause is not None


def test_the_same_seed_and_iterations_give_the_same_plan() -> None:
    """Planning: the solver is a pure function of problem, stop rule and seed."""
    stops = [stop_at(metres * 37 % 1_000 + 1, f"s{metres}") for metres in range(1, 30)]
    problem = line_problem(stops, vehicles=[truck(name) for name in "ABCD"])
    assert solved(problem) == solved(problem)


def test_a_time_limit_ends_the_search() -> None:
    """Planning: seconds or iterations, whichever ends first."""
    plan = solve(line_problem([stop_at(100)]), StopRule(seconds=0.05, iterations=10**9), seed=1)
    assert plan.iterations < 10**9


@pytest.mark.parametrize("rule", [{}, {"seconds": 0}, {"seconds": float("nan")}, {"iterations": 0}, {"seconds": 1e9}])
def test_a_search_without_an_end_is_refused(rule: dict[str, float]) -> None:
    """Bad input: limits on everything."""
    with pytest.raises(BadStopRule):
        StopRule(**rule)


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"vehicles": (truck("A"), truck("A"))}, "vehicles[1].id"),
        ({"vehicles": (truck("A", start_depot="nowhere"),)}, "vehicles[0].start_depot"),
        ({"vehicles": (truck("A", capacities=(1, 2)),)}, "vehicles[0].capacities"),
        ({"vehicles": (truck("A", truck_class="van"),)}, "vehicles[0].truck_class"),
        ({"vehicles": (truck("A", pause=Pause(opens_s=0, closes_s=60)),)}, "vehicles[0].pause"),
        ({"vehicles": (truck("A", reload_depots=("x",)),)}, "vehicles[0].reload_depots"),
        ({"vehicles": ()}, "vehicles"),
        ({"stops": (stop_at(100), stop_at(100))}, "stops[1].id"),
        ({"stops": (stop_at(100, location="moon"),)}, "stops[0].location"),
        ({"stops": (stop_at(100, pinned_to="Z"),)}, "stops[0].pinned_to"),
        ({"stops": (stop_at(100, delivery=(1, 2)),)}, "stops[0].delivery"),
        ({"stops": (stop_at(100, windows=(Window(opens_s=9, closes_s=8),)),)}, "stops[0].windows[0]"),
        ({"stops": (stop_at(100, service_s=-1),)}, "stops[0]"),
        ({"stops": (stop_at(100, delivery=(10**13,)),)}, "stops[0]"),
        ({"vehicles": (truck("A", fixed_cost=-1),)}, "vehicles[0]"),
        ({"locations": ()}, "locations"),
    ],
)
def test_a_problem_that_contradicts_itself_is_refused_by_its_place(changes: dict[str, object], where: str) -> None:
    """Bad input: what and where, before any search."""
    problem = replace_problem(line_problem([stop_at(100)]), **changes)
    with pytest.raises(BadProblem) as caught:
        solve(problem, QUICK, seed=1)
    assert caught.value.where == where
