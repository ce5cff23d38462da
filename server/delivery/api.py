"""Deliveries, proofs and discrepancies over JSON."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import Response
from flask_smorest import Blueprint

from server.core.blobs import blob_store
from server.core.transaction import transaction
from server.core.web import actor, public, requires, stamp
from server.core.web.files import send_file
from server.core.web.paging import page
from server.delivery import queries
from server.delivery.model import Delivery, Discrepancy, Proof
from server.delivery.published import published_keys
from server.delivery.schemas import (
    DecisionSchema,
    DeliverySchema,
    DiscrepancyQuerySchema,
    DiscrepancySchema,
    ProofQuerySchema,
    ProofSchema,
)
from server.delivery.service import decide_discrepancy
from server.identity.model import Role
from server.identity.permissions import Permission

deliveries = Blueprint("deliveries_api", __name__, url_prefix="/deliveries", description="What customers accepted")
proofs = Blueprint("proofs_api", __name__, url_prefix="/proofs", description="Sealed proofs of delivery")
discrepancies = Blueprint(
    "discrepancies_api", __name__, url_prefix="/discrepancies", description="What waits for a dispatcher"
)
keys = Blueprint("keys_api", __name__, url_prefix="/keys", description="The keys that seal proofs, as a signed list")


@keys.route("", methods=["GET"])
@public("the server’s public keys: to compare, to hold offline, and for tablets to follow a new one")
@keys.response(200, content_type="application/json")
def list_keys() -> Response:
    """Get the signed list of the server's keys"""
    return _key_list(published_keys(None, issued_at=datetime.now(UTC)))


@keys.route("/<uuid:carrier_id>", methods=["GET"])
@public("a carrier’s revoked tablets beside the server’s keys; its proofs name the carrier")
@keys.response(200, content_type="application/json")
def list_keys_of(carrier_id: UUID) -> Response:
    """Get the signed list with the revoked tablets of one carrier"""
    with transaction(carrier_id) as session:
        return _key_list(published_keys(session, issued_at=datetime.now(UTC)))


def _key_list(payload: bytes) -> Response:
    headers = {"Content-Disposition": 'attachment; filename="tournee-cles.json"'}
    return Response(payload, mimetype="application/json", headers=headers)


@deliveries.route("", methods=["GET"])
@requires(Permission.PROOF_READ)
@deliveries.arguments(ProofQuerySchema, location="query")
@deliveries.response(200, DeliverySchema(many=True))
def list_deliveries(asked: dict[str, Any]) -> Sequence[Delivery]:
    """List deliveries with their lines"""
    with transaction(actor().org_id) as session:
        return page(
            session, queries.all_deliveries(order_id=asked.get("order_id"), driver_id=_driver()), Delivery.id, asked
        )


@proofs.route("", methods=["GET"])
@requires(Permission.PROOF_READ)
@proofs.arguments(ProofQuerySchema, location="query")
@proofs.response(200, ProofSchema(many=True))
def list_proofs(asked: dict[str, Any]) -> Sequence[Proof]:
    """List the sealed proofs of one's own orders"""
    with transaction(actor().org_id) as session:
        return page(session, queries.all_proofs(order_id=asked.get("order_id"), driver_id=_driver()), Proof.id, asked)


@proofs.route("/<uuid:proof_id>", methods=["GET"])
@requires(Permission.PROOF_READ)
@proofs.response(200, ProofSchema)
def read_proof(proof_id: UUID) -> Proof:
    """Read what a proof is made of"""
    with transaction(actor().org_id) as session:
        return queries.proof(session, proof_id, driver_id=_driver())


@proofs.route("/<uuid:proof_id>/file", methods=["GET"])
@requires(Permission.PROOF_READ)
@proofs.response(200, content_type="application/octet-stream")
def proof_file(proof_id: UUID) -> Response:
    """Download the file that anyone can verify offline"""
    with transaction(actor().org_id) as session:
        found = queries.proof(session, proof_id, driver_id=_driver())
    payload = blob_store().get(found.owner_id, found.file_sha256)
    return send_file(
        payload, media_type="application/octet-stream", name=f"{found.order_id}.proof", sha256=found.file_sha256
    )


@proofs.route("/<uuid:proof_id>/pdf", methods=["GET"])
@requires(Permission.PROOF_READ)
@proofs.response(200, content_type="application/pdf")
def proof_pdf(proof_id: UUID) -> Response:
    """Download the printed proof"""
    with transaction(actor().org_id) as session:
        found = queries.proof(session, proof_id, driver_id=_driver())
    payload = blob_store().get(found.owner_id, found.pdf_sha256)
    return send_file(payload, media_type="application/pdf", name=f"{found.order_id}.pdf", sha256=found.pdf_sha256)


@proofs.route("/<uuid:proof_id>/day", methods=["GET"])
@requires(Permission.PROOF_READ)
@proofs.response(200, content_type="application/json")
def proof_day(proof_id: UUID) -> Response:
    """Download the proof's way to its day's signed root, once that day is over"""
    with transaction(actor().org_id) as session:
        found = queries.proof(session, proof_id, driver_id=_driver())
        beside = queries.inclusion(session, found.id)
    return send_file(
        beside.payload,
        media_type="application/json",
        name=f"{found.order_id}.day.json",
        sha256=hashlib.sha256(beside.payload).hexdigest(),
    )


@discrepancies.route("", methods=["GET"])
@requires(Permission.STOP_CORRECT)
@discrepancies.arguments(DiscrepancyQuerySchema, location="query")
@discrepancies.response(200, DiscrepancySchema(many=True))
def list_discrepancies(asked: dict[str, Any]) -> Sequence[Discrepancy]:
    """List what waits for a dispatcher"""
    with transaction(actor().org_id) as session:
        return page(session, queries.all_discrepancies(asked.get("state")), Discrepancy.id, asked)


@discrepancies.route("/<uuid:discrepancy_id>/decision", methods=["POST"])
@requires(Permission.STOP_CORRECT)
@discrepancies.arguments(DecisionSchema)
@discrepancies.response(200, DiscrepancySchema)
def decide(asked: dict[str, Any], discrepancy_id: UUID) -> Discrepancy:
    """Close a discrepancy with a decision in words"""
    with transaction(actor().org_id) as session:
        found = queries.discrepancy(session, discrepancy_id)
        return decide_discrepancy(session, found, decision=asked["decision"], stamp=stamp())


def _driver() -> UUID | None:
    """A driver reads own visits alone (section 3)."""
    return actor().user_id if actor().role is Role.DRIVER else None
