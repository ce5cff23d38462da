"""The independent plan checker: a legal plan passes, and every kind of breach is caught by its name."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from server.planning.roads import UNREACHABLE
from server.planning.solver import (
    Breach,
    Depot,
    Pause,
    Plan,
    PlannedPause,
    PlannedRoute,
    Problem,
    Reason,
    Unassigned,
    Vehicle,
    Visit,
    Window,
    check_plan,
    plan_cost,
)
from tests.factories.planning_problems import line_problem, stop_at, truck

DAY = Window(opens_s=0, closes_s=10_000)


def visit(stop: str, arrives_s: int, starts_s: int, leaves_s: int) -> Visit:
    return Visit(stop=stop, arrives_s=arrives_s, starts_s=starts_s, leaves_s=leaves_s)


def street(**of_vehicle: object) -> Problem:
    """Two stops, 1 000 m and 2 000 m down the street, 60 s of service each."""
    return line_problem(
        [
            stop_at(1_000, "near", service_s=60, windows=(Window(opens_s=150, closes_s=300),)),
            stop_at(2_000, "far", service_s=60),
        ],
        vehicles=[truck("A", shift=DAY, fixed_cost=7, cost_per_s=2, **of_vehicle), truck("B")],
    )


def legal_plan() -> Plan:
    """Out at 0; near at 100, waits until 150; far at 310; home at 570."""
    route = PlannedRoute(
        vehicle="A",
        departs_s=0,
        returns_s=570,
        visits=(visit("near", 100, 150, 210), visit("far", 310, 310, 370)),
        distance_m=4_000,
    )
    return Plan(routes=(route,), unassigned=(), cost=7 + 4_000 + 2 * 570, distance_m=4_000, duration_s=570)


def kinds(problem: Problem, plan: Plan) -> set[Breach]:
    return {violation.kind for violation in check_plan(problem, plan)}


def with_route(plan: Plan, **changes: object) -> Plan:
    return replace(plan, routes=(replace(plan.routes[0], **changes),))


def with_visit(plan: Plan, index: int, **changes: int) -> Plan:
    visits = list(plan.routes[0].visits)
    visits[index] = replace(visits[index], **changes)
    return with_route(plan, visits=tuple(visits))


def with_vehicle(problem: Problem, **changes: object) -> Problem:
    from dataclasses import replace as replace_problem

    first: Vehicle = replace(problem.vehicles[0], **changes)
    return replace_problem(problem, vehicles=(first, *problem.vehicles[1:]))


def with_stop(problem: Problem, index: int, **changes: object) -> Problem:
    from dataclasses import replace as replace_problem

    stops = list(problem.stops)
    stops[index] = replace(stops[index], **changes)
    return replace_problem(problem, stops=tuple(stops))


def test_a_legal_plan_breaks_nothing() -> None:
    """Planning: the checker has no false alarms."""
    assert check_plan(street(), legal_plan()) == ()


def test_cost_counts_truck_metres_seconds_and_lost_prizes() -> None:
    """Planning: cost is recomputed from its definition."""
    problem = street()
    assert plan_cost(problem, legal_plan()) == 7 + 4_000 + 2 * 570
    empty = Plan(routes=(), unassigned=(), cost=0, distance_m=0, duration_s=0)
    assert plan_cost(with_stop(problem, 0, prize=55), empty) == 55


@pytest.mark.parametrize(
    ("broken", "breach"),
    [
        (lambda plan: with_route(plan, vehicle="Z"), Breach.UNKNOWN),
        (lambda plan: with_route(plan, visits=plan.routes[0].visits[:1]), Breach.MISSING),
        (lambda plan: with_route(plan, visits=plan.routes[0].visits * 2), Breach.TWICE),
        (lambda plan: replace(plan, routes=plan.routes * 2), Breach.VEHICLE_TWICE),
        (lambda plan: with_visit(plan, 1, arrives_s=309), Breach.TRAVEL),
        (lambda plan: with_route(plan, returns_s=569), Breach.TRAVEL),
        (lambda plan: with_visit(plan, 0, starts_s=99), Breach.SERVICE),
        (lambda plan: with_visit(plan, 1, leaves_s=369), Breach.SERVICE),
        (lambda plan: with_visit(plan, 0, starts_s=149), Breach.WINDOW),
        (lambda plan: with_visit(plan, 0, starts_s=301), Breach.WINDOW),
        (lambda plan: with_route(plan, departs_s=-1), Breach.SHIFT),
        (lambda plan: with_route(plan, returns_s=10_001), Breach.SHIFT),
        (lambda plan: with_route(plan, distance_m=3_999), Breach.FIGURES),
        (lambda plan: replace(plan, cost=plan.cost - 1), Breach.FIGURES),
        (lambda plan: replace(plan, distance_m=4_001), Breach.FIGURES),
        (lambda plan: replace(plan, duration_s=571), Breach.FIGURES),
        (lambda plan: replace(plan, unassigned=(Unassigned(stop="near", reason=Reason.NO_ROOM),)), Breach.FIGURES),
    ],
)
def test_a_tampered_plan_is_caught(broken: Callable[[Plan], Plan], breach: Breach) -> None:
    """Planning: legality by the independent checker."""
    assert breach in kinds(street(), broken(legal_plan()))


@pytest.mark.parametrize(
    ("stricter", "breach"),
    [
        (lambda problem: with_vehicle(problem, capacities=(19,)), Breach.CAPACITY),
        (lambda problem: with_vehicle(problem, duration_limit_s=569), Breach.DURATION),
        (lambda problem: with_vehicle(problem, distance_limit_m=3_999), Breach.DISTANCE),
        (lambda problem: with_vehicle(problem, pause=Pause(opens_s=0, closes_s=400, duration_s=60)), Breach.PAUSE),
        (lambda problem: with_stop(problem, 0, needs=frozenset({"tail-lift"})), Breach.SKILL),
        (lambda problem: with_stop(problem, 1, pinned_to="B"), Breach.PIN),
        (lambda problem: with_stop(problem, 1, released_s=1), Breach.RELEASE),
        (lambda problem: with_stop(problem, 0, pickup=(91,)), Breach.CAPACITY),
    ],
)
def test_a_stricter_problem_makes_the_same_plan_illegal(stricter: Callable[[Problem], Problem], breach: Breach) -> None:
    """Planning: each rule of the problem is judged."""
    assert kinds(stricter(street()), legal_plan()) == {breach}


def test_a_way_that_does_not_exist_is_caught() -> None:
    """Planning: no plan drives where the network has no way."""
    problem = street()
    problem.matrices["truck"].durations_s[1, 2] = UNREACHABLE
    assert kinds(problem, legal_plan()) == {Breach.UNREACHABLE}


def test_a_reload_needs_permission_and_starts_a_new_load() -> None:
    """Planning: several trips a day."""
    reload = Visit(stop=None, depot="depot", arrives_s=310, starts_s=310, leaves_s=310)
    plan = Plan(
        routes=(
            PlannedRoute(
                vehicle="A",
                departs_s=0,
                returns_s=770,
                visits=(visit("near", 100, 150, 210), reload, visit("far", 510, 510, 570)),
                distance_m=6_000,
            ),
        ),
        unassigned=(),
        cost=7 + 6_000 + 2 * 770,
        distance_m=6_000,
        duration_s=770,
    )
    assert kinds(street(capacities=(10,), reload_depots=("depot",)), plan) == set()
    assert kinds(street(capacities=(10,), reload_depots=("depot",), reload_limit=0), plan) == {Breach.RELOAD}
    assert kinds(street(capacities=(10,)), plan) == {Breach.RELOAD}
    assert kinds(street(capacities=(9,), reload_depots=("depot",)), plan) == {Breach.CAPACITY}
    back_in_time = with_visit(plan, 1, arrives_s=330, starts_s=330)
    assert Breach.SERVICE in kinds(street(capacities=(10,), reload_depots=("depot",)), back_in_time)


@pytest.mark.parametrize(
    ("pause", "is_legal"),
    [
        (PlannedPause(before=0, starts_s=100, ends_s=150), True),  # while waiting for the window to open
        (PlannedPause(before=0, starts_s=100, ends_s=149), False),  # too short
        (PlannedPause(before=0, starts_s=99, ends_s=149), False),  # while driving
        (PlannedPause(before=0, starts_s=101, ends_s=151), False),  # into the service
        (PlannedPause(before=1, starts_s=210, ends_s=260), False),  # the drive then arrives later than said
        (PlannedPause(before=9, starts_s=100, ends_s=150), False),  # nowhere
    ],
)
def test_a_pause_is_real_time_off_the_road(pause: PlannedPause, *, is_legal: bool) -> None:
    """Planning: 30 minutes in the window mean that nothing else happens then."""
    problem = street(pause=Pause(opens_s=50, closes_s=500, duration_s=50))
    broken = kinds(problem, with_route(legal_plan(), pause=pause))
    assert broken == (set() if is_legal else {Breach.PAUSE})


def test_who_is_home_before_the_pause_needs_none() -> None:
    """Planning: a pause is due when the truck is out for all of its window."""
    late = street(pause=Pause(opens_s=400, closes_s=1_000, duration_s=60))
    assert check_plan(late, legal_plan()) == ()


def test_every_breach_has_words_for_people() -> None:
    """French and English everywhere."""
    assert all(breach.label.fr and breach.label.en for breach in Breach)


def test_a_depot_that_is_none_is_unknown() -> None:
    """Planning: a plan cannot reload at a place that is no depot."""
    nowhere = Visit(stop=None, depot="near", arrives_s=100, starts_s=100, leaves_s=100)
    assert kinds(street(), with_route(legal_plan(), visits=(nowhere,))) >= {Breach.UNKNOWN}
    assert Depot(id="near", location="1000").id not in street().depot_of
