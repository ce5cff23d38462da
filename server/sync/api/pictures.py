"""Photos and pictures of signatures for the carrier's people: a copy, never the bytes that a tablet sent."""

from __future__ import annotations

import re

from flask import Response
from flask_smorest import Blueprint

from server.core.blobs import blob_store
from server.core.pictures import PICTURE_TYPES, copy_of
from server.core.problems import NotFound, Text
from server.core.transaction import transaction
from server.core.web import actor, requires
from server.core.web.byte_doors import carries_bytes
from server.core.web.files import send_file
from server.identity.permissions import Permission
from server.sync.model import Attachment
from server.sync.queries import attachment_of
from server.sync.service.keeping import note_copy

blp = Blueprint("pictures", __name__, url_prefix="/pictures", description="Photos of deliveries, as clean copies")
_HEX, _PNG = re.compile("[0-9a-f]{64}"), b"\x89PNG"


@blp.route("/<string(length=64):sha256>", methods=["GET"])
@requires(Permission.RUN_CLOSE)
@blp.response(200)
@carries_bytes(gives=("image/jpeg", "image/png"))
def picture(sha256: str) -> Response:
    """Get a copy of a picture that a tablet sent, without its metadata"""
    with transaction(actor().org_id) as session:
        found = _shown(attachment_of(session, sha256) if _HEX.fullmatch(sha256) else None, sha256)
    copy = _served(found)
    kind = "png" if copy.startswith(_PNG) else "jpeg"
    return send_file(copy, media_type=f"image/{kind}", name=f"{sha256[:12]}.{kind}", sha256=sha256)


def _shown(found: Attachment | None, sha256: str) -> Attachment:
    if found is None or found.complete_at is None or found.purged_at or found.media_type not in PICTURE_TYPES:
        raise NotFound(Text("Il n’y a pas de telle image.", "There is no such picture."), where=sha256[:64])
    return found


def _served(found: Attachment) -> bytes:
    """The first one to look makes the copy; it is kept beside the original under its own hash."""
    store = blob_store()
    if found.served_sha256:
        return store.get(found.owner_id, found.served_sha256)
    copy = copy_of(store.get(found.owner_id, found.sha256))
    served_sha256 = store.put(found.owner_id, copy.payload, media_type=copy.media_type)
    with transaction(found.owner_id) as session:
        note_copy(session, found.sha256, served_sha256=served_sha256)
    return copy.payload
