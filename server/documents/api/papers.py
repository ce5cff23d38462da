"""Papers over JSON, and their bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import Response
from flask_smorest import Blueprint

from server.core.blobs import blob_store
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.core.web.byte_doors import carries_bytes
from server.core.web.files import send_file
from server.core.web.paging import page
from server.delivery.api.callers import reader
from server.delivery.sharing.model import AccessWay
from server.documents import queries
from server.documents.access import kinds_for, may_open, ridden_for
from server.documents.archives.api import paper_archives
from server.documents.filing.api import order_files
from server.documents.model import Document
from server.documents.schemas import DocumentQuerySchema, DocumentSchema
from server.documents.service.noting import note_paper
from server.identity.permissions import Permission

__all__ = ["blp", "order_files", "paper_archives"]

blp = Blueprint("documents_api", __name__, url_prefix="/documents", description="Papers of orders and runs")


@blp.route("", methods=["GET"])
@requires(Permission.ORDER_READ, Permission.INVOICE_READ, Permission.RUN_DOCUMENTS, Permission.PROOF_READ)
@blp.arguments(DocumentQuerySchema, location="query")
@blp.response(200, DocumentSchema(many=True))
def list_documents(asked: dict[str, Any]) -> Sequence[Document]:
    """List papers that one may read"""
    who = actor()
    query = queries.all_documents(
        kinds=kinds_for(who), order_id=asked.get("order_id"), run_id=asked.get("run_id"), ridden=ridden_for(who)
    )
    with transaction(who.org_id) as session:
        return page(session, query, Document.id, asked)


@blp.route("/<uuid:document_id>/file", methods=["GET"])
@requires(Permission.ORDER_READ, Permission.INVOICE_READ, Permission.RUN_DOCUMENTS, Permission.PROOF_READ)
@blp.response(200)
@carries_bytes(gives=("application/pdf",))
def document_file(document_id: UUID) -> Response:
    """Download a paper"""
    who = actor()
    with transaction(who.org_id) as session:
        found = queries.document(session, document_id=document_id, ridden=ridden_for(who))
        if not may_open(who, found.kind):
            raise queries.missing(document_id)
        note_paper(session, found, way=AccessWay.API, reader=reader(), stamp=stamp())
    payload = blob_store().get(found.owner_id, found.sha256)
    return send_file(payload, media_type=found.media_type, name=found.name, sha256=found.sha256)
