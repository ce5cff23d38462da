"""A feed's cursor as others keep it: a position that is good in one life of the database."""

from __future__ import annotations

import hashlib
from typing import Final

LONGEST: Final = 40
_TAG: Final = 12


def write_cursor(epoch: str, position: int) -> str:
    """Return the text that a reader sends next time; it says nothing to anyone else."""
    return f"{_tag(epoch)}.{position}"


def read_cursor(epoch: str, cursor: str) -> int | None:
    """Return the position, 0 of an empty cursor, None of one from another life of the database or of no feed."""
    if not cursor:
        return 0
    tag, _, position = cursor.partition(".")
    known = tag == _tag(epoch) and position.isascii() and position.isdigit()
    return int(position) if known else None


def _tag(epoch: str) -> str:
    return hashlib.sha256(epoch.encode()).hexdigest()[:_TAG]
