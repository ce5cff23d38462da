"""Many orders' papers at once: asked for from the filtered list, gathered by a job, fetched when ready (R060, R061)."""

from __future__ import annotations

from uuid import UUID

from flask import Response, redirect, render_template, url_for
from werkzeug.wrappers import Response as Redirect

from server.core import clock
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.dashboard.pages.blueprint import day_in, pages, zone_here
from server.dashboard.pages.orders import narrowed_here
from server.dashboard.queries.orders import listed_ids
from server.documents.access import kinds_for
from server.documents.archives import service
from server.documents.archives.api import archive_response
from server.identity.permissions import Permission


@pages.get("/commandes/archives")
@requires(Permission.PROOF_EXPORT)
def paper_archives() -> str:
    """List the archives that the organisation asked for."""
    with transaction(actor().org_id) as session:
        found = service.archives(session)
        return render_template("dashboard/archives.html", found=found, now=clock.now(), zone=zone_here(session))


@pages.post("/commandes/archives")
@requires(Permission.PROOF_EXPORT)
def ask_papers() -> Redirect:
    """Ask for the latest paper of every order that the list shows."""
    with transaction(actor().org_id) as session:
        today = day_in(zone_here(session))
        chosen = listed_ids(session, narrowed=narrowed_here(), today=today, most=service.MAX_ORDERS)
        made = service.ask_archive(
            session, order_ids=chosen, kinds=kinds_for(actor()), by_name=actor().display_name, stamp=stamp()
        )
    return redirect(url_for("dashboard.paper_archives", _anchor=f"archive-{made.id}"), code=303)


@pages.get("/commandes/archives/<uuid:archive_id>")
@requires(Permission.PROOF_EXPORT)
def paper_archive(archive_id: UUID) -> str:
    """Show how far one archive is, as a row of the list."""
    with transaction(actor().org_id) as session:
        one = service.archive_named(session, archive_id)
        return render_template("dashboard/archive_row.html", one=one, now=clock.now(), zone=zone_here(session))


@pages.get("/commandes/archives/<uuid:archive_id>/documents.zip")
@requires(Permission.PROOF_EXPORT)
def fetch_papers(archive_id: UUID) -> Response:
    """Send a ready archive."""
    return archive_response(archive_id)
