"""Commands that carry their maker's key: asked for twice, they are done once."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('once:' || :name, 0))")


def lock_key(session: Session, *, asker_id: UUID, key: UUID) -> None:
    """Let a command that is told twice at once wait for itself: who comes second finds what the first one made."""
    session.execute(_LOCK, {"name": f"{asker_id}:{key}"})
