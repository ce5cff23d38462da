"""Folders whose names survive a power cut: a file is only as safe as the path that leads to it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def make_folder(folder: Path, *, above: int = 0o700) -> None:
    """Make a private folder and those above it that are missing; when this returns, a power cut cannot unmake them.

    Those above get the mode ``above``.
    The name of the folder itself is synchronised each time: an earlier start may have died just before.
    """
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    for one in reversed(missing):
        one.mkdir(mode=0o700 if one == folder else above, exist_ok=True)
        sync_folder(one.parent)
    with suppress(PermissionError):  # a parent that we may not read is one that the system made for us
        sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk, where the system knows how."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
