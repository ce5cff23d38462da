"""Archives of proofs on pages: asked for from a search, with progress, fetched until they expire."""

from __future__ import annotations

from uuid import UUID

from flask import redirect, render_template, url_for
from werkzeug.wrappers import Response

from server.core import clock
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.dashboard.pages.blueprint import pages, zone_here
from server.dashboard.pages.proofs import narrowed_here
from server.delivery.api.archives import archive_response
from server.delivery.sharing import exports as service
from server.delivery.sharing.model import AccessWay
from server.identity.permissions import Permission


@pages.get("/preuves/exports")
@requires(Permission.PROOF_EXPORT)
def proof_exports() -> str:
    """List the organisation's archives."""
    with transaction(actor().org_id) as session:
        return render_template(
            "dashboard/exports.html",
            found=service.exports(session),
            now=clock.now(),
            zone=zone_here(session),
        )


@pages.post("/preuves/exports")
@requires(Permission.PROOF_EXPORT)
def ask_export() -> Response:
    """Ask for an archive of what the list shows."""
    with transaction(actor().org_id) as session:
        made = service.ask_export(session, narrowed=narrowed_here(), by_name=actor().display_name, stamp=stamp())
    return redirect(url_for("dashboard.proof_exports", _anchor=f"export-{made.id}"), code=303)


@pages.get("/preuves/exports/<uuid:export_id>")
@requires(Permission.PROOF_EXPORT)
def proof_export(export_id: UUID) -> str:
    """Show how far one archive is, as a row of the list."""
    with transaction(actor().org_id) as session:
        return render_template(
            "dashboard/export_row.html",
            one=service.export_named(session, export_id),
            now=clock.now(),
            zone=zone_here(session),
        )


@pages.get("/preuves/exports/<uuid:export_id>/archive.zip")
@requires(Permission.PROOF_EXPORT)
def fetch_export(export_id: UUID) -> Response:
    """Send a ready archive."""
    return archive_response(export_id, way=AccessWay.ZIP)
