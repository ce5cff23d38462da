"""The queue of the day board, where tablets' parked events stand beside everything else that waits."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, render_template, request

from server.core import clock
from server.core.problems import BadRequest, Text
from server.core.transaction import transaction
from server.core.web import actor, requires
from server.identity.permissions import Permission
from server.parties import queries as parties
from server.sync.board import queue

pages = Blueprint("sync_pages", __name__, template_folder="templates")


@pages.get("/tableau/a-voir")
@requires(Permission.RUN_CLOSE)
def to_look_at() -> str:
    """Show what waits for a person, most money at risk first."""
    now = clock.now()
    with transaction(actor().org_id) as session:
        zone = parties.zone_of(session, org_id=actor().org_id)
        waiting = queue(session, day=_day(now.astimezone(zone).date()), now=now)
        return render_template("sync/queue.html", waiting=waiting, zone=zone)


def _day(today: date) -> date:
    raw = request.args.get("jour", "")
    try:
        return date.fromisoformat(raw) if raw else today
    except ValueError as error:
        raise BadRequest(
            Text("Ce jour ne se lit pas. Écrivez-le AAAA-MM-JJ.", "This day cannot be read. Write it YYYY-MM-DD."),
            where="jour",
        ) from error
