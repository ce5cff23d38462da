"""Runs: the day's list, and one run with its map, stops and papers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import render_template

from server.core.transaction import transaction
from server.core.web import actor, requires
from server.dashboard.maps import map_of_run
from server.dashboard.pages.blueprint import asked_day, driver_only, pages, today_in, zone_here
from server.dashboard.queries import runs as queries
from server.dashboard.queries.orders import working_day
from server.identity.permissions import Permission


@pages.get("/tournees")
@requires(Permission.RUN_READ)
def runs() -> str:
    """List the runs of a day, by default the next one with work."""
    with transaction(actor().org_id) as session:
        zone = zone_here(session)
        day = asked_day() or working_day(session, today=today_in(zone))
        rows = queries.list_runs(session, day=day, driver_id=driver_only())
        return render_template("dashboard/runs.html", rows=rows, zone=zone, **around(day))


@pages.get("/tournees/<uuid:run_id>")
@requires(Permission.RUN_READ)
def run(run_id: UUID) -> str:
    """Show one run: its way on a map, its stops with planned times and orders, its papers and next steps."""
    with transaction(actor().org_id) as session:
        zone = zone_here(session)
        whole = queries.run_whole(session, run_id=run_id, driver_id=driver_only())
        drawing = map_of_run(whole, zone)
        return render_template("dashboard/run.html", whole=whole, zone=zone, drawing=drawing, **states_of(whole))


@pages.get("/tournees/<uuid:run_id>/documents")
@requires(Permission.RUN_DOCUMENTS)
def run_documents(run_id: UUID) -> str:
    """Show the run's papers, or how far they are; the page asks again until all lie ready."""
    with transaction(actor().org_id) as session:
        whole = queries.run_whole(session, run_id=run_id, driver_id=driver_only())
        return render_template("dashboard/run_papers.html", whole=whole)


def around(day: Any) -> dict[str, Any]:
    """Return a day with the ones before and after, as lists of a day show them."""
    return {"day": day, "before": day - timedelta(days=1), "after": day + timedelta(days=1)}


def states_of(whole: queries.RunWhole) -> dict[str, Any]:
    """Return the steps of a run until it leaves, and how many it has taken."""
    steps = queries.BEFORE_LEAVING
    state = whole.row.run.state
    return {"steps": steps, "taken": steps.index(state) if state in steps else len(steps)}
