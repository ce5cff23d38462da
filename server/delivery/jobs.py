"""What follows for proofs that were given out."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from server.core.blobs import blob_store
from server.core.jobs import AGAIN, queue
from server.core.stamp import Stamp
from server.core.transaction import transaction
from server.delivery.sharing import gathering
from server.delivery.sharing.exports import ExportFile, manifest_bytes
from server.delivery.sharing.service import reseen_proofs

_PROGRESS_EVERY = 50  # files


@queue.task(name="delivery.say_proofs_anew", retry=AGAIN)
def say_proofs_anew(*, owner_id: str, subject_id: str) -> None:
    """Say anew what the proofs of an order say, after its lots were noted."""
    with transaction(UUID(owner_id)) as session:
        reseen_proofs(session, order_id=UUID(subject_id), stamp=_now())


@queue.task(name="delivery.gather_export", retry=AGAIN)
def gather_export(*, owner_id: str, subject_id: str) -> None:
    """Freeze the list of an export's files, each read and checked once; what the store lost is said in the manifest."""
    org_id, export_id, store = UUID(owner_id), UUID(subject_id), blob_store()
    with transaction(org_id) as session:
        files = gathering.begin(session, export_id)
    if not files:
        return
    kept: list[ExportFile] = []
    lost: list[ExportFile] = []
    for number, file in enumerate(files, 1):
        (kept if gathering.is_kept(store, file) else lost).append(file)
        if number % _PROGRESS_EVERY == 0:
            with transaction(org_id) as session:
                gathering.tell_progress(session, export_id, done=number // 2)
    with transaction(org_id) as session:
        manifest = gathering.manifest_of(session, export_id, kept, lost)
    sha256 = store.put(org_id, manifest_bytes(manifest), media_type="application/json")
    with transaction(org_id) as session:
        gathering.finish(session, export_id, manifest=manifest, sha256=sha256, stamp=_now())


def _now() -> Stamp:
    return Stamp(None, datetime.now(UTC))
