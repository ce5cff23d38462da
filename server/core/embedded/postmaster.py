"""The process of a PostgreSQL server: found through its own files, and never mistaken for another."""

from __future__ import annotations

import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from server.core.embedded.running import stop, was_started_with

_STOP_PATIENCE_S: Final = 120.0
_SOCKET_LINE: Final = 4  # of postmaster.pid, counted from 0


@dataclass(frozen=True, slots=True)
class Postmaster:
    """A server's first process, and the folder of its socket."""

    pid: int
    cluster: Path
    sockets: Path
    child: subprocess.Popen[bytes] | None = None

    def is_alive(self) -> bool:
        """Tell whether the server still runs; a child that ended is laid to rest."""
        if self.child is not None:
            return self.child.poll() is None
        return was_started_with(self.pid, os.fsencode(self.cluster))

    def shut_down(self, how: signal.Signals) -> bool:
        """Ask the server to stop and wait for it; return whether it did."""
        ended = stop(self.pid, how, _STOP_PATIENCE_S)
        if self.child is not None:
            self.child.poll()  # one that ended is laid to rest
        return ended


def running_postmaster(cluster: Path) -> Postmaster | None:
    """Return the server that runs on ``cluster``, or None; a file left by a dead server counts for nothing."""
    try:
        lines = (cluster / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        pid = int(lines[0])
        sockets = Path(lines[_SOCKET_LINE])
    except (FileNotFoundError, IndexError, ValueError):
        return None
    return Postmaster(pid, cluster, sockets) if was_started_with(pid, os.fsencode(cluster)) else None


def forget_dead(cluster: Path, sockets: Path) -> bool:
    """Remove the lock files of a dead server whose number another process than one of ``cluster`` has; say whether.

    PostgreSQL starts nowhere while such a number lives: one that was given out again, or a child that nobody laid to
    rest. The files stay while any process works in the cluster's folder, as a killed server's last children do.
    """
    if running_postmaster(cluster) is not None or _is_worked_in(cluster):
        return False
    for lock in (cluster / "postmaster.pid", *sockets.glob(".s.PGSQL.*.lock")):
        lock.unlink(missing_ok=True)
    return True


def _is_worked_in(folder: Path) -> bool:
    """Tell whether some process of ours has the folder as its own; where nobody can tell, say so that one has."""
    running = Path("/proc")
    if not running.is_dir():
        return True
    return any(_works_in(one / "cwd", folder) for one in running.iterdir() if one.name.isdecimal())


def _works_in(place: Path, folder: Path) -> bool:
    try:
        return place.samefile(folder)
    except OSError:  # it ended, or is another user's, who cannot enter the folder
        return False
