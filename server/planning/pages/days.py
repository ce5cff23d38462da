"""Planning a day: ask for a plan, watch it, adopt it, then take its runs from draft to ready."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from server.core import clock
from server.core.problems import BadRequest, Text
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.core.web.forms import form_id
from server.identity import queries as identity
from server.identity.permissions import Permission
from server.parties import queries as parties
from server.planning import queries, service
from server.planning.overview import overview, plan_view
from shared.ids import new_id

pages = Blueprint("planning", __name__, template_folder="../templates")
SECONDS: Final = (2, 5, 10, 30)
SEED: Final = 7


@pages.get("/planification")
@requires(Permission.RUN_PLAN)
def planning() -> str:
    """Show what waits for a run on a day, the trucks that are free, and the day's plans."""
    with transaction(actor().org_id) as session:
        zone = parties.zone_of(session, org_id=actor().org_id)
        tomorrow = clock.now().astimezone(zone).date() + timedelta(days=1)
        day = _day(request.args.get("jour", "")) or queries.next_day_to_plan(session, after=tomorrow)
        seen = overview(session, day=day)
        return render_template(
            "planning/planning.html",
            seen=seen,
            zone=zone,
            day=day,
            before=day - timedelta(days=1),
            after=day + timedelta(days=1),
            seconds=SECONDS,
            key=new_id(),
        )


@pages.post("/planification")
@requires(Permission.RUN_PLAN)
def plan() -> Response:
    """Ask for a plan of the day; a job solves it, and the page shows how far it is."""
    day = _day(request.form.get("jour", ""))
    if day is None:
        raise _unreadable("jour")
    with transaction(actor().org_id) as session:
        asked = service.request_plan(
            session, runs_on=day, seconds=_number("seconds"), seed=SEED, key=form_id("key"), stamp=stamp()
        )
    return redirect(url_for("planning.planning", jour=day, plan=asked.id), code=303)


@pages.get("/plans/<uuid:plan_id>")
@requires(Permission.RUN_PLAN)
def show_plan(plan_id: UUID) -> str:
    """Show one plan: its progress while it is solved, then its runs, what is left out, and the way to adopt it."""
    with transaction(actor().org_id) as session:
        zone = parties.zone_of(session, org_id=actor().org_id)
        return render_template("planning/plan.html", view=plan_view(session, plan_id=plan_id), zone=zone)


@pages.post("/plans/<uuid:plan_id>/adopter")
@requires(Permission.RUN_PLAN)
def adopt(plan_id: UUID) -> Response:
    """Make draft runs of a solved plan."""
    with transaction(actor().org_id) as session:
        runs = service.adopt_plan(session, plan_id=plan_id, stamp=stamp())
        day = runs[0].runs_on if runs else queries.plan(session, plan_id=plan_id).runs_on
    return redirect(f"/tournees?jour={day}", code=303)


@pages.post("/tournees/<uuid:run_id>/livreur")
@requires(Permission.RUN_PLAN)
def assign(run_id: UUID) -> Response:
    """Give the run to a driver of the organisation."""
    with transaction(actor().org_id) as session:
        driver = identity.driver(session, _id("driver_id"))
        service.assign_driver(
            session, run_id=run_id, driver_id=driver.user_id, driver_name=driver.display_name, stamp=stamp()
        )
    return _back_to(run_id)


@pages.post("/tournees/<uuid:run_id>/preparer")
@requires(Permission.RUN_PLAN)
def prepare(run_id: UUID) -> Response:
    """Freeze the order of the stops."""
    with transaction(actor().org_id) as session:
        service.prepare_run(session, run_id=run_id, stamp=stamp())
    return _back_to(run_id)


@pages.post("/tournees/<uuid:run_id>/charger")
@requires(Permission.RUN_PLAN)
def load(run_id: UUID) -> Response:
    """Begin to load the truck."""
    with transaction(actor().org_id) as session:
        service.load_run(session, run_id=run_id, stamp=stamp())
    return _back_to(run_id)


@pages.post("/tournees/<uuid:run_id>/prete")
@requires(Permission.RUN_PLAN)
def ready(run_id: UUID) -> Response:
    """Say that the run may leave."""
    with transaction(actor().org_id) as session:
        service.ready_run(session, run_id=run_id, stamp=stamp())
    return _back_to(run_id)


@pages.post("/tournees/<uuid:run_id>/arrets/<uuid:stop_id>/deplacer")
@requires(Permission.RUN_PLAN)
def move(run_id: UUID, stop_id: UUID) -> Response:
    """Put a stop at another place of its run; the run is timed again at once."""
    with transaction(actor().org_id) as session:
        service.move_stop(session, run_id=run_id, stop_id=stop_id, position=_number("position"), stamp=stamp())
    return _back_to(run_id)


def _back_to(run_id: UUID) -> Response:
    return redirect(f"/tournees/{run_id}", code=303)


def _day(raw: str) -> date | None:
    try:
        return date.fromisoformat(raw) if raw else None
    except ValueError as error:
        raise _unreadable("jour") from error


def _number(name: str) -> int:
    raw = request.form.get(name, "")
    if not (raw.isascii() and raw.isdigit() and len(raw) < len("1000000")):
        raise _unreadable(name)
    return int(raw)


def _id(name: str) -> UUID:
    try:
        return UUID(request.form.get(name, ""))
    except ValueError as error:
        raise _unreadable(name) from error


def _unreadable(name: str) -> BadRequest:
    return BadRequest(
        Text("Le formulaire est incomplet. Rechargez la page.", "The form is incomplete. Reload the page."), where=name
    )
