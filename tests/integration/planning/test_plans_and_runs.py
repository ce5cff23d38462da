"""From accepted orders to runs that may leave."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest

from server.core.problems import Problem
from server.core.transaction import transaction
from server.orders import service as orders
from server.planning import jobs, queries
from server.planning import service as planning
from server.planning.model import MatrixSource, PlanState
from server.planning.progress import run_of
from server.planning.service import plans
from server.planning.solution import read_solution
from shared.lifecycle import IllegalMove
from shared.states import OrderState, RunState
from tests.factories.world import (
    CREDIT,
    RUN_DAY,
    World,
    items_of,
    make_order,
    make_plan,
    make_runs,
    make_vehicle,
    make_world,
    read_order,
    stamp,
)

pytestmark = pytest.mark.usefixtures("database")


def day_of_three_stops() -> tuple[World, list[UUID]]:
    """Two suppliers, three retailers; the first retailer orders from both."""
    world = make_world([CREDIT, CREDIT], buyers=3)
    made = [make_order(world, buyer=buyer) for buyer in world.buyers]
    made.append(make_order(world, seller=world.sellers[1]))
    make_vehicle(world)
    return world, made


def read_runs(world: World) -> list:
    with transaction(acting=world.carrier_id) as session:
        runs = list(queries.runs_of_day(session, runs_on=RUN_DAY))
        session.expunge_all()
        return runs


def test_a_plan_serves_every_order_and_says_that_its_times_are_estimates() -> None:
    """R015: without a road network, distances are labelled as estimates; the checker finds nothing."""
    world, made = day_of_three_stops()
    plan_id = make_plan(world)
    with transaction(acting=world.carrier_id) as session:
        plan = queries.plan(session, plan_id=plan_id)
        assert (plan.state, plan.progress, plan.matrix_source) == (PlanState.SOLVED, 100, MatrixSource.ESTIMATE)
        solution = read_solution(plan.solution)
    served = [order_id for run in solution.runs for stop in run.stops for order_id in stop.order_ids]
    assert sorted(served) == sorted(made)
    assert solution.violations == 0


def test_a_plan_that_iterations_end_is_the_same_again() -> None:
    """R015: the same day and seed make the same plan, to the place and second, however fast the machine is."""
    world, _ = day_of_three_stops()
    first, second = (make_plan(world, seconds=600, iterations=50) for _ in range(2))
    with transaction(acting=world.carrier_id) as session:
        assert queries.plan(session, plan_id=first).solution == queries.plan(session, plan_id=second).solution != {}


@pytest.mark.parametrize("iterations", [0, plans.MAX_PLAN_ITERATIONS + 1])
def test_a_search_out_of_bounds_is_refused(iterations: int) -> None:
    """Every input is bounded, and the refusal says between which figures."""
    world, _ = day_of_three_stops()
    with pytest.raises(plans.BadRequestForPlan) as refused:
        make_plan(world, iterations=iterations)
    assert str(plans.MAX_PLAN_ITERATIONS) in refused.value.detail.fr


def test_an_adopted_plan_makes_draft_runs_with_one_stop_for_each_place() -> None:
    """R015, section 4: orders are planned; several suppliers' orders share a stop."""
    world, made = day_of_three_stops()
    make_runs(world, prepared=False)
    (run,) = read_runs(world)
    assert run.state is RunState.DRAFT
    assert [stop.position for stop in run.stops] == [1, 2, 3]
    shared = next(stop for stop in run.stops if stop.site_id == world.buyer.site_id)
    assert {one.order_id for one in shared.orders} == {made[0], made[3]}
    assert run.stops[0].planned_at >= run.starts_at
    assert sum(stop.leg_distance_m for stop in run.stops) < run.distance_m
    for order_id in made:
        assert read_order(order_id, acting=world.carrier_id).state is OrderState.PLANNED


