"""Paper proofs over JSON: a picture in, matched by its code or by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import Response, request
from flask_smorest import Blueprint
from marshmallow import fields

from server.core.blobs import blob_store
from server.core.pictures import JPEG, PICTURE_TYPES, check_size
from server.core.transaction import transaction
from server.core.web import QuerySchema, Schema, actor, requires, stamp
from server.core.web.byte_doors import FILE_NAME, carries_bytes
from server.core.web.files import send_file
from server.core.web.limits import line
from server.delivery.api.callers import reader
from server.delivery.papers import service
from server.delivery.papers.model import PaperProof
from server.delivery.sharing.model import AccessPart, AccessWay, ProofAccess
from server.delivery.sharing.noting import note_access
from server.delivery.sharing.queries import accesses
from server.delivery.sharing.schemas import AccessSchema
from server.identity.model import OrganisationKind
from server.identity.permissions import Permission

papers = Blueprint("papers_api", __name__, url_prefix="/paper-proofs", description="Signed papers, photographed")


class PaperSchema(Schema):
    """A picture of a signed paper; without ``order_id`` it waits to be matched by hand."""

    id = fields.UUID(required=True)
    order_id = fields.UUID(required=True, allow_none=True)
    order_number = fields.String(required=True)
    name = fields.String(required=True)
    sha256 = fields.String(required=True)
    size_bytes = fields.Integer(required=True)
    uploaded_by_name = fields.String(required=True)
    uploaded_at = fields.AwareDateTime(required=True)
    matched_at = fields.AwareDateTime(required=True, allow_none=True)


class PaperQuerySchema(QuerySchema):
    """Which papers: matched or not, of one order."""

    matched = fields.Boolean()
    order_id = fields.UUID()


class MatchSchema(Schema):
    """The number of the order that a paper proves."""

    number = line(longest=40, required=True)


@papers.route("", methods=["GET"])
@requires(Permission.PROOF_READ)
@papers.arguments(PaperQuerySchema, location="query")
@papers.response(200, PaperSchema(many=True))
def list_papers(asked: dict[str, Any]) -> Sequence[PaperProof]:
    """List paper proofs, newest first"""
    with transaction(actor().org_id) as session:
        return service.papers(session, matched=asked.get("matched"), order_id=asked.get("order_id"))


@papers.route("", methods=["POST"])
@requires(Permission.PROOF_UPLOAD)
@papers.response(201, PaperSchema)
@carries_bytes(takes=tuple(sorted(PICTURE_TYPES)), asks=(FILE_NAME,))
def upload() -> PaperProof:
    """Upload a photographed paper: the body is its bytes (JPEG, PNG or WebP), `X-Name` what it is called"""
    return take_paper(name=request.headers.get("X-Name", ""), payload=request.get_data(cache=False))


@papers.route("/<uuid:paper_id>/match", methods=["POST"])
@requires(Permission.PROOF_UPLOAD)
@papers.arguments(MatchSchema)
@papers.response(200, PaperSchema)
def match(asked: dict[str, Any], paper_id: UUID) -> PaperProof:
    """Match a paper to one of one's deliveries by hand"""
    with transaction(actor().org_id) as session:
        return service.match_by_hand(session, paper_id=paper_id, number=asked["number"], stamp=stamp())


@papers.route("/<uuid:paper_id>/file", methods=["GET"])
@requires(Permission.PROOF_READ)
@papers.response(200)
@carries_bytes(gives=(JPEG,))
def paper_file(paper_id: UUID) -> Response:
    """Download a paper's picture, encoded anew"""
    return paper_response(paper_id, way=AccessWay.API)


@papers.route("/<uuid:paper_id>/accesses", methods=["GET"])
@requires(Permission.PROOF_READ)
@papers.response(200, AccessSchema(many=True))
def list_paper_accesses(paper_id: UUID) -> Sequence[ProofAccess]:
    """List who had the paper, newest first; for the carrier that owns it, empty for others"""
    with transaction(actor().org_id) as session:
        return accesses(session, service.paper(session, paper_id).id)


def take_paper(*, name: str, payload: bytes) -> PaperProof:
    """Take a picture in for the caller's organisation."""
    who = actor()
    check_size(payload)
    with transaction(who.org_id) as session:
        service.require_carrier(session, is_distributor=who.org_kind is OrganisationKind.DISTRIBUTOR)
    taken = service.take_in(blob_store(), who.org_id, name=name, payload=payload)
    with transaction(who.org_id) as session:
        return service.add_paper(session, taken=taken, by_name=who.display_name, stamp=stamp())


def paper_response(paper_id: UUID, *, way: AccessWay) -> Response:
    """Return a paper's picture as others may see it, and note for its owner who had it."""
    with transaction(actor().org_id) as session:
        found = service.paper(session, paper_id)
        note_access(
            session, owner_id=found.owner_id, proof_ids=[found.id], reader=reader(), way=way, part=AccessPart.FILE,
            stamp=stamp(),
        )  # fmt: skip
    payload = blob_store().get(found.owner_id, found.shown_sha256)
    return send_file(payload, media_type=JPEG, name=f"{found.id.hex[-8:]}.jpg", sha256=found.shown_sha256)
