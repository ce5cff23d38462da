"""Files that events of a tablet name and the office has not: never come yet, or lost by a store that was put back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from server.core.acting import acting_org
from server.core.blobs import BlobStore
from server.sync.model import Attachment, VerifiedBackup
from shared.wire.limits import MAX_MISSING_FILES

LOOKED_BACK: Final = timedelta(days=60)
"""Tablets keep a file for two weeks, or until a backup holds it: what is older they have let go."""

# The order turns with every asking: files that nobody can give any more do not hide the others behind the bound.
_MISSING = text("""
    WITH named AS (
        SELECT unnest(files) AS sha256 FROM device_event
        WHERE owner_id = :owner AND device_id = :device AND received_at >= :since
        UNION SELECT unnest(files) FROM stray_push
        WHERE owner_id = :owner AND device_id = :device AND received_at >= :since
    )
    SELECT n.sha256 FROM named n
    WHERE NOT EXISTS (
        SELECT 1 FROM attachment a
        WHERE a.owner_id = :owner AND a.sha256 = n.sha256 AND a.complete_at IS NOT NULL
    )
    ORDER BY md5(n.sha256 || :turn) LIMIT :most
""")


def missing_files(session: Session, *, device_id: UUID, now: datetime) -> tuple[str, ...]:
    """Return the sha256 of files that this tablet's events name and the office has not, at most a bounded number.

    Whatever became of the events: a person who decides about a parked one wants to see its photos, and the branch of a
    forked tablet is evidence with its files.
    """
    found = session.scalars(
        _MISSING,
        {
            "owner": acting_org(session),
            "device": device_id,
            "since": now - LOOKED_BACK,
            "turn": now.isoformat(),
            "most": MAX_MISSING_FILES,
        },
    )
    return tuple(found)


def safe_until(session: Session) -> datetime | None:
    """Return until when a verified backup holds whatever was received; None while there is none."""
    return session.scalar(select(func.max(VerifiedBackup.made_at)))


def note_lost(session: Session, store: BlobStore) -> tuple[str, ...]:
    """Note which files of the acting carrier the store has lost, so that tablets offer them again; return them.

    The store is listed once; a file that only just came is looked for by its name before it counts as lost.
    """
    known = set(
        session.scalars(
            select(Attachment.sha256).where(
                Attachment.owner_id == acting_org(session),
                Attachment.complete_at.is_not(None),
                Attachment.purged_at.is_(None),
            )
        )
    )
    lost = sorted(known - set(store.names(acting_org(session))))
    gone = tuple(one for one in lost if not store.has(acting_org(session), one))
    note_missing(session, gone)
    return gone


def note_missing(session: Session, names: Iterable[str]) -> None:
    """Note that these files of the acting organisation are nowhere, so that tablets offer them again.

    What retention purged is not missing; a shown copy that is gone is made again from its original.
    """
    names = list(names)
    ours = (Attachment.owner_id == acting_org(session), Attachment.purged_at.is_(None))
    session.execute(
        update(Attachment).where(*ours, Attachment.sha256.in_(names)).values(complete_at=None, received_bytes=0)
    )
    session.execute(update(Attachment).where(*ours, Attachment.served_sha256.in_(names)).values(served_sha256=""))