def test_a_seller_sees_that_its_order_rides_but_not_the_others() -> None:
    """C16: the rows of a stop show each seller its own order alone."""
    world, made = day_of_three_stops()
    make_runs(world)
    from sqlalchemy import select

    from server.planning.model import Stop, StopOrder

    with transaction(acting=world.sellers[1].id) as session:
        assert [one.order_id for one in session.scalars(select(StopOrder))] == [made[3]]
        assert not session.scalars(select(Stop)).all()


def test_a_plan_is_refused_when_an_order_changed_meanwhile() -> None:
    """Architecture: save and adopt refuse when the orders changed."""
    world, made = day_of_three_stops()
    plan_id = make_plan(world)
    with transaction(acting=world.seller.id) as session:
        from server.orders import queries as orders_read

        order = orders_read.order(session, order_id=made[0])
        orders.revise(session, order=order, items=items_of(world.seller, cases=9), stamp=stamp())
    with pytest.raises(planning.PlanOvertaken), transaction(acting=world.carrier_id) as session:
        planning.adopt_plan(session, plan_id=plan_id, stamp=stamp())
    assert not read_runs(world)


def test_a_plan_is_adopted_once() -> None:
    """A second click changes nothing."""
    world, _ = day_of_three_stops()
    plan_id = make_plan(world)
    with transaction(acting=world.carrier_id) as session:
        planning.adopt_plan(session, plan_id=plan_id, stamp=stamp())
    with pytest.raises(planning.PlanOvertaken), transaction(acting=world.carrier_id) as session:
        planning.adopt_plan(session, plan_id=plan_id, stamp=stamp())
    assert len(read_runs(world)) == 1


def test_a_day_without_trucks_fails_with_words_for_the_dispatcher() -> None:
    """A plan that cannot be made says why."""
    world = make_world()
    make_order(world)
    plan_id = make_plan(world)
    with transaction(acting=world.carrier_id) as session:
        plan = queries.plan(session, plan_id=plan_id)
        assert plan.state is PlanState.FAILED
        assert plan.problem_fr
        assert plan.problem_en


def test_what_no_truck_can_carry_is_left_out_with_its_reason() -> None:
    """The dispatcher reads which orders ride on no run, and why."""
    world = make_world()
    order_id = make_order(world, cases=90)
    make_vehicle(world, capacity_units=50)
    plan_id = make_plan(world)
    with transaction(acting=world.carrier_id) as session:
        solution = read_solution(queries.plan(session, plan_id=plan_id).solution)
    assert [(one.order_ids, one.reason) for one in solution.left_out] == [((order_id,), "capacity")]


def test_a_solved_plan_is_not_solved_again() -> None:
    """A job that runs twice changes nothing."""
    world, _ = day_of_three_stops()
    plan_id = make_plan(world)
    with transaction(acting=world.carrier_id) as session:
        before = queries.plan(session, plan_id=plan_id).finished_at
    jobs.solve_plan(owner_id=str(world.carrier_id), subject_id=str(plan_id))
    with transaction(acting=world.carrier_id) as session:
        assert queries.plan(session, plan_id=plan_id).finished_at == before


def test_another_carrier_finds_no_such_plan() -> None:
    """Rows are fenced: a stranger's plan does not exist."""
    world, _ = day_of_three_stops()
    plan_id = make_plan(world)
    with pytest.raises(Problem, match="not-found"), transaction(acting=world.seller.id) as session:
        queries.plan(session, plan_id=plan_id)


def test_moving_a_stop_times_the_run_again_and_raises_its_version() -> None:
    """Architecture: each move is re-costed and re-checked at once."""
    world, _ = day_of_three_stops()
    (run_id,) = make_runs(world)
    (before,) = read_runs(world)
    last = before.stops[-1]
    with transaction(acting=world.carrier_id) as session:
        recosted = planning.move_stop(session, run_id=run_id, stop_id=last.id, position=1, stamp=stamp())
    (after,) = read_runs(world)
    assert [stop.id for stop in after.stops] == [last.id, *(stop.id for stop in before.stops[:-1])]
    assert [stop.position for stop in after.stops] == [1, 2, 3]
    assert [stop.planned_at for stop in after.stops] == sorted(stop.planned_at for stop in after.stops)
    assert after.distance_m >= before.distance_m
    assert after.version == before.version + 1
    assert recosted.violations == ()


