"""Papers as files, to whoever the paper is for."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, request

from server.core.blobs import blob_store
from server.core.transaction import transaction
from server.core.web import actor, requires
from server.documents import queries
from server.documents.model import Document, DocumentKind
from server.identity.model import Role
from server.identity.permissions import Permission

pages = Blueprint("documents", __name__)
_P, _K = Permission, DocumentKind
NEEDS = {
    _K.PURCHASE_ORDER: _P.ORDER_READ,
    _K.DELIVERY_SLIP: _P.ORDER_READ,
    _K.VARIANCE_NOTICE: _P.ORDER_READ,
    _K.INVOICE: _P.INVOICE_READ,
    _K.PROVISIONAL_INVOICE: _P.INVOICE_READ,
    _K.CREDIT_NOTE: _P.INVOICE_READ,
    _K.RUN_SHEET: _P.RUN_DOCUMENTS,
    _K.LOAD_LIST: _P.RUN_DOCUMENTS,
    _K.RUN_PACKET: _P.RUN_DOCUMENTS,
    _K.PROOF_PDF: _P.PROOF_READ,
    _K.PROOF_FILE: _P.PROOF_READ,
}
"""Which permission opens a paper of each kind; the row's readers are another fence."""


@pages.get("/documents/<uuid:document_id>")
@requires(Permission.ORDER_READ, Permission.INVOICE_READ, Permission.RUN_DOCUMENTS, Permission.PROOF_READ)
def send(document_id: UUID) -> Response:
    """Send one paper: PDF to look at, or as a file when asked; everything else as a file."""
    who = actor()
    with transaction(who.org_id) as session:
        driver_id = who.user_id if who.role is Role.DRIVER else None
        paper = queries.document(session, document_id=document_id, driver_id=driver_id)
    if not who.may(NEEDS[paper.kind]):
        raise queries.missing(document_id)
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
