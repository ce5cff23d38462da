"""Contests over JSON: opened, given evidence, decided or withdrawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import Response, request
from flask_smorest import Blueprint
from marshmallow import fields
from sqlalchemy.orm import Session

from server.core.blobs import blob_store
from server.core.pictures import JPEG, PICTURE_TYPES
from server.core.transaction import transaction
from server.core.web import Schema, actor, requires, stamp
from server.core.web.byte_doors import FILE_NAME, carries_bytes
from server.core.web.files import send_file
from server.core.web.limits import line
from server.core.web.paging import PageQuerySchema, page
from server.delivery.contests import queries
from server.delivery.contests.evidence import bring, keep_picture
from server.delivery.contests.model import Contest, ContestEvidence, ContestState, ContestSubject
from server.fulfilment.service import contesting
from server.identity.permissions import Permission

contests = Blueprint("contests_api", __name__, url_prefix="/contests", description="Proofs and credits contested")


class ContestSchema(Schema):
    """A contest: whose it is to decide, who opened it, and how it ended."""

    id = fields.UUID(required=True)
    subject = fields.Enum(ContestSubject, by_value=True, required=True)
    subject_id = fields.UUID(required=True)
    order_id = fields.UUID(required=True, allow_none=True)
    number = fields.String(required=True)
    decider_id = fields.UUID(required=True, attribute="owner_id")
    opener_id = fields.UUID(required=True)
    opener_name = fields.String(required=True)
    opened_at = fields.AwareDateTime(required=True)
    reason = fields.String(required=True)
    state = fields.Enum(ContestState, by_value=True, required=True)
    decided_at = fields.AwareDateTime(required=True, allow_none=True)
    decision = fields.String(required=True)


class NewContestSchema(Schema):
    """What is contested, and why."""

    subject = fields.Enum(ContestSubject, by_value=True, required=True)
    subject_id = fields.UUID(required=True)
    reason = line(longest=contesting.MAX_REASON, required=True)


class ContestDecisionSchema(Schema):
    """Whether the contest is upheld, and why."""

    upheld = fields.Boolean(required=True)
    reason = line(longest=contesting.MAX_REASON, required=True)


class EvidenceSchema(Schema):
    """A picture that a party brought."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    brought_by = fields.UUID(required=True)
    brought_by_name = fields.String(required=True)
    brought_at = fields.AwareDateTime(required=True)
    sha256 = fields.String(required=True)
    size_bytes = fields.Integer(required=True)


class ContestQuerySchema(PageQuerySchema):
    """Pages, of one state if named."""

    state = fields.Enum(ContestState, by_value=True)


@contests.route("", methods=["GET"])
@requires(Permission.DISPUTE)
@contests.arguments(ContestQuerySchema, location="query")
@contests.response(200, ContestSchema(many=True))
def list_contests(asked: dict[str, Any]) -> Sequence[Contest]:
    """List the contests of one's orders"""
    with transaction(actor().org_id) as session:
        return page(session, queries.all_contests(session, state=asked.get("state")), Contest.id, asked)


@contests.route("", methods=["POST"])
@requires(Permission.DISPUTE)
@contests.arguments(NewContestSchema)
@contests.response(201, ContestSchema)
def open_contest(asked: dict[str, Any]) -> Contest:
    """Contest a proof or a credit, within the agreement's days"""
    with transaction(actor().org_id) as session:
        return contesting.open_contest(session, **asked, author=author(), stamp=stamp())


@contests.route("/<uuid:contest_id>", methods=["GET"])
@requires(Permission.DISPUTE)
@contests.response(200, ContestSchema)
def read(contest_id: UUID) -> Contest:
    """Read a contest"""
    with transaction(actor().org_id) as session:
        return queries.contest(session, contest_id)


@contests.route("/<uuid:contest_id>/decision", methods=["POST"])
@requires(Permission.DISPUTE)
@contests.arguments(ContestDecisionSchema)
@contests.response(200, ContestSchema)
def decide(asked: dict[str, Any], contest_id: UUID) -> Contest:
    """Decide a contest, as the proof's carrier or the credit's issuer"""
    with transaction(actor().org_id) as session:
        return contesting.decide_contest(session, contest_id=contest_id, **asked, author=author(), stamp=stamp())


@contests.route("/<uuid:contest_id>/withdrawal", methods=["POST"])
@requires(Permission.DISPUTE)
@contests.response(200, ContestSchema)
def withdraw(contest_id: UUID) -> Contest:
    """Take one's own contest back"""
    with transaction(actor().org_id) as session:
        return contesting.withdraw_contest(session, contest_id=contest_id, author=author(), stamp=stamp())


@contests.route("/<uuid:contest_id>/evidence", methods=["GET"])
@requires(Permission.DISPUTE)
@contests.response(200, EvidenceSchema(many=True))
def list_evidence(contest_id: UUID) -> Sequence[ContestEvidence]:
    """List what was brought to a contest"""
    with transaction(actor().org_id) as session:
        return queries.evidence_of(session, [queries.contest(session, contest_id).id])


@contests.route("/<uuid:contest_id>/evidence", methods=["POST"])
@requires(Permission.DISPUTE)
@contests.response(201, EvidenceSchema)
@carries_bytes(takes=tuple(sorted(PICTURE_TYPES)), asks=(FILE_NAME,))
def add_evidence(contest_id: UUID) -> ContestEvidence:
    """Bring a picture: the body is its bytes (JPEG, PNG or WebP), `X-Name` what it is called"""
    return bring_picture(contest_id, name=request.headers.get("X-Name", ""), payload=request.get_data(cache=False))


@contests.route("/evidence/<uuid:evidence_id>", methods=["GET"])
@requires(Permission.DISPUTE)
@contests.response(200)
@carries_bytes(gives=(JPEG,))
def evidence_file(evidence_id: UUID) -> Response:
    """Download a picture that was brought, encoded anew"""
    return picture_response(evidence_id)


def author() -> str:
    """Return who speaks, as threads name people."""
    return f"{actor().display_name}, {actor().org_name}"


def bring_picture(contest_id: UUID, *, name: str, payload: bytes) -> ContestEvidence:
    """Keep a picture and bring it to a contest of the caller's orders."""
    with transaction(actor().org_id) as session:
        owner_id = _room(session, contest_id)
    brought = keep_picture(blob_store(), owner_id, name=name, payload=payload)
    with transaction(actor().org_id) as session:
        return bring(session, contest_id=contest_id, brought=brought, by_name=author(), stamp=stamp())


def picture_response(evidence_id: UUID) -> Response:
    """Return a piece of evidence as others may see it."""
    with transaction(actor().org_id) as session:
        found = queries.evidence(session, evidence_id)
    payload = blob_store().get(found.owner_id, found.shown_sha256)
    return send_file(payload, media_type=JPEG, name=f"{found.id.hex[-8:]}.jpg", sha256=found.shown_sha256)


def _room(session: Session, contest_id: UUID) -> UUID:
    return queries.contest(session, contest_id).owner_id
