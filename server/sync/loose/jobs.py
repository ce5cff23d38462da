"""Taking loose files out of the store: the rows first, the bytes by a job of the same transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import batched
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from server.core import clock
from server.core.acting import acting_org
from server.core.blobs import blob_store
from server.core.jobs import AGAIN, enqueue, queue
from server.core.stamp import Stamp
from server.core.transaction import transaction
from server.sync.loose import service
from server.sync.loose.service import LooseFile
from server.sync.service.absent import note_missing
from server.sync.service.purging import note_purged

_AT_ONCE: Final = 5_000
_NAMES_A_JOB: Final = 200


@dataclass(slots=True)
class Gone:
    """How many files went, or would, and their bytes."""

    files: int = 0
    size_bytes: int = 0


def purge_loose(owner_id: UUID, *, before: datetime, dry_run: bool) -> Gone:
    """Purge a carrier's pictures of before an instant that no proof holds; their hashes stay, as purged."""

    def find(session: Session, after: str) -> Sequence[LooseFile]:
        return service.past_time(session, before=before, after=after, limit=_AT_ONCE)

    def mark(session: Session, files: Sequence[LooseFile]) -> None:
        note_purged(session, [one.sha256 for one in files], stamp=Stamp(None, clock.now()))

    return _take_out(owner_id, find, mark, dry_run=dry_run)


def sweep_unnamed(owner_id: UUID, *, before: datetime, dry_run: bool) -> Gone:
    """Let go of a carrier's files of before an instant that no event names, and never did."""

    def find(session: Session, after: str) -> Sequence[LooseFile]:
        return service.unnamed(session, before=before, after=after, limit=_AT_ONCE)

    return _take_out(owner_id, find, service.let_go, dry_run=dry_run)


@queue.task(name="sync.forget_files", retry=AGAIN)
def forget_files(*, owner_id: str, names: str) -> None:
    """Delete these objects (sha256, with commas between) from the store, but for what a row names again or still.

    A file that was sent anew at the very moment is noted as missing, so that its tablet is asked for it.
    """
    store, org_id = blob_store(), UUID(owner_id)
    with transaction(org_id) as session:
        loose = service.named_by_nothing(session, names.split(","))
    for sha256 in loose:
        store.forget(org_id, sha256)
    with transaction(org_id) as session:
        still = set(service.named_by_nothing(session, loose))
    back = [one for one in loose if one not in still and not store.has(org_id, one)]
    with transaction(org_id) as session:
        note_missing(session, back)


def _take_out(
    owner_id: UUID,
    find: Callable[[Session, str], Sequence[LooseFile]],
    mark: Callable[[Session, Sequence[LooseFile]], None],
    *,
    dry_run: bool,
) -> Gone:
    """Go through what is loose once, a page a transaction, by a cursor: what stays hides nothing behind it."""
    gone, after = Gone(), ""
    while True:
        with transaction(owner_id) as session:
            files = find(session, after)
            forgotten = [] if dry_run else _marked(session, files, mark)
        if not files:
            return gone
        for names in forgotten:
            forget_files(owner_id=str(owner_id), names=names)
        after = files[-1].sha256
        gone.files += len(files)
        gone.size_bytes += sum(one.size_bytes for one in files)


def _marked(
    session: Session, files: Sequence[LooseFile], mark: Callable[[Session, Sequence[LooseFile]], None]
) -> list[str]:
    """Let the rows of these files go and leave jobs for their objects and the copies of them; return the jobs' names.

    The jobs are for a run that is killed: whoever calls deletes the objects at once.
    """
    copies = service.copies_of(session, files)
    mark(session, files)
    jobs = [",".join(some) for some in batched([*(one.sha256 for one in files), *copies], _NAMES_A_JOB)]
    for names in jobs:
        key = f"forget:{names[:64]}"
        enqueue(session, forget_files, key=key, owner_id=str(acting_org(session)), names=names)
    return jobs
