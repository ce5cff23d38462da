"""Laws of plans, over random small days."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from server.planning.roads import UNREACHABLE, Matrix, MatrixSource
from server.planning.solver import (
    Breach,
    Depot,
    Location,
    Pause,
    Plan,
    PlannedRoute,
    Problem,
    Stop,
    StopRule,
    Vehicle,
    Window,
    cheapest_insertion,
    check_plan,
    decode_problem,
    encode_problem,
    solve,
)

SKILLS = frozenset({"lift", "cold"})
TWO_DEPOTS = ("d0", "d1")
DAY_S = 30_000


@st.composite
def windows(draw: st.DrawFn) -> Window:
    opens_s = draw(st.integers(0, DAY_S))
    return Window(opens_s=opens_s, closes_s=opens_s + draw(st.integers(0, 15_000)))


def shifts() -> st.SearchStrategy[Window | None]:
    """A whole day more often than a piece of one: most trucks of a day can do something."""
    whole = Window(opens_s=0, closes_s=2 * DAY_S)
    return st.sampled_from([None, whole, whole]) | windows()


@st.composite
def pauses(draw: st.DrawFn) -> Pause:
    opens_s = draw(st.integers(0, DAY_S))
    return Pause(opens_s=opens_s, closes_s=opens_s + draw(st.integers(600, 9_000)), duration_s=600)


def loads(most: int) -> st.SearchStrategy[tuple[int, ...]]:
    return st.one_of(st.just(()), st.tuples(st.integers(0, most), st.integers(0, most)))


@st.composite
def vehicles(draw: st.DrawFn, number: int) -> Vehicle:
    return Vehicle(
        id=f"v{number}",
        start_depot=draw(st.sampled_from(TWO_DEPOTS)),
        end_depot=draw(st.sampled_from(TWO_DEPOTS)),
        capacities=draw(st.tuples(st.integers(30, 150), st.integers(30, 150))),
        shift=draw(shifts()),
        duration_limit_s=draw(st.none() | st.none() | st.integers(5_000, 40_000)),
        distance_limit_m=draw(st.none() | st.none() | st.integers(20_000, 90_000)),
        fixed_cost=draw(st.integers(0, 5_000)),
        cost_per_m=draw(st.integers(0, 3)),
        cost_per_s=draw(st.integers(0, 3)),
        skills=draw(st.sampled_from([SKILLS, SKILLS, frozenset({"lift"}), frozenset()])),
        reload_depots=draw(st.sampled_from([(), ("d0",), TWO_DEPOTS])),
        reload_limit=draw(st.none() | st.integers(0, 2)),
        pause=draw(st.none() | pauses()),
    )


@st.composite
def stops(draw: st.DrawFn, number: int, trucks: int) -> Stop:
    return Stop(
        id=f"s{number}",
        location=f"p{number // 2}",  # two stops often share a place
        delivery=draw(loads(40)),
        pickup=draw(loads(40)),
        windows=tuple(draw(st.just([]) | st.lists(windows(), max_size=3))),
        service_s=draw(st.integers(0, 1_200)),
        needs=draw(st.sampled_from([frozenset(), frozenset(), frozenset({"lift"}), frozenset({"cold"})])),
        pinned_to=draw(st.sampled_from([None, None, None, f"v{trucks - 1}"])),
        prize=draw(st.none() | st.none() | st.integers(0, 90_000)),
        released_s=draw(st.sampled_from([0, 0, 0, 5_000])),
    )


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    trucks, calls = draw(st.integers(1, 3)), draw(st.integers(0, 7))
    places = 2 + (calls + 1) // 2
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    distances_m = random.integers(0, 20_000, (places, places))
    durations_s = random.integers(0, 4_000, (places, places))
    cut = random.random((places, places)) < draw(st.sampled_from([0.0, 0.0, 0.2]))
    for figures in (distances_m, durations_s):
        figures[cut] = UNREACHABLE
        np.fill_diagonal(figures, 0)
    names = [*TWO_DEPOTS, *(f"p{index}" for index in range(places - 2))]
    return Problem(
        name="jour",
        dimensions=("weight_g", "units"),
        locations=tuple(Location(id=name) for name in names),
        depots=tuple(Depot(id=name, location=name) for name in TWO_DEPOTS),
        vehicles=tuple(draw(vehicles(number)) for number in range(trucks)),
        stops=tuple(draw(stops(number, trucks)) for number in range(calls)),
        matrices={"truck": Matrix(durations_s, distances_m, MatrixSource.GIVEN)},
    )


def solved(problem: Problem) -> Plan:
    return solve(problem, StopRule(iterations=40), seed=7)


@settings(max_examples=80, deadline=None)
@given(problems())
def test_a_plan_breaks_no_rule_but_what_it_admits_to_leave_out(problem: Problem) -> None:
    """Planning: 0 violations by the independent checker; a required stop may be missing, never silently."""
    plan = solved(problem)
    broken = check_plan(problem, plan)
    assert {violation.kind for violation in broken} <= {Breach.MISSING}
    assert {violation.stop for violation in broken} <= {one.stop for one in plan.unassigned}


@settings(max_examples=25, deadline=None)
@given(problems())
def test_no_required_stop_is_left_out_that_a_place_exists_for(problem: Problem) -> None:
    """Planning: « no room » means that no route and no idle truck can take the stop as the plan stands."""
    plan = solved(problem)
    left_out = {one.stop for one in plan.unassigned}
    for stop in problem.stops:
        if stop.is_required and stop.id in left_out:
            assert cheapest_insertion(problem, plan.routes, stop) is None


@settings(max_examples=25, deadline=None)
@given(problems())
def test_the_same_seed_and_iterations_give_the_same_plan(problem: Problem) -> None:
    """Planning: the solver is a pure function of problem, stop rule and seed."""
    assert solved(problem) == solved(problem)


@settings(max_examples=30, deadline=None)
@given(problems())
def test_a_problem_survives_its_file(problem: Problem) -> None:
    """Planning: what is written reads back the same."""
    assert decode_problem(encode_problem(problem)) == problem


@settings(max_examples=30, deadline=None)
@given(problems())
def test_doubling_every_distance_cost_and_prize_changes_no_legality(problem: Problem) -> None:
    """Planning, metamorphic: legality does not depend on what things cost."""
    plan = solved(problem)
    dear = tuple(replace(one, fixed_cost=2 * one.fixed_cost, cost_per_m=2 * one.cost_per_m) for one in problem.vehicles)
    kinds = {violation.kind for violation in check_plan(_with_vehicles(problem, dear), plan)}
    assert kinds <= {Breach.MISSING, Breach.FIGURES}


def _with_vehicles(problem: Problem, changed: tuple[Vehicle, ...]) -> Problem:
    return Problem(
        name=problem.name,
        dimensions=problem.dimensions,
        locations=problem.locations,
        depots=problem.depots,
        vehicles=changed,
        stops=problem.stops,
        matrices=problem.matrices,
    )


def _first_visit_earlier(route: PlannedRoute) -> PlannedRoute:
    first = route.visits[0]
    return replace(route, visits=(replace(first, arrives_s=first.arrives_s - 1), *route.visits[1:]))


def _home_earlier(route: PlannedRoute) -> PlannedRoute:
    return replace(route, returns_s=route.returns_s - 1)


def _stop_forgotten(route: PlannedRoute) -> PlannedRoute:
    place = _first_stop(route)
    return replace(route, visits=(*route.visits[:place], *route.visits[place + 1 :]))


def _stop_twice(route: PlannedRoute) -> PlannedRoute:
    place = _first_stop(route)
    return replace(route, visits=(*route.visits[:place], *route.visits[place : place + 1], *route.visits[place:]))


def _first_stop(route: PlannedRoute) -> int:
    return next(place for place, visit in enumerate(route.visits) if visit.stop is not None)


def _one_metre_less(route: PlannedRoute) -> PlannedRoute:
    return replace(route, distance_m=route.distance_m - 1)


def _stranger_at_the_wheel(route: PlannedRoute) -> PlannedRoute:
    return replace(route, vehicle="nobody")


def _service_before_arrival(route: PlannedRoute) -> PlannedRoute:
    first = route.visits[0]
    return replace(route, visits=(replace(first, starts_s=first.arrives_s - 1), *route.visits[1:]))


TAMPERINGS = (
    _first_visit_earlier,
    _home_earlier,
    _stop_forgotten,
    _stop_twice,
    _one_metre_less,
    _stranger_at_the_wheel,
    _service_before_arrival,
)


@settings(max_examples=80, deadline=None)
@given(problems(), st.sampled_from(TAMPERINGS))
def test_a_tampered_plan_is_always_caught(problem: Problem, tamper: Callable[[PlannedRoute], PlannedRoute]) -> None:
    """Planning: the checker trusts no plan, not even one that was legal a moment ago."""
    plan = solved(problem)
    if not plan.routes:
        return
    tampered = replace(plan, routes=(tamper(plan.routes[0]), *plan.routes[1:]))
    assert len(check_plan(problem, tampered)) > len(check_plan(problem, plan))
