"""Which files and folders were brought to the disk, by a recorder before the system's own ``fsync``."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def note_syncs(patch: pytest.MonkeyPatch) -> list[Path]:
    """Return the list that grows by the present path of each file and folder that is synced from now on."""
    noted: list[Path] = []
    sync = os.fsync

    def note_and_sync(descriptor: int) -> None:
        noted.append(Path(f"/proc/self/fd/{descriptor}").readlink())
        sync(descriptor)

    patch.setattr(os, "fsync", note_and_sync)
    return noted
