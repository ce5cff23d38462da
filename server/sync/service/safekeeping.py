"""What a verified backup holds of the tablets' streams, so that they may let go of it one day."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.sync.model import VerifiedBackup
from server.sync.service.holding import hash_at
from server.sync.service.streams import lock_stream
from shared.ids import new_id


def note_safe(session: Session, *, device_id: UUID, seq: int, head: str) -> bool:
    """Note that a verified backup holds a stream up to ``seq``; return whether that moved anything.

    A stream that says something else at this place was restored or forked since, and keeps its word.
    """
    stream = lock_stream(session, device_id)
    if seq <= stream.safe_seq or seq > stream.last_seq or hash_at(session, device_id, seq) != head:
        return False
    stream.safe_seq = seq
    return True


def note_backup(session: Session, *, name: str, made_at: datetime, verified_at: datetime) -> None:
    """Keep that there is a verified backup; as the schema's owner."""
    session.add(VerifiedBackup(id=new_id(), name=name, made_at=made_at, verified_at=verified_at))


def backup_age(session: Session, now: datetime) -> float | None:
    """Return the age in seconds of the newest verified backup; None while there is none."""
    made_at = session.scalar(select(func.max(VerifiedBackup.made_at)))
    return None if made_at is None else max(0.0, (now - made_at).total_seconds())