def test_a_move_that_breaks_a_window_is_made_and_named() -> None:
    """The dispatcher decides; the checker says what it costs."""
    world, _ = day_of_three_stops()
    (run_id,) = make_runs(world)
    with transaction(acting=world.carrier_id) as session:
        from datetime import timedelta

        run = run_of(session, run_id)
        run.starts_at += timedelta(hours=9)
        recosted = planning.move_stop(session, run_id=run_id, stop_id=run.stops[0].id, position=2, stamp=stamp())
        kinds = {violation.kind.value for violation in recosted.violations}
    assert "window" in kinds


def test_an_order_taken_off_waits_for_another_run() -> None:
    """C27, section 4: back to accepted; an empty stop goes with its last order."""
    world, made = day_of_three_stops()
    (run_id,) = make_runs(world)
    with transaction(acting=world.carrier_id) as session:
        planning.remove_order(session, run_id=run_id, order_id=made[1], stamp=stamp())
    (run,) = read_runs(world)
    assert [stop.position for stop in run.stops] == [1, 2]
    assert read_order(made[1], acting=world.seller.id).state is OrderState.ACCEPTED
    with transaction(acting=world.carrier_id) as session:
        planning.remove_order(session, run_id=run_id, order_id=made[0], stamp=stamp())
    (run,) = read_runs(world)
    assert len(run.stops) == 2


def test_a_cancelled_run_gives_its_orders_back_and_its_truck() -> None:
    """Section 4: any state before departure may be cancelled; the day can be planned again."""
    world, made = day_of_three_stops()
    (run_id,) = make_runs(world)
    with transaction(acting=world.carrier_id) as session:
        planning.cancel_run(session, run_id=run_id, stamp=stamp())
    assert read_order(made[0], acting=world.seller.id).state is OrderState.ACCEPTED
    (second,) = make_runs(world)
    names = {run.id: run.name for run in read_runs(world)}
    assert names[run_id] == "Camion 1"
    assert names[second] == "Camion 1 (2)"


def test_a_run_goes_from_draft_to_ready_in_order() -> None:
    """Section 4: no step is skipped at the office, and a run without driver does not leave."""
    world, _ = day_of_three_stops()
    plan_id = make_plan(world)
    with transaction(acting=world.carrier_id) as session:
        (run,) = planning.adopt_plan(session, plan_id=plan_id, stamp=stamp())
    with pytest.raises(IllegalMove), transaction(acting=world.carrier_id) as session:
        planning.load_run(session, run_id=run.id, stamp=stamp())
    with transaction(acting=world.carrier_id) as session:
        planning.prepare_run(session, run_id=run.id, stamp=stamp())
        run_of(session, run.id).move_to(RunState.DOCUMENTED)
        planning.load_run(session, run_id=run.id, stamp=stamp())
    with pytest.raises(planning.NoDriver), transaction(acting=world.carrier_id) as session:
        planning.ready_run(session, run_id=run.id, stamp=stamp())
    with pytest.raises(planning.RunFixed), transaction(acting=world.carrier_id) as session:
        planning.move_stop(session, run_id=run.id, stop_id=run.stops[0].id, position=1, stamp=stamp())


def test_the_next_delivery_of_a_seller_comes_from_the_carriers_cycles() -> None:
    """R074: cycles may be for some sellers or sites only."""
    world = make_world([CREDIT, CREDIT])
    with transaction(acting=world.carrier_id) as session:
        planning.set_cycle(
            session,
            name="Jeudis",
            first_on=date(2026, 11, 19),
            every_weeks=2,
            seller_ids=(world.seller.id,),
            stamp=stamp(),
        )
    with transaction(acting=world.seller.id) as session:
        found = [
            queries.next_delivery_on(
                session,
                carrier_id=world.carrier_id,
                seller_id=seller.id,
                site_id=world.buyer.site_id,
                after=date(2026, 11, 19),
            )
            for seller in world.sellers
        ]
    assert found == [date(2026, 12, 3), None]
