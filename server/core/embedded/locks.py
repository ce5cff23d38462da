"""Locks between processes that vanish with the process that holds them, kill -9 included."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from server.core.problems import Problem, Text

PATIENCE_S: Final = 600.0
_POLL_S: Final = 0.02


class StillHeld(Problem):
    """Another process holds a lock file and does not come to an end."""

    slug = "lock-still-held"
    status = 503
    title = Text("Un autre processus n’en finit pas", "Another process does not come to an end")


@contextmanager
def exclusive(path: Path, *, patience_s: float = PATIENCE_S) -> Iterator[None]:
    """Hold the lock file alone; waits for whoever holds it, e.g. while it recovers a database.

    Raises:
        StillHeld: it was not given back in time.
    """
    descriptor = _open(path)
    try:
        _await_turn(descriptor, path, patience_s)
        yield
    finally:
        os.close(descriptor)


def _await_turn(descriptor: int, path: Path, patience_s: float) -> None:
    ends_s = time.monotonic() + patience_s
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > ends_s:
                raise StillHeld(
                    Text(
                        f"Verrou tenu depuis {patience_s:.0f} s; terminer le processus qui le tient (fuser).",
                        f"Lock held for {patience_s:.0f} s; end the process that holds it (fuser).",
                    ),
                    where=str(path),
                ) from None
            time.sleep(_POLL_S)
        else:
            return


class Users:
    """Who uses a server: each process holds a share, and the last one to leave knows it."""

    def __init__(self, path: Path) -> None:
        """Name the lock file; nothing is held yet."""
        self._path = path
        self._descriptor: int | None = None

    def join(self) -> None:
        """Take a share; twice is once."""
        if self._descriptor is None:
            self._descriptor = _open(self._path)
            fcntl.flock(self._descriptor, fcntl.LOCK_SH)

    def leave(self) -> bool:
        """Give the share back; return whether nobody else holds one."""
        if self._descriptor is None:
            return False
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        else:
            return True
        finally:
            os.close(self._descriptor)
            self._descriptor = None


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
