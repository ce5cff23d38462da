"""Archives of proofs over JSON: asked for, gathered by a job, then streamed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import Response, url_for
from flask_smorest import Blueprint

from server.core import clock
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.core.web.byte_doors import carries_bytes
from server.delivery.api.archives import archive_response
from server.delivery.api.proofs import asked_filter
from server.delivery.sharing import exports as service
from server.delivery.sharing.model import AccessWay, ExportState, ProofExport
from server.delivery.sharing.schemas import CriteriaSchema, ExportSchema
from server.identity.permissions import Permission

exports = Blueprint("exports_api", __name__, url_prefix="/proof-exports", description="Archives of one’s own proofs")


@exports.route("", methods=["POST"])
@requires(Permission.PROOF_EXPORT)
@exports.arguments(CriteriaSchema, location="query")
@exports.response(202, ExportSchema)
def ask(asked: dict[str, Any]) -> dict[str, Any]:
    """Ask for an archive of the proofs that a search finds"""
    with transaction(actor().org_id) as session:
        made = service.ask_export(session, narrowed=asked_filter(asked), by_name=actor().display_name, stamp=stamp())
        return _shown(made)


@exports.route("", methods=["GET"])
@requires(Permission.PROOF_EXPORT)
@exports.response(200, ExportSchema(many=True))
def list_exports() -> Sequence[dict[str, Any]]:
    """List one's last archives, newest first"""
    with transaction(actor().org_id) as session:
        return [_shown(one) for one in service.exports(session)]


@exports.route("/<uuid:export_id>", methods=["GET"])
@requires(Permission.PROOF_EXPORT)
@exports.response(200, ExportSchema)
def read(export_id: UUID) -> dict[str, Any]:
    """Read how far an archive is"""
    with transaction(actor().org_id) as session:
        return _shown(service.export_named(session, export_id))


@exports.route("/<uuid:export_id>/archive", methods=["GET"])
@requires(Permission.PROOF_EXPORT)
@exports.response(200)
@carries_bytes(gives=("application/zip",))
def fetch(export_id: UUID) -> Response:
    """Fetch a ready archive, streamed"""
    return archive_response(export_id, way=AccessWay.ZIP)


def _shown(one: ProofExport) -> dict[str, Any]:
    is_open = one.state is ExportState.READY and one.expires_at > clock.now()
    said = {name: getattr(one, name) for name in _SAID}
    return said | {"href": url_for("exports_api.fetch", export_id=one.id) if is_open else None}


_SAID = (
    "id", "state", "total", "done", "missing", "size_bytes", "manifest_sha256", "asked_at", "ready_at", "expires_at",
)  # fmt: skip
