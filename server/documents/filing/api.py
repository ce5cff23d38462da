"""Files of an order over JSON: a file in, a file out."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from flask import Response, request
from flask_smorest import Blueprint
from marshmallow import fields

from server.core.blobs import blob_store
from server.core.pictures import JPEG, PICTURE_TYPES
from server.core.transaction import transaction
from server.core.web import Schema, actor, requires, stamp
from server.core.web.byte_doors import FILE_NAME, carries_bytes
from server.core.web.files import send_file
from server.documents.access import require_ridden
from server.documents.filing import service
from server.documents.filing.model import OrderFile
from server.identity.permissions import Permission
from server.orders import queries as orders

order_files = Blueprint(
    "order_files", __name__, url_prefix="/orders", description="Files that an order's parties bring"
)


class OrderFileSchema(Schema):
    """A file that a party brought (R056)."""

    id = fields.UUID(required=True)
    order_id = fields.UUID(required=True)
    name = fields.String(required=True)
    media_type = fields.String(required=True)
    sha256 = fields.String(required=True)
    size_bytes = fields.Integer(required=True)
    added_by_name = fields.String(required=True)
    added_at = fields.AwareDateTime(required=True)


@order_files.route("/<uuid:order_id>/files", methods=["GET"])
@requires(Permission.ORDER_READ)
@order_files.response(200, OrderFileSchema(many=True))
def list_files(order_id: UUID) -> Sequence[OrderFile]:
    """List the files beside an order"""
    with transaction(actor().org_id) as session:
        require_ridden(session, actor(), order_id)
        return service.files_of(session, order_id=order_id)


@order_files.route("/<uuid:order_id>/files", methods=["POST"])
@requires(Permission.ORDER_CHAT)
@order_files.response(201, OrderFileSchema)
@carries_bytes(takes=(*sorted(PICTURE_TYPES), service.PDF, service.CSV), asks=(FILE_NAME,))
def upload(order_id: UUID) -> OrderFile:
    """Bring a file: the body is its bytes (PDF, JPEG, PNG, WebP or CSV), `X-Name` what it is called"""
    return take_file(order_id, name=request.headers.get("X-Name", ""), payload=request.get_data(cache=False))


@order_files.route("/files/<uuid:file_id>", methods=["GET"])
@requires(Permission.ORDER_READ)
@order_files.response(200)
@carries_bytes(gives=(JPEG, service.PDF, service.CSV))
def download(file_id: UUID) -> Response:
    """Download a file, never to be opened in place"""
    return file_response(file_id)


@order_files.route("/files/<uuid:file_id>", methods=["DELETE"])
@requires(Permission.ORDER_CHAT)
@order_files.response(204)
def remove(file_id: UUID) -> None:
    """Take one's own file off its order"""
    with transaction(actor().org_id) as session:
        service.remove_file(session, file_id=file_id, stamp=stamp())


def take_file(order_id: UUID, *, name: str, payload: bytes) -> OrderFile:
    """Take a file in for the caller's organisation, a party of the order."""
    who = actor()
    with transaction(who.org_id) as session:
        orders.order(session, order_id=order_id)  # nothing is stored for an order that the caller does not have
        require_ridden(session, who, order_id)
    brought = service.take_in(blob_store(), who.org_id, name=name, payload=payload)
    with transaction(who.org_id) as session:
        order = orders.order(session, order_id=order_id)
        by_name = f"{who.display_name}, {who.org_name}"
        return service.add_file(session, order=order, brought=brought, by_name=by_name, stamp=stamp())


def file_response(file_id: UUID) -> Response:
    """Return a file to be saved: no browser opens, runs or guesses it."""
    with transaction(actor().org_id) as session:
        found = service.file_named(session, file_id)
        require_ridden(session, actor(), found.order_id)
    payload = blob_store().get(found.owner_id, found.sha256)
    response = send_file(payload, media_type=found.media_type, name=found.name, sha256=found.sha256)
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
