"""Paper proofs on pages: taken in from a phone or a scanner, and matched."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from flask import Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Redirect

from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.dashboard.pages.blueprint import pages, zone_here
from server.delivery.api.callers import reader
from server.delivery.api.papers import paper_response, take_paper
from server.delivery.papers import service
from server.delivery.sharing.model import AccessPart, AccessWay
from server.delivery.sharing.noting import note_access
from server.delivery.sharing.queries import accesses, entry_of
from server.identity.permissions import Permission
from server.orders import queries as orders

MAX_FILES: Final = 10


@pages.get("/preuves/papier")
@requires(Permission.PROOF_UPLOAD)
def paper_proofs() -> str:
    """Show the papers that wait to be matched, those that were, and the form."""
    with transaction(actor().org_id) as session:
        matched = service.papers(session, matched=True)[:50]
        return render_template(
            "dashboard/paper_proofs.html",
            waiting=service.papers(session, matched=False),
            matched=matched,
            billing=orders.billing_types(session, order_ids={one.order_id for one in matched if one.order_id}),
            zone=zone_here(session),
        )


@pages.post("/preuves/papier")
@requires(Permission.PROOF_UPLOAD)
def upload_papers() -> Redirect:
    """Take pictures in."""
    for file in request.files.getlist("papiers")[:MAX_FILES]:
        if file.filename:
            take_paper(name=file.filename, payload=file.read())
    return redirect(url_for("dashboard.paper_proofs"), code=303)


@pages.post("/preuves/papier/<uuid:paper_id>/associer")
@requires(Permission.PROOF_UPLOAD)
def match_paper(paper_id: UUID) -> Redirect:
    """Match a paper by the number of its order."""
    number = request.form.get("number", "").replace("\x00", "").strip()[:40]
    with transaction(actor().org_id) as session:
        service.match_by_hand(session, paper_id=paper_id, number=number, stamp=stamp())
    return redirect(url_for("dashboard.paper_proofs"), code=303)


@pages.get("/preuves/papier/<uuid:paper_id>/image")
@requires(Permission.PROOF_READ)
def paper_picture(paper_id: UUID) -> Response:
    """Send a paper's picture."""
    return paper_response(paper_id, way=AccessWay.PAGE)


@pages.get("/preuves/papier/<uuid:paper_id>")
@requires(Permission.PROOF_READ)
def paper_proof(paper_id: UUID) -> str:
    """Show one paper: the picture, the order that it is about, and for its owner who had it."""
    with transaction(actor().org_id) as session:
        found = service.paper(session, paper_id)
        note_access(
            session, owner_id=found.owner_id, proof_ids=[found.id], reader=reader(), way=AccessWay.PAGE,
            part=AccessPart.CONTENTS, stamp=stamp(),
        )  # fmt: skip
        return render_template(
            "dashboard/paper_proof.html",
            paper=found,
            billing=orders.billing_types(session, order_ids=[found.order_id] if found.order_id else []),
            entry=entry_of(session, found.id),
            accesses=accesses(session, found.id),
            is_owner=found.owner_id == actor().org_id,
            zone=zone_here(session),
        )
