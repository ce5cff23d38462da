"""A disk of a few megabytes, to be filled to the brim."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def can_mount() -> bool:
    """Whether this machine lets us mount a small disk."""
    return os.geteuid() == 0 and subprocess.run(["mountpoint", "-q", "/proc"], check=False).returncode == 0


class SmallDisk:
    """A mounted tmpfs; ``fill`` leaves so many bytes on it, ``empty`` gives the room back."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self._filler = place / "filler"

    @property
    def free_bytes(self) -> int:
        found = os.statvfs(self.place)
        return found.f_bavail * found.f_frsize

    def fill(self, *, leaving_bytes: int) -> None:
        size = max(0, self.free_bytes - leaving_bytes)
        with self._filler.open("ab") as file:
            os.posix_fallocate(file.fileno(), file.tell(), size)

    def empty(self) -> None:
        self._filler.unlink()


@contextmanager
def small_disk(place: Path, size_bytes: int) -> Iterator[SmallDisk]:
    """Mount a disk at ``place`` until the block ends."""
    place.mkdir(parents=True, exist_ok=True)
    options = f"size={size_bytes},mode=755"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tournee-drill", place], check=True, timeout=60)
    try:
        yield SmallDisk(place)
    finally:
        subprocess.run(["umount", "--lazy", place], check=True, timeout=60)
