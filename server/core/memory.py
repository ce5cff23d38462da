"""What a transaction read once, and need not ask again: locked rows, and rows that nobody changes."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy.orm import Session

_KEY: Final = "memory"


def remembered(session: Session, topic: str) -> dict[Any, Any]:
    """Return what the transaction noted under a topic, to read and to add to; empty after a savepoint failed.

    Only what does not change under the transaction belongs here: rows that it locked, rows that are written once, and
    settings of which one reading holds for the whole transaction.
    """
    topics: dict[str, dict[Any, Any]] = session.info.setdefault(_KEY, {})
    return topics.setdefault(topic, {})


def forget(session: Session) -> None:
    """Forget everything: locks taken inside a savepoint end with it, and its objects are read again."""
    session.info.pop(_KEY, None)
