"""Gathering an archive of papers: each file read and checked once, with progress."""

from __future__ import annotations

from uuid import UUID

import msgspec

from server.core import clock
from server.core.blobs import BlobMissing, BlobStore, blob_store
from server.core.jobs import AGAIN, queue
from server.core.stamp import Stamp
from server.core.transaction import transaction
from server.documents.archives import service
from server.documents.archives.service import FORMAT, PaperFile, Paperless, PaperManifest
from server.documents.model import DocumentKind

_AT_ONCE = 50  # orders


@queue.task(name="documents.gather_papers", retry=AGAIN)
def gather_papers(*, owner_id: str, subject_id: str) -> None:
    """Freeze the list of an archive's files; what the store lost, and orders without paper, the manifest says."""
    org_id, archive_id, store = UUID(owner_id), UUID(subject_id), blob_store()
    with transaction(org_id) as session:
        archive = service.begin(session, archive_id)
        order_ids = list(archive.order_ids) if archive else []
        kinds = [DocumentKind(kind) for kind in archive.kinds] if archive else []
    if not order_ids:
        return
    kept: list[PaperFile] = []
    missing: list[Paperless] = []
    for at in range(0, len(order_ids), _AT_ONCE):
        with transaction(org_id) as session:
            found, without = service.papers_of(session, order_ids=order_ids[at : at + _AT_ONCE], kinds=kinds)
            service.tell_progress(session, archive_id, done=at)
        missing += without
        for file in found:
            if _is_kept(store, file):
                kept.append(file)
            else:
                missing.append(Paperless(order_number=file.order_number, billed=file.billed))
    _finish(org_id, archive_id, kept, missing)


def _finish(org_id: UUID, archive_id: UUID, kept: list[PaperFile], missing: list[Paperless]) -> None:
    now = Stamp(None, clock.now())
    manifest = PaperManifest(
        format=FORMAT, made_at=now.at, organisation_id=org_id, files=tuple(kept), missing=tuple(missing)
    )
    payload = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
    sha256 = blob_store().put(org_id, payload, media_type="application/json")
    with transaction(org_id) as session:
        service.finish(session, archive_id, manifest=manifest, sha256=sha256, stamp=now)


def _is_kept(store: BlobStore, file: PaperFile) -> bool:
    try:
        store.get(file.owner_id, file.sha256)
    except BlobMissing:
        return False
    return True
