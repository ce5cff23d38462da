"""Files that a kill or a power cut leaves whole or not there: written beside, synced, renamed, their folder synced."""

from __future__ import annotations

import os
from pathlib import Path

from shared.durable import sync_folder
from shared.ids import new_id


def write_durably(path: Path, payload: bytes) -> None:
    """Put ``payload`` at ``path``, readable by its owner alone, in one step that a power cut cannot undo."""
    aside = write_beside(path, payload)
    try:
        aside.rename(path)
    except OSError:
        aside.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def write_beside(path: Path, payload: bytes) -> Path:
    """Write ``payload`` to the disk under a name of its own beside ``path`` and return that name."""
    aside = path.with_name(f".{path.name}.{new_id().hex}")  # threads of one process may race, too
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(payload)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        aside.unlink(missing_ok=True)
        raise
    return aside
