"""The job of an export, in steps: each a transaction of its own, with the store asked between them."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from server.core.blobs import BlobMissing, BlobStore
from server.core.stamp import Stamp
from server.delivery.sharing.exports import ExportFile, ExportManifest, export_named, files_of
from server.delivery.sharing.model import ExportState

FORMAT = "tournee-proofs/1"


def begin(session: Session, export_id: UUID) -> list[ExportFile]:
    """Return the files to gather; none when the export was gathered before."""
    export = export_named(session, export_id)
    if export.state in {ExportState.READY, ExportState.FAILED}:
        return []
    export.state, export.done = ExportState.GATHERING, 0
    return files_of(session, export)


def is_kept(store: BlobStore, file: ExportFile) -> bool:
    """Say whether the store has the file with the bytes that its hash says."""
    try:
        store.get(file.carrier_id, file.sha256)
    except BlobMissing:
        return False
    return True


def tell_progress(session: Session, export_id: UUID, *, done: int) -> None:
    """Say how many proofs were gathered."""
    export_named(session, export_id).done = done


def manifest_of(session: Session, export_id: UUID, kept: list[ExportFile], lost: list[ExportFile]) -> ExportManifest:
    """Return what the archive will hold."""
    export = export_named(session, export_id)
    return ExportManifest(
        format=FORMAT,
        made_at=export.asked_at,
        organisation_id=export.owner_id,
        criteria=dict(export.criteria),
        files=tuple(kept),
        missing=tuple(lost),
    )


def finish(session: Session, export_id: UUID, *, manifest: ExportManifest, sha256: str, stamp: Stamp) -> None:
    """Make the archive ready to be fetched."""
    export = export_named(session, export_id)
    export.state, export.done, export.ready_at = ExportState.READY, export.total, stamp.at
    export.manifest_sha256 = sha256
    export.size_bytes = sum(file.size_bytes for file in manifest.files)
    export.missing = len(manifest.missing)
