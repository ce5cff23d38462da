"""Proofs over JSON: a feed to follow, a search, the files, and who had them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import Response, url_for
from flask_smorest import Blueprint
from sqlalchemy.orm import Session

from server.core import clock
from server.core.blobs import blob_store
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.core.web.byte_doors import carries_bytes
from server.core.web.files import send_file
from server.delivery import queries
from server.delivery.api.callers import driver_only, reader
from server.delivery.model import Proof
from server.delivery.sharing import queries as shared
from server.delivery.sharing.cursors import read_cursor, write_cursor
from server.delivery.sharing.model import AccessPart, AccessWay, ProofAccess, ProofEntry, ProofKind
from server.delivery.sharing.noting import note_access
from server.delivery.sharing.queries import ProofFilter
from server.delivery.sharing.schemas import (
    AccessSchema,
    FeedQuerySchema,
    FeedSchema,
    ProofSchema,
    SearchQuerySchema,
    SearchSchema,
)
from server.identity.api.devices import epoch_here
from server.identity.permissions import Permission
from server.parties import queries as parties

proofs = Blueprint("proofs_api", __name__, url_prefix="/proofs", description="Proofs of one’s own orders")
_FILE, _PDF = "application/vnd.tournee.proof+zip", "application/pdf"


@proofs.route("", methods=["GET"])
@requires(Permission.PROOF_READ)
@proofs.arguments(FeedQuerySchema, location="query")
@proofs.response(200, FeedSchema)
def follow(asked: dict[str, Any]) -> dict[str, Any]:
    """Follow one’s proofs: what was shared or changed behind a cursor, oldest first"""
    with transaction(actor().org_id) as session:
        epoch = epoch_here(session)
        position = read_cursor(epoch, asked["cursor"])
        found = shared.follow(session, position=position, limit=asked["limit"], driver_id=driver_only())
    return {
        "proofs": [shown(entry) for entry in found.entries],
        "cursor": write_cursor(epoch, found.position),
        "more": found.more,
        "full": found.full,
    }


@proofs.route("/search", methods=["GET"])
@requires(Permission.PROOF_READ)
@proofs.arguments(SearchQuerySchema, location="query")
@proofs.response(200, SearchSchema)
def search(asked: dict[str, Any]) -> dict[str, Any]:
    """Search one’s proofs, newest first"""
    with transaction(actor().org_id) as session:
        zone = parties.zone_or_ours(session, org_id=actor().org_id)
        query = shared.find_proofs(
            session, narrowed=asked_filter(asked), zone=zone, now=clock.now(), driver_id=driver_only()
        )
        found, before = shared.newest(session, query, before=asked.get("before"), limit=asked["limit"])
    return {"proofs": [shown(entry) for entry in found], "before": before}


@proofs.route("/<uuid:proof_id>", methods=["GET"])
@requires(Permission.PROOF_READ)
@proofs.response(200, ProofSchema)
def read_proof(proof_id: UUID) -> dict[str, Any]:
    """Read what a proof says and where its files are"""
    with transaction(actor().org_id) as session:
        entry = shared.entry_named(session, proof_id)
        if entry.kind is ProofKind.SEALED:
            queries.proof(session, proof_id, driver_id=driver_only())
        note_access(
            session, owner_id=entry.proof_owner_id, proof_ids=[proof_id], reader=reader(), way=AccessWay.API,
            part=AccessPart.CONTENTS, stamp=stamp(),
        )  # fmt: skip
    return shown(entry)


@proofs.route("/<uuid:proof_id>/file", methods=["GET"])
@requires(Permission.PROOF_READ)
@proofs.response(200)
@carries_bytes(gives=(_FILE,))
def proof_file(proof_id: UUID) -> Response:
    """Download the file that anyone can verify offline"""
    with transaction(actor().org_id) as session:
        found = queries.proof(session, proof_id, driver_id=driver_only())
        entry = shared.entry_named(session, found.id)
        _note(session, found, AccessPart.FILE)
    payload = blob_store().get(found.owner_id, entry.file_sha256)
    return send_file(payload, media_type=_FILE, name=f"{entry.order_number}.proof", sha256=entry.file_sha256)


@proofs.route("/<uuid:proof_id>/pdf", methods=["GET"])
@requires(Permission.PROOF_READ)
@proofs.response(200)
@carries_bytes(gives=(_PDF,))
def proof_pdf(proof_id: UUID) -> Response:
    """Download the printed proof"""
    with transaction(actor().org_id) as session:
        found = queries.proof(session, proof_id, driver_id=driver_only())
        entry = shared.entry_named(session, found.id)
        _note(session, found, AccessPart.PDF)
    payload = blob_store().get(found.owner_id, entry.pdf_sha256)
    return send_file(payload, media_type=_PDF, name=f"{entry.order_number}-preuve.pdf", sha256=entry.pdf_sha256)


@proofs.route("/<uuid:proof_id>/day", methods=["GET"])
@requires(Permission.PROOF_READ)
@proofs.response(200)
@carries_bytes(gives=("application/json",))
def proof_day(proof_id: UUID) -> Response:
    """Download the proof's way to its day's signed root, once that day is over"""
    with transaction(actor().org_id) as session:
        found = queries.proof(session, proof_id, driver_id=driver_only())
        number = shared.entry_named(session, found.id).order_number
        beside = queries.inclusion(session, found.id)
        _note(session, found, AccessPart.CONTENTS)
    sha256 = hashlib.sha256(beside.payload).hexdigest()
    return send_file(beside.payload, media_type="application/json", name=f"{number}.day.json", sha256=sha256)


@proofs.route("/<uuid:proof_id>/accesses", methods=["GET"])
@requires(Permission.PROOF_READ)
@proofs.response(200, AccessSchema(many=True))
def list_accesses(proof_id: UUID) -> Sequence[ProofAccess]:
    """List who had the proof, newest first; for the carrier that owns it, empty for others"""
    with transaction(actor().org_id) as session:
        found = queries.proof(session, proof_id, driver_id=driver_only())
        return shared.accesses(session, found.id)


def asked_filter(asked: dict[str, Any]) -> ProofFilter:
    """Return the filter that a search's parameters name."""
    named = (
        "order",
        "client",
        "seller",
        "signer",
        "reason",
        "lot",
        "outcome",
        "state",
        "kind",
        "first_day",
        "last_day",
    )
    return ProofFilter(words=asked["q"], **{name: asked[name] for name in named if name in asked})


