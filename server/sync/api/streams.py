"""Tablets' streams over JSON: how far each is, and what is decided about a forked one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import Response
from flask_smorest import Blueprint

from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.core.web.byte_doors import carries_bytes
from server.identity.permissions import Permission
from server.sync import schemas
from server.sync.model import StrayPush
from server.sync.service import standing
from server.sync.service.standing import TabletStanding
from server.sync.service.strays import retire_stream

blp = Blueprint("streams", __name__, url_prefix="/streams", description="Tablets' streams: how far, and forks")


@blp.route("", methods=["GET"])
@requires(Permission.DEVICE_ADMINISTER)
@blp.response(200, schemas.StandingSchema(many=True))
def list_streams() -> Sequence[TabletStanding]:
    """List how far the office has each tablet"""
    with transaction(actor().org_id) as session:
        return standing.standings(session)


@blp.route("/<uuid:device_id>", methods=["GET"])
@requires(Permission.DEVICE_ADMINISTER)
@blp.response(200, schemas.StandingSchema)
def read_stream(device_id: UUID) -> TabletStanding:
    """Read how far the office has one tablet"""
    with transaction(actor().org_id) as session:
        return standing.standing_of(session, device_id)


@blp.route("/<uuid:device_id>/retire", methods=["POST"])
@requires(Permission.DEVICE_ADMINISTER)
@blp.arguments(schemas.RetirementSchema)
@blp.response(200, schemas.StandingSchema)
def retire(asked: dict[str, Any], device_id: UUID) -> TabletStanding:
    """Keep the office's branch of a forked tablet, which must be enrolled anew"""
    with transaction(actor().org_id) as session:
        standing.standing_of(session, device_id)
        retire_stream(session, device_id, note=asked["note"], stamp=stamp())
        session.flush()
        return standing.standing_of(session, device_id)


@blp.route("/<uuid:device_id>/strays", methods=["GET"])
@requires(Permission.DEVICE_ADMINISTER)
@blp.response(200, schemas.StraySchema(many=True))
def list_strays(device_id: UUID) -> Sequence[StrayPush]:
    """List the quarantined batches of a tablet"""
    with transaction(actor().org_id) as session:
        return standing.strays_of(session, device_id)


@blp.route("/<uuid:device_id>/strays/<uuid:stray_id>", methods=["GET"])
@requires(Permission.DEVICE_ADMINISTER)
@carries_bytes(gives=("application/json",))
def read_stray(device_id: UUID, stray_id: UUID) -> Response:
    """Get a quarantined batch verbatim"""
    with transaction(actor().org_id) as session:
        found = standing.stray(session, device_id, stray_id)
    name = f"lot-{found.from_seq}-{found.sha256[:12]}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return Response(found.body, mimetype="application/json", headers=headers)
