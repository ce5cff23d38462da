"""The end of a run over JSON: settled and closed once everything that was sealed is here."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask_smorest import Blueprint

from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.identity.permissions import Permission
from server.planning import queries as planning
from server.planning.model import Run
from server.planning.schemas import RunSchema
from server.sync import schemas
from server.sync.service import closing
from server.sync.service.closing import Wholeness

blp = Blueprint("closing", __name__, url_prefix="/runs", description="Runs: their end")


@blp.route("/<uuid:run_id>/tablets", methods=["GET"])
@requires(Permission.RUN_CLOSE)
@blp.response(200, schemas.WholenessSchema)
def read_wholeness(run_id: UUID) -> Wholeness:
    """Say what of a run is not at the office yet"""
    with transaction(actor().org_id) as session:
        return closing.wholeness(session, planning.run(session, run_id=run_id))


@blp.route("/<uuid:run_id>/settle", methods=["POST"])
@requires(Permission.RUN_CLOSE)
@blp.response(200, RunSchema)
def settle_run(run_id: UUID) -> Run:
    """Say that a synced run's cash and differences are dealt with"""
    with transaction(actor().org_id) as session:
        return closing.settle_run(session, run_id=run_id, stamp=stamp())


@blp.route("/<uuid:run_id>/close", methods=["POST"])
@requires(Permission.RUN_CLOSE)
@blp.response(200, RunSchema)
def close_run(run_id: UUID) -> Run:
    """Close a settled run"""
    with transaction(actor().org_id) as session:
        return closing.close_run(session, run_id=run_id, stamp=stamp())


@blp.route("/<uuid:run_id>/waive", methods=["POST"])
@requires(Permission.RUN_WAIVE)
@blp.arguments(schemas.WaiverRequestSchema)
@blp.response(200, RunSchema)
def waive_run(asked: dict[str, Any], run_id: UUID) -> Run:
    """Write that a run does not wait for a lost tablet"""
    with transaction(actor().org_id) as session:
        return closing.waive_run(session, run_id=run_id, reason=asked["reason"], by=actor().user_id, stamp=stamp())
