"""A plan is asked for, computed by a job outside any transaction, and saved if the orders are still the same."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import ClassVar, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from server.core import facts
from server.core.acting import acting_org
from server.core.once import lock_key, require_same
from server.core.problems import Problem, Text
from server.core.stamp import Stamp
from server.orders.model import Order
from server.planning import events, queries
from server.planning.day import Leg
from server.planning.model import MatrixSource, Plan, PlanState, RoadLeg
from server.planning.solution import Solution
from shared.ids import new_id
from shared.states import OrderState

MAX_SECONDS: Final = 600
MAX_SEED: Final = 2**31 - 1
MAX_PLAN_ITERATIONS: Final = 1_000_000
LEGS_A_STATEMENT: Final = 5_000


class BadRequestForPlan(Problem):
    """A plan was asked for with figures out of bounds."""

    slug = "bad-plan-request"
    title = Text("Demande de plan invalide", "Invalid plan request")


class PlanOvertaken(Problem):
    """Orders changed while the plan was made, or it is not in a state for this step."""

    slug = "plan-overtaken"
    status: ClassVar[int] = 409
    title = Text("Plan dépassé", "Plan overtaken")


def request_plan(
    session: Session,
    *,
    runs_on: date,
    seconds: int,
    seed: int,
    stamp: Stamp,
    iterations: int | None = None,
    key: UUID | None = None,
) -> Plan:
    """Return a new plan of the acting carrier's day; a job solves it once this transaction commits.

    The search ends after ``seconds``, or after ``iterations`` when they come first: only those make the same plan of
    the same day and seed on every machine. Asked again with its ``key``, the plan that was made is returned.

    Raises:
        BadRequestForPlan: seconds, iterations or seed out of bounds.
        KeyUsed: the key asked for another plan.
    """
    if not (1 <= seconds <= MAX_SECONDS and 0 <= seed <= MAX_SEED):
        raise BadRequestForPlan(
            Text(f"De 1 à {MAX_SECONDS} secondes.", f"1 to {MAX_SECONDS} seconds."), where="seconds"
        )
    if iterations is not None and not 1 <= iterations <= MAX_PLAN_ITERATIONS:
        raise BadRequestForPlan(
            Text(f"De 1 à {MAX_PLAN_ITERATIONS} itérations.", f"1 to {MAX_PLAN_ITERATIONS} iterations."),
            where="iterations",
        )
    if key is not None and (known := _asked_before(session, key)) is not None:
        made = (known.runs_on, known.seconds, known.iterations, known.seed)
        what = Text(f"demander un plan du {known.runs_on}", f"ask for a plan of {known.runs_on}")
        require_same((runs_on, seconds, iterations, seed), made, what=what, path=f"/plans/{known.id}")
        return known
    plan = Plan(
        owner_id=acting_org(session),
        key=key,
        runs_on=runs_on,
        state=PlanState.REQUESTED,
        seconds=seconds,
        iterations=iterations,
        seed=seed,
        matrix_source=MatrixSource.ESTIMATE,
        requested_by=stamp.by,
        requested_at=stamp.at,
    )
    session.add(plan)
    session.flush()
    facts.record(session, events.PLAN_REQUESTED, plan.id, stamp)
    return plan


def _asked_before(session: Session, key: UUID) -> Plan | None:
    lock_key(session, asker_id=acting_org(session), key=key)
    return session.scalars(select(Plan).filter_by(owner_id=acting_org(session), key=key)).one_or_none()


def note_progress(session: Session, *, plan_id: UUID, percent: int) -> None:
    """Show how far a plan is; it only moves forward."""
    plan = queries.plan(session, plan_id=plan_id, lock=True)
    plan.progress = max(plan.progress, percent)


def keep_legs(session: Session, *, network: str, legs: Mapping[tuple[UUID, UUID], Leg]) -> None:
    """Keep legs of a road network, so that later plans need the road engine for new sites only."""
    rows = [
        {
            "id": new_id(),
            "owner_id": acting_org(session),
            "party_ids": [],
            "network": network,
            "from_site_id": start,
            "to_site_id": end,
            "duration_s": duration_s,
            "distance_m": distance_m,
        }
        for (start, end), (duration_s, distance_m) in sorted(legs.items())
    ]
    for first in range(0, len(rows), LEGS_A_STATEMENT):
        session.execute(insert(RoadLeg).on_conflict_do_nothing(), rows[first : first + LEGS_A_STATEMENT])


def save_plan(
    session: Session,
    *,
    plan_id: UUID,
    solution: Solution,
    order_revisions: Mapping[str, int],
    matrix_source: MatrixSource,
    stamp: Stamp,
) -> Plan:
    """Keep what the solver answered.

    Raises:
        PlanOvertaken: an order that was read has changed meanwhile, or the plan is no longer waiting.
    """
    plan = queries.plan(session, plan_id=plan_id, lock=True)
    if plan.state is not PlanState.REQUESTED:
        raise _overtaken("Ce plan n’attend plus de réponse.", "This plan no longer waits for an answer.")
    require_unchanged(session, order_revisions)
    plan.state = PlanState.SOLVED
    plan.progress = 100
    plan.solution = solution.as_json()
    plan.order_revisions = dict(order_revisions)
    plan.matrix_source = matrix_source
    plan.finished_at = stamp.at
    facts.record(session, events.PLAN_SOLVED, plan.id, stamp)
    return plan


def fail_plan(session: Session, *, plan_id: UUID, problem: Problem, stamp: Stamp) -> Plan:
    """Note why a plan could not be made, for the dispatcher to read."""
    plan = queries.plan(session, plan_id=plan_id, lock=True)
    if plan.state is PlanState.REQUESTED:
        plan.state = PlanState.FAILED
        plan.problem_fr, plan.problem_en = problem.detail.fr, problem.detail.en
        plan.finished_at = stamp.at
        facts.record(session, events.PLAN_FAILED, plan.id, stamp)
    return plan


def require_unchanged(session: Session, order_revisions: Mapping[str, int]) -> None:
    """Refuse to go on when an order is no longer as it was read: accepted, and at the same revision.

    Raises:
        PlanOvertaken: says how many changed.
    """
    wanted = {UUID(order_id): revision for order_id, revision in order_revisions.items()}
    rows = session.execute(
        select(Order.id, Order.revision, Order.state).where(
            Order.id.in_(wanted), Order.carrier_id == acting_org(session)
        )
    )
    same = {row.id for row in rows if row.revision == wanted[row.id] and row.state is OrderState.ACCEPTED}
    if changed := len(wanted) - len(same):
        raise _overtaken(
            f"Des commandes ont changé depuis la lecture\u00a0: {changed}. Demander un nouveau plan.",
            f"Orders changed since they were read: {changed}. Ask for a new plan.",
        )


def _overtaken(fr: str, en: str) -> PlanOvertaken:
    return PlanOvertaken(Text(fr, en))
