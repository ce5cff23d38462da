"""The queue of the day board, tablets' streams and their forks, and the end of a run."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from server.core import clock
from server.core.problems import BadRequest, Text
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.identity.permissions import Permission
from server.parties import queries as parties
from server.planning import queries as planning
from server.sync.board import queue
from server.sync.schemas import LEAST_REASON, MOST_REASON
from server.sync.service import closing, standing
from server.sync.service.strays import retire_stream

pages = Blueprint("sync_pages", __name__, template_folder="../templates")


@pages.get("/tableau/a-voir")
@requires(Permission.RUN_CLOSE)
def to_look_at() -> str:
    """Show what waits for a person, most money at risk first."""
    now = clock.now()
    with transaction(actor().org_id) as session:
        zone = parties.zone_of(session, org_id=actor().org_id)
        waiting = queue(session, day=_day(now.astimezone(zone).date()), now=now)
        return render_template("sync/queue.html", waiting=waiting, zone=zone)


@pages.get("/tablettes/<uuid:device_id>")
@requires(Permission.DEVICE_ADMINISTER)
def tablet(device_id: UUID) -> str:
    """Show one tablet's stream: how far both sides are, and what to do about a fork."""
    with transaction(actor().org_id) as session:
        zone = parties.zone_of(session, org_id=actor().org_id)
        strays = standing.strays_of(session, device_id)
        return render_template(
            "sync/tablet.html",
            one=standing.standing_of(session, device_id),
            strays=strays,
            events=standing.stray_events(session, strays),
            zone=zone,
            least=LEAST_REASON,
            most=MOST_REASON,
        )


@pages.post("/tablettes/<uuid:device_id>/garder-la-suite-du-bureau")
@requires(Permission.DEVICE_ADMINISTER)
def retire(device_id: UUID) -> Response:
    """Keep the office's branch of a forked tablet."""
    with transaction(actor().org_id) as session:
        standing.standing_of(session, device_id)
        retire_stream(session, device_id, note=_words("note"), stamp=stamp())
    return redirect(f"/tablettes/{device_id}", code=303)


@pages.get("/tournees/<uuid:run_id>/tablettes")
@requires(Permission.RUN_CLOSE)
def run_tablets(run_id: UUID) -> str:
    """Show whether everything of a run is at the office, tablet by tablet."""
    with transaction(actor().org_id) as session:
        run = planning.run(session, run_id=run_id)
        return render_template(
            "sync/run_tablets.html",
            run=run,
            seen=closing.wholeness(session, run),
            zone=parties.zone_of(session, org_id=actor().org_id),
            least=LEAST_REASON,
            most=MOST_REASON,
        )


@pages.post("/tournees/<uuid:run_id>/regler")
@requires(Permission.RUN_CLOSE)
def settle(run_id: UUID) -> Response:
    """Say that cash and differences are dealt with."""
    with transaction(actor().org_id) as session:
        closing.settle_run(session, run_id=run_id, stamp=stamp())
    return redirect(f"/tournees/{run_id}", code=303)


@pages.post("/tournees/<uuid:run_id>/fermer")
@requires(Permission.RUN_CLOSE)
def close(run_id: UUID) -> Response:
    """Close a settled run."""
    with transaction(actor().org_id) as session:
        closing.close_run(session, run_id=run_id, stamp=stamp())
    return redirect(f"/tournees/{run_id}", code=303)


@pages.post("/tournees/<uuid:run_id>/sans-attendre")
@requires(Permission.RUN_WAIVE)
def waive(run_id: UUID) -> Response:
    """Write that a run does not wait for a lost tablet."""
    with transaction(actor().org_id) as session:
        closing.waive_run(session, run_id=run_id, reason=_words("reason"), by=actor().user_id, stamp=stamp())
    return redirect(f"/tournees/{run_id}/tablettes", code=303)


def _words(name: str) -> str:
    words = request.form.get(name, "").strip()
    if not LEAST_REASON <= len(words) <= MOST_REASON or "\x00" in words:
        raise BadRequest(
            Text(
                f"Écrivez pourquoi, en {LEAST_REASON} à {MOST_REASON} caractères.",
                f"Write why, in {LEAST_REASON} to {MOST_REASON} characters.",
            ),
            where=name,
        )
    return words


def _day(today: date) -> date:
    raw = request.args.get("jour", "")
    try:
        return date.fromisoformat(raw) if raw else today
    except ValueError as error:
        raise BadRequest(
            Text("Ce jour ne se lit pas. Écrivez-le AAAA-MM-JJ.", "This day cannot be read. Write it YYYY-MM-DD."),
            where="jour",
        ) from error
