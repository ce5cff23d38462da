"""The day board, and the road tiles under its map."""

from __future__ import annotations

from flask import Response, render_template, send_file

from server.core.problems import NotFound, Text
from server.core.transaction import transaction
from server.core.web import actor, requires
from server.core.web.tiles import tiles_path
from server.dashboard.maps import map_of_day
from server.dashboard.pages.blueprint import asked_day, pages, today_in, zone_here
from server.dashboard.pages.runs import around
from server.dashboard.queries import board as queries
from server.dashboard.queries.orders import working_day
from server.dashboard.queries.people import credits_to_approve
from server.identity.permissions import Permission


@pages.get("/tableau")
@requires(Permission.RUN_CLOSE)
def board() -> str:
    """Show the day: runs planned against actual, and what waits for a person, most money at risk first."""
    with transaction(actor().org_id) as session:
        zone = zone_here(session)
        day = asked_day() or working_day(session, today=today_in(zone))
        seen = queries.board(session, day=day)
        return render_template(
            "dashboard/board.html",
            seen=seen,
            to_approve=credits_to_approve(session),
            zone=zone,
            drawing=map_of_day(seen, zone),
            late_s=queries.LATE_S,
            **around(day),
        )


@pages.get("/carte/routes.pmtiles")
@requires(Permission.RUN_READ, Permission.PARTY_EDIT)
def tiles() -> Response:
    """Send the part of the road tiles that the map asks for.

    Raises:
        NotFound: no road network was built here.
    """
    path = tiles_path()
    if path is None:
        raise NotFound(Text("Aucun réseau routier n’est construit.", "No road network was built."))
    response = send_file(path, mimetype="application/octet-stream", conditional=True, max_age=3600)
    response.headers["Cache-Control"] = "private, max-age=3600"
    return response
