"""What the planning page shows: what waits, which trucks are free, and what a plan proposes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from server.core.acting import acting_org
from server.orders import queries as orders_read
from server.orders.model import Order
from server.parties import queries as parties
from server.parties.model import Site
from server.planning import queries
from server.planning.calendar import instant
from server.planning.model import Plan, PlanState, Run, Vehicle
from server.planning.solution import PlannedRun, Solution, read_solution
from server.planning.solver import Reason
from shared.problems import Text
from shared.states import RunState

REASONS = {
    Reason.SKILL: Text("Aucun camion ne convient", "No truck is suited"),
    Reason.CAPACITY: Text("Trop lourd pour un camion", "Too heavy for a truck"),
    Reason.UNREACHABLE: Text("Aucune route n’y mène", "No road leads there"),
    Reason.WINDOW: Text("Heures d’ouverture impossibles", "Opening hours cannot be met"),
    Reason.NO_ROOM: Text("Les camions sont pleins", "The trucks are full"),
    Reason.NOT_WORTH: Text("Le détour est trop long", "The detour is too long"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """One day before its runs: waiting orders, trucks, and the plans made so far, newest first."""

    orders: Sequence[Order]
    names: Mapping[UUID, str]
    sites: Mapping[UUID, Site]
    free: Sequence[Vehicle]
    runs: Sequence[Run]
    plans: Sequence[Plan]
    newest: PlanView | None

    @property
    def weight_g(self) -> int:
        """Return what waits, in grams."""
        return sum(line.quantity * line.weight_g for order in self.orders for line in order.lines)

    @property
    def places(self) -> int:
        """Return at how many places orders wait."""
        return len({order.site_id for order in self.orders})


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedRun:
    """One truck's day as a plan proposes it."""

    name: str
    stops: int
    orders: int
    starts_at: datetime
    ends_at: datetime
    distance_m: int
    weight_g: int
    capacity_g: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftSite:
    """A place that the plan leaves out, and why."""

    site: Site | None
    orders: Sequence[Order]
    reason: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanView:
    """One plan with what it proposes, once it is solved."""

    plan: Plan
    runs: Sequence[ProposedRun]
    left_out: Sequence[LeftSite]
    solution: Solution | None

    @property
    def is_waiting(self) -> bool:
        """Say whether the answer is still to come."""
        return self.plan.state is PlanState.REQUESTED


def overview(session: Session, *, day: date) -> Overview:
    """Return what the acting carrier sees of a day before its runs."""
    waiting = queries.orders_to_plan(session, runs_on=day)
    runs = [run for run in queries.runs_of_day(session, runs_on=day) if run.state is not RunState.CANCELLED]
    busy = {run.vehicle_id for run in runs}
    plans = queries.plans_of_day(session, runs_on=day)
    return Overview(
        orders=waiting,
        names=parties.names(
            session, org_ids={order.buyer_id for order in waiting} | {order.owner_id for order in waiting}
        ),
        sites=parties.sites(session, site_ids={order.site_id for order in waiting}),
        free=[vehicle for vehicle in queries.vehicles(session) if vehicle.id not in busy],
        runs=runs,
        plans=plans,
        newest=plan_view(session, plan_id=plans[0].id) if plans else None,
    )


def plan_view(session: Session, *, plan_id: UUID) -> PlanView:
    """Return a plan of the acting carrier with its runs and what it leaves out.

    Raises:
        NotFound: there is none.
    """
    plan = queries.plan(session, plan_id=plan_id)
    solution = read_solution(plan.solution) if plan.solution else None
    if solution is None:
        return PlanView(plan=plan, runs=(), left_out=(), solution=None)
    order_ids = {one for run in solution.runs for stop in run.stops for one in stop.order_ids}
    left_ids = {one for left in solution.left_out for one in left.order_ids}
    orders = {order.id: order for order in orders_read.orders(session, order_ids=order_ids | left_ids)}
    return PlanView(
        plan=plan, runs=_proposed(session, plan, solution, orders), left_out=_left(session, solution, orders),
        solution=solution,
    )  # fmt: skip


def _proposed(
    session: Session, plan: Plan, solution: Solution, orders: Mapping[UUID, Order]
) -> tuple[ProposedRun, ...]:
    vehicles = {vehicle.id: vehicle for vehicle in queries.vehicles(session)}
    zone = parties.zone_of(session, org_id=acting_org(session))
    found = [
        ProposedRun(
            name=vehicles[run.vehicle_id].name,
            stops=len(run.stops),
            orders=sum(len(stop.order_ids) for stop in run.stops),
            starts_at=instant(plan.runs_on, zone, run.departs_s),
            ends_at=instant(plan.runs_on, zone, run.returns_s),
            distance_m=run.distance_m,
            weight_g=_weight_g(run, orders),
            capacity_g=vehicles[run.vehicle_id].capacity_g,
        )
        for run in solution.runs
    ]
    return tuple(sorted(found, key=lambda one: one.name))


def _weight_g(run: PlannedRun, orders: Mapping[UUID, Order]) -> int:
    riding: Iterable[Order] = (orders[one] for stop in run.stops for one in stop.order_ids if one in orders)
    return sum(line.quantity * line.weight_g for order in riding for line in order.lines)


def _left(session: Session, solution: Solution, orders: Mapping[UUID, Order]) -> tuple[LeftSite, ...]:
    sites = parties.sites(session, site_ids={left.site_id for left in solution.left_out})
    return tuple(
        LeftSite(
            site=sites.get(left.site_id),
            orders=[orders[one] for one in left.order_ids if one in orders],
            reason=REASONS[Reason(left.reason)],
        )
        for left in solution.left_out
    )
