"""Papers as files, to whoever the paper is for."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, request

from server.core.blobs import blob_store
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.delivery.api.callers import reader
from server.delivery.sharing.model import AccessWay
from server.documents import queries
from server.documents.access import driver_of, may_open
from server.documents.model import Document
from server.documents.service.noting import note_paper
from server.identity.permissions import Permission

pages = Blueprint("documents", __name__)


@pages.get("/documents/<uuid:document_id>")
@requires(Permission.ORDER_READ, Permission.INVOICE_READ, Permission.RUN_DOCUMENTS, Permission.PROOF_READ)
def send(document_id: UUID) -> Response:
    """Send one paper: PDF to look at, or as a file when asked; everything else as a file."""
    who = actor()
    with transaction(who.org_id) as session:
        paper = queries.document(session, document_id=document_id, driver_id=driver_of(who))
        if not may_open(who, paper.kind):
            raise queries.missing(document_id)
        note_paper(session, paper, way=AccessWay.PAGE, reader=reader(), stamp=stamp())
    payload = blob_store().get(paper.owner_id, paper.sha256)
    return _file(paper, payload)


def _file(paper: Document, payload: bytes) -> Response:
    as_file = "telecharger" in request.args or paper.media_type != "application/pdf"
    response = Response(payload, mimetype=paper.media_type)
    response.headers.set("Content-Disposition", "attachment" if as_file else "inline", filename=paper.name)
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    response.headers["Cache-Control"] = "private, no-cache"
    response.set_etag(paper.sha256)
    response.make_conditional(request)
    return response
