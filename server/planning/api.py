"""Plans, runs, vehicles and cycles over JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from flask_smorest import Blueprint

from server.core.problems import NotFound, Text
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.identity import queries as people
from server.identity.model import Role
from server.identity.permissions import Permission
from server.planning import queries, schemas, service
from server.planning.model import DeliveryCycle, Plan, Run, Vehicle

plans = Blueprint("plans", __name__, url_prefix="/plans", description="Plans: asked for, solved by a job, adopted")
runs = Blueprint("runs", __name__, url_prefix="/runs", description="Runs: stops, drivers, steps")
fleet = Blueprint("fleet", __name__, description="Vehicles and delivery cycles")


@plans.route("", methods=["POST"])
@requires(Permission.RUN_PLAN)
@plans.arguments(schemas.PlanRequestSchema)
@plans.response(202, schemas.PlanSchema)
def request_plan(asked: dict[str, Any]) -> Plan:
    """Ask for a day's plan; a job solves it"""
    with transaction(actor().org_id) as session:
        return service.request_plan(session, stamp=stamp(), **asked)


@plans.route("", methods=["GET"])
@requires(Permission.RUN_PLAN)
@plans.arguments(schemas.DayQuery, location="query")
@plans.response(200, schemas.PlanSchema(many=True))
def list_plans(asked: dict[str, Any]) -> Sequence[Plan]:
    """List a day's plans, newest first"""
    with transaction(actor().org_id) as session:
        return queries.plans_of_day(session, runs_on=asked["runs_on"])


@plans.route("/<uuid:plan_id>", methods=["GET"])
@requires(Permission.RUN_PLAN)
@plans.response(200, schemas.PlanSchema)
def read_plan(plan_id: UUID) -> Plan:
    """Read a plan and how far it is"""
    with transaction(actor().org_id) as session:
        return queries.plan(session, plan_id=plan_id)


@plans.route("/<uuid:plan_id>/adopt", methods=["POST"])
@requires(Permission.RUN_PLAN)
@plans.response(201, schemas.RunSchema(many=True))
def adopt_plan(plan_id: UUID) -> Sequence[Run]:
    """Make draft runs of a solved plan"""
    with transaction(actor().org_id) as session:
        return service.adopt_plan(session, plan_id=plan_id, stamp=stamp())


@runs.route("", methods=["GET"])
@requires(Permission.RUN_READ)
@runs.arguments(schemas.DayQuery, location="query")
@runs.response(200, schemas.RunSchema(many=True))
def list_runs(asked: dict[str, Any]) -> Sequence[Run]:
    """List a day's runs; a driver sees its own"""
    with transaction(actor().org_id) as session:
        found = queries.runs_of_day(session, runs_on=asked["runs_on"])
        return [run for run in found if _may_see(run)]


@runs.route("/<uuid:run_id>", methods=["GET"])
@requires(Permission.RUN_READ)
@runs.response(200, schemas.RunSchema)
def read_run(run_id: UUID) -> Run:
    """Read a run with its stops"""
    with transaction(actor().org_id) as session:
        run = queries.run(session, run_id=run_id)
        if not _may_see(run):
            raise NotFound(Text("Cette tournée n’existe pas.", "There is no such run."), where=str(run_id))
        return run


@runs.route("/<uuid:run_id>/driver", methods=["PUT"])
@requires(Permission.RUN_PLAN)
@runs.arguments(schemas.DriverSchema)
@runs.response(200, schemas.RunSchema)
def assign_driver(asked: dict[str, Any], run_id: UUID) -> Run:
    """Give a run to one of the carrier's drivers"""
    with transaction(actor().org_id) as session:
        driver = people.driver(session, asked["driver_id"])
        return service.assign_driver(
            session, run_id=run_id, driver_id=driver.user_id, driver_name=driver.display_name, stamp=stamp()
        )


@runs.route("/<uuid:run_id>/prepare", methods=["POST"])
@requires(Permission.RUN_PLAN)
@runs.response(200, schemas.RunSchema)
def prepare_run(run_id: UUID) -> Run:
    """Freeze the order of a draft run's stops"""
    return _step(run_id, service.prepare_run)


@runs.route("/<uuid:run_id>/load", methods=["POST"])
@requires(Permission.RUN_PLAN)
@runs.response(200, schemas.RunSchema)
def load_run(run_id: UUID) -> Run:
    """Begin to load a documented run"""
    return _step(run_id, service.load_run)


@runs.route("/<uuid:run_id>/ready", methods=["POST"])
@requires(Permission.RUN_PLAN)
@runs.response(200, schemas.RunSchema)
def ready_run(run_id: UUID) -> Run:
    """Say that a loaded run may leave"""
    return _step(run_id, service.ready_run)


@runs.route("/<uuid:run_id>/stops/<uuid:stop_id>/position", methods=["PUT"])
@requires(Permission.RUN_PLAN)
@runs.arguments(schemas.PositionSchema)
@runs.response(200, schemas.RecostedSchema)
def move_stop(asked: dict[str, Any], run_id: UUID, stop_id: UUID) -> service.Recosted:
    """Put a stop at another place of its run; the run is timed and checked again"""
    with transaction(actor().org_id) as session:
        return service.move_stop(session, run_id=run_id, stop_id=stop_id, position=asked["position"], stamp=stamp())


@fleet.route("/vehicles", methods=["GET"])
@requires(Permission.RUN_PLAN)
@fleet.response(200, schemas.VehicleSchema(many=True))
def list_vehicles() -> Sequence[Vehicle]:
    """List the carrier's vehicles"""
    with transaction(actor().org_id) as session:
        return queries.vehicles(session)


@fleet.route("/vehicles", methods=["POST"])
@requires(Permission.RUN_PLAN)
@fleet.arguments(schemas.VehicleSchema)
@fleet.response(201, schemas.VehicleSchema)
def create_vehicle(asked: dict[str, Any]) -> Vehicle:
    """Add a vehicle at one of the carrier's depots"""
    with transaction(actor().org_id) as session:
        return service.create_vehicle(session, stamp=stamp(), **asked)


@fleet.route("/cycles", methods=["GET"])
@requires(Permission.RUN_PLAN)
@fleet.response(200, schemas.CycleSchema(many=True))
def list_cycles() -> Sequence[DeliveryCycle]:
    """List the carrier's delivery cycles"""
    with transaction(actor().org_id) as session:
        return queries.cycles(session)


@fleet.route("/cycles", methods=["POST"])
@requires(Permission.RUN_PLAN)
@fleet.arguments(schemas.CycleSchema)
@fleet.response(201, schemas.CycleSchema)
def set_cycle(asked: dict[str, Any]) -> DeliveryCycle:
    """Add a delivery cycle"""
    with transaction(actor().org_id) as session:
        return service.set_cycle(session, stamp=stamp(), **asked)


@fleet.route("/cycles/<uuid:cycle_id>", methods=["DELETE"])
@requires(Permission.RUN_PLAN)
@fleet.response(204)
def drop_cycle(cycle_id: UUID) -> None:
    """End a delivery cycle; orders that have their day keep it"""
    with transaction(actor().org_id) as session:
        service.drop_cycle(session, cycle_id=cycle_id, stamp=stamp())


def _step(run_id: UUID, verb: Callable[..., Run]) -> Run:
    with transaction(actor().org_id) as session:
        return verb(session, run_id=run_id, stamp=stamp())


def _may_see(run: Run) -> bool:
    return not actor().only(Role.DRIVER, permission=Permission.RUN_READ) or run.driver_id == actor().user_id