def shown(entry: ProofEntry) -> dict[str, Any]:
    """Return an entry as the API says it: the reader's own places and numbers left out, its files with addresses."""
    said = {name: getattr(entry, name) for name in _SAID}
    paper = entry.kind is ProofKind.PAPER
    file = url_for("papers_api.paper_file", paper_id=entry.proof_id) if paper else _address("proof_file", entry)
    return said | {
        "id": entry.proof_id,
        "carrier_id": entry.proof_owner_id,
        "state": shared.state_of(entry, now=clock.now()),
        "missing_attachments": entry.missing,
        "purged_attachments": entry.purged,
        "file": {"href": file, "sha256": entry.file_sha256, "size_bytes": entry.file_size_bytes},
        "pdf": None
        if paper
        else {
            "href": _address("proof_pdf", entry),
            "sha256": entry.pdf_sha256,
            "size_bytes": entry.pdf_size_bytes,
        },
    }


def _address(view: str, entry: ProofEntry) -> str:
    return url_for(f"proofs_api.{view}", proof_id=entry.proof_id)


_SAID = (
    "kind", "order_id", "order_number", "buyer_id", "buyer_name", "seller_id", "seller_name", "carrier_name",
    "signer_name", "outcome", "lots", "delivered_at", "made_at", "changed_at", "contest_until", "seal_sha256",
    "revision", "superseded_by",
)  # fmt: skip


def _note(session: Session, proof: Proof, part: AccessPart) -> None:
    note_access(
        session, owner_id=proof.owner_id, proof_ids=[proof.id], reader=reader(), way=AccessWay.API, part=part,
        stamp=stamp(),
    )  # fmt: skip
