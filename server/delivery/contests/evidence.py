"""Bringing evidence to an open contest: pictures that were decoded and encoded anew before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.core.acting import acting_for, acting_org
from server.core.blobs import BlobStore
from server.core.pictures import JPEG, read_picture
from server.core.problems import Conflict, Text
from server.core.stamp import Stamp
from server.delivery.contests.model import Contest, ContestEvidence, ContestState
from server.delivery.contests.queries import contest
from shared.ids import new_id

MAX_PIECES: Final = 10
MAX_NAME: Final = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """A picture that lies in the store twice: as it came, and as it is shown."""

    name: str
    sha256: str
    size_bytes: int
    shown_sha256: str
    shown_size_bytes: int


def keep_picture(store: BlobStore, owner_id: UUID, *, name: str, payload: bytes) -> Brought:
    """Keep what came and what is shown of it; never inside a transaction.

    Raises:
        PictureRefused: it is no picture that is taken.
    """
    shown = read_picture(payload).jpeg
    return Brought(
        name=name[:MAX_NAME] or "image",
        sha256=store.put(owner_id, payload, media_type="application/octet-stream"),
        size_bytes=len(payload),
        shown_sha256=store.put(owner_id, shown, media_type=JPEG),
        shown_size_bytes=len(shown),
    )


def bring(session: Session, *, contest_id: UUID, brought: Brought, by_name: str, stamp: Stamp) -> ContestEvidence:
    """Return a new piece of evidence of an open contest; the same picture again is the same piece.

    Raises:
        NotFound: there is no such contest.
        Conflict: it is closed, or has ``MAX_PIECES`` already.
    """
    me, found = acting_org(session), contest(session, contest_id)
    with acting_for(session, found.owner_id):
        session.refresh(found, with_for_update=True)
        known = session.scalars(
            select(ContestEvidence).where(
                ContestEvidence.contest_id == contest_id, ContestEvidence.sha256 == brought.sha256
            )
        ).first()
        if known is not None:
            return known
        _require_room(session, found)
        made = ContestEvidence(
            id=new_id(),
            **found.kin(),
            contest_id=contest_id,
            brought_by=me,
            brought_by_name=by_name,
            name=brought.name,
            sha256=brought.sha256,
            size_bytes=brought.size_bytes,
            shown_sha256=brought.shown_sha256,
            shown_size_bytes=brought.shown_size_bytes,
            brought_at=stamp.at,
        )
        session.add(made)
        session.flush()
    return made


def _require_room(session: Session, found: Contest) -> None:
    count = session.scalar(
        select(func.count()).select_from(ContestEvidence).where(ContestEvidence.contest_id == found.id)
    )
    if found.state is not ContestState.OPEN or (count or 0) >= MAX_PIECES:
        raise Conflict(
            Text(
                f"La contestation est close, ou a déjà {MAX_PIECES} pièces.",
                f"The contest is closed, or has {MAX_PIECES} pieces already.",
            ),
            where=str(found.id),
        )
