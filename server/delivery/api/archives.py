"""An archive on its way out: who may have it, the trace that it leaves, and the stream."""

from __future__ import annotations

from collections import defaultdict
from uuid import UUID

import msgspec
from flask import Response
from sqlalchemy.orm import Session

from server.core import clock
from server.core.blobs import blob_store
from server.core.transaction import transaction
from server.core.web import actor, stamp
from server.delivery.api.callers import reader
from server.delivery.sharing.exports import ExportManifest, export_named, require_ready, zip_stream
from server.delivery.sharing.model import AccessPart, AccessWay
from server.delivery.sharing.noting import note_access


def archive_response(export_id: UUID, *, way: AccessWay) -> Response:
    """Return the stream of a ready export of the caller's organisation; every proof in it leaves a trace first.

    Raises:
        NotFound, Conflict, ExportExpired: there is nothing to fetch.
        BlobMissing: the store lost the manifest.
    """
    store = blob_store()
    with transaction(actor().org_id) as session:
        export = require_ready(export_named(session, export_id), now=clock.now())
    manifest = msgspec.json.decode(store.get(export.owner_id, export.manifest_sha256), type=ExportManifest)
    with transaction(actor().org_id) as session:
        _note(session, manifest, way)
    stream = zip_stream(manifest, lambda file: store.get(file.carrier_id, file.sha256))
    name = f"preuves-{export.asked_at:%Y-%m-%d}-{export.id.hex[-6:]}.zip"
    return Response(
        stream,
        mimetype="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"},
    )


def _note(session: Session, manifest: ExportManifest, way: AccessWay) -> None:
    owners: dict[UUID, dict[UUID, None]] = defaultdict(dict)
    for file in manifest.files:
        owners[file.carrier_id][file.proof_id] = None
    for owner_id in sorted(owners):
        note_access(
            session, owner_id=owner_id, proof_ids=owners[owner_id], reader=reader(), way=way, part=AccessPart.FILE,
            stamp=stamp(),
        )  # fmt: skip
