"""Archives of papers over JSON: asked for by a filter of orders, watched, fetched (R060, R061)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from flask import Response
from flask_smorest import Blueprint
from marshmallow import fields

from server.core import clock
from server.core.blobs import blob_store
from server.core.problems import Forbidden, Text
from server.core.transaction import transaction
from server.core.web import Schema, actor, requires, stamp
from server.core.web.byte_doors import carries_bytes
from server.delivery.sharing.exports import zip_stream
from server.documents.access import kinds_for
from server.documents.archives import service
from server.documents.archives.model import ArchiveState, PaperArchive
from server.documents.archives.service import PaperManifest
from server.identity.permissions import Permission
from server.orders.listing import Today, filter_of, listed_ids
from server.orders.schemas import OrderQuery
from server.parties import queries as parties

paper_archives = Blueprint(
    "paper_archives", __name__, url_prefix="/orders/archives", description="Archives of orders' latest papers"
)


class PaperArchiveSchema(Schema):
    """An archive: how many orders it looks at, how many are done, how many had no paper."""

    id = fields.UUID(required=True)
    state = fields.Enum(ArchiveState, by_value=True, required=True)
    total = fields.Integer(required=True)
    done = fields.Integer(required=True)
    missing = fields.Integer(required=True)
    size_bytes = fields.Integer(required=True)
    asked_by_name = fields.String(required=True)
    asked_at = fields.AwareDateTime(required=True)
    ready_at = fields.AwareDateTime(required=True, allow_none=True)
    expires_at = fields.AwareDateTime(required=True)


@paper_archives.route("", methods=["GET"])
@requires(Permission.PROOF_EXPORT)
@paper_archives.response(200, PaperArchiveSchema(many=True))
def list_archives() -> Sequence[PaperArchive]:
    """List the organisation's archives, newest first"""
    with transaction(actor().org_id) as session:
        return service.archives(session)


@paper_archives.route("", methods=["POST"])
@requires(Permission.PROOF_EXPORT)
@paper_archives.arguments(OrderQuery, location="query")
@paper_archives.response(201, PaperArchiveSchema)
def ask(asked: dict[str, Any]) -> PaperArchive:
    """Ask for the latest paper, invoice else purchase order, of every order that the filter lets through"""
    who, now = actor(), stamp()
    with transaction(who.org_id) as session:
        today = Today.of(now.at, parties.zone_or_ours(session, org_id=who.org_id))
        chosen = listed_ids(session, chosen=filter_of(asked), today=today, most=service.MAX_ORDERS)
        return service.ask_archive(session, order_ids=chosen, kinds=kinds_for(who), by_name=who.display_name, stamp=now)


@paper_archives.route("/<uuid:archive_id>", methods=["GET"])
@requires(Permission.PROOF_EXPORT)
@paper_archives.response(200, PaperArchiveSchema)
def read(archive_id: UUID) -> PaperArchive:
    """Read how far an archive is"""
    with transaction(actor().org_id) as session:
        return service.archive_named(session, archive_id)


@paper_archives.route("/<uuid:archive_id>/file", methods=["GET"])
@requires(Permission.PROOF_EXPORT)
@paper_archives.response(200)
@carries_bytes(gives=("application/zip",))
def fetch(archive_id: UUID) -> Response:
    """Download a ready archive: manifest, checksums, papers"""
    return archive_response(archive_id)


def archive_response(archive_id: UUID) -> Response:
    """Return the stream of a ready archive of the caller's organisation.

    Raises:
        NotFound, Conflict, ArchiveExpired: there is nothing to fetch.
        Forbidden: the caller may not open all the papers that it holds.
    """
    who, store = actor(), blob_store()
    with transaction(who.org_id) as session:
        archive = service.require_ready(service.archive_named(session, archive_id), now=clock.now())
    if not {kind.value for kind in kinds_for(who)} >= set(archive.kinds):
        raise Forbidden(
            Text("Cette archive contient des papiers que votre rôle n’ouvre pas.", "Your role does not open all of it.")
        )
    manifest = msgspec.json.decode(store.get(archive.owner_id, archive.manifest_sha256), type=PaperManifest)
    stream = zip_stream(manifest, lambda file: store.get(file.owner_id, file.sha256))
    name = f"documents-{archive.asked_at:%Y-%m-%d}-{archive.id.hex[-6:]}.zip"
    return Response(
        stream,
        mimetype="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"},
    )
