"""The dispatcher’s morning: plan, adopt, assign, prepare, download the papers, load; each step resumes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.billing.model import Invoice
from server.core.problems import Problem, Text
from server.core.transaction import transaction
from server.documents.model import Document
from server.example.cast import CARRIER_ID, DRIVERS, RUN_DAY
from server.example.stamping import stamp
from server.fulfilment.service.documents import prepare_documents
from server.identity.queries import drivers
from server.planning import queries, service
from server.planning.model import Plan, PlanState, Run
from server.planning.solution import read_solution
from shared.states import RunState

PLAN_ITERATIONS: Final = 3_000
"""What the solver does in about seven seconds of one core; counted, so that every machine plans the same day."""
LONGEST_PLAN_S: Final = 600
"""Where even a slow machine stops searching; a plan that ends here is that machine's own."""
PLAN_SEED: Final = 2026
BEFORE_DOCUMENTS: Final = (RunState.DRAFT, RunState.PREPARED)
BEFORE_LEAVING: Final = (*BEFORE_DOCUMENTS, RunState.DOCUMENTED, RunState.LOADING)


class DayNotPlanned(Problem):
    """The solver left somebody out, or found no plan."""

    slug = "example-day-not-planned"
    status = 500
    title = Text("Journée non planifiée", "Day not planned")


class DownloadChanged(Problem):
    """A second download of a run's papers made something."""

    slug = "example-download-changed"
    status = 500
    title = Text("Le second téléchargement a changé quelque chose", "The second download changed something")


@dataclass(frozen=True, slots=True)
class DayRun:
    """A run of the day as the example follows it."""

    id: UUID
    name: str
    state: RunState


def runs_of(day: date = RUN_DAY) -> tuple[DayRun, ...]:
    """Return the runs of the day by name, as they stand."""
    with transaction(acting=CARRIER_ID) as session:
        return tuple(DayRun(run.id, run.name, run.state) for run in queries.runs_of_day(session, runs_on=day))


def request_plan() -> None:
    """Ask for the day's plan unless there is one, or its runs."""
    with transaction(acting=CARRIER_ID) as session:
        if queries.runs_of_day(session, runs_on=RUN_DAY) or _live_plan(session):
            return
        service.request_plan(
            session,
            runs_on=RUN_DAY,
            seconds=LONGEST_PLAN_S,
            iterations=PLAN_ITERATIONS,
            seed=PLAN_SEED,
            stamp=stamp(),
        )


def adopt_plan() -> None:
    """Turn the solved plan into runs with their drivers.

    Raises:
        DayNotPlanned: there is no solved plan, or an order found no truck.
    """
    with transaction(acting=CARRIER_ID) as session:
        if queries.runs_of_day(session, runs_on=RUN_DAY):
            return
        plan = _live_plan(session)
        if plan is None or plan.state is not PlanState.SOLVED:
            reason = plan.problem_fr if plan else ""
            raise DayNotPlanned(Text(f"Aucun plan résolu. {reason}", f"No solved plan. {reason}"), where=str(RUN_DAY))
        _require_everybody(plan)
        members = {member.display_name: member for member in drivers(session)}
        runs = service.adopt_plan(session, plan_id=plan.id, stamp=stamp())
        for run, driver in zip(runs, DRIVERS, strict=True):
            member = members[driver.name]
            service.assign_driver(
                session, run_id=run.id, driver_id=member.user_id, driver_name=driver.name, stamp=stamp()
            )


def prepare(run_id: UUID) -> None:
    """Freeze the order of a run's stops and download its papers, which makes the missing invoices (R014)."""
    if _state(run_id) is RunState.DRAFT:
        with transaction(acting=CARRIER_ID) as session:
            service.prepare_run(session, run_id=run_id, stamp=stamp())
    if _state(run_id) is RunState.PREPARED:
        with transaction(acting=CARRIER_ID) as session:
            prepare_documents(session, run_id, stamp=stamp())


def download_again(run_id: UUID) -> None:
    """Download a run's papers a second time, which changes nothing.

    Raises:
        DownloadChanged: an invoice or a document more than before.
    """
    before = _made()
    with transaction(acting=CARRIER_ID) as session:
        prepared = prepare_documents(session, run_id, stamp=stamp())
    if prepared.published or prepared.provisional or _made() != before:
        raise DownloadChanged(Text("Signalez ce défaut.", "Please report this defect."), where=str(prepared.run.name))


def load(run_id: UUID) -> None:
    """Load a documented run and declare it ready to leave."""
    if _state(run_id) is RunState.DOCUMENTED:
        with transaction(acting=CARRIER_ID) as session:
            service.load_run(session, run_id=run_id, stamp=stamp())
    if _state(run_id) is RunState.LOADING:
        with transaction(acting=CARRIER_ID) as session:
            service.ready_run(session, run_id=run_id, stamp=stamp())


def _live_plan(session: Session) -> Plan | None:
    plans: Sequence[Plan] = queries.plans_of_day(session, runs_on=RUN_DAY)
    return next((plan for plan in plans if plan.state in {PlanState.REQUESTED, PlanState.SOLVED}), None)


def _require_everybody(plan: Plan) -> None:
    solution = read_solution(plan.solution)
    if solution.left_out or len(solution.runs) != len(DRIVERS):
        raise DayNotPlanned(
            Text(
                f"{len(solution.runs)} tournées, {len(solution.left_out)} lieux sans camion. Relancez la commande.",
                f"{len(solution.runs)} runs, {len(solution.left_out)} places without a truck. Run the command again.",
            ),
            where=str(RUN_DAY),
        )


def _made() -> tuple[int, ...]:
    with transaction(acting=CARRIER_ID) as session:
        return tuple(session.scalar(select(func.count()).select_from(one)) or 0 for one in (Invoice, Document))


def _state(run_id: UUID) -> RunState:
    with transaction(acting=CARRIER_ID) as session:
        return session.scalars(select(Run.state).where(Run.id == run_id)).one()
