"""Whether a process is the server that a folder's files speak of, and its end."""

from __future__ import annotations

import os
import select
import signal
from pathlib import Path


def was_started_with(pid: int, argument: bytes) -> bool:
    """Tell whether the process lives and has ``argument`` on its command line.

    Numbers of processes are used again, this line is not; and a command line may be read by everybody, also where root
    may not look into other users' processes.
    """
    try:
        return argument in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False


def stop(pid: int, how: signal.Signals, patience_s: float) -> bool:
    """Ask the process to end; return whether it did within ``patience_s`` seconds, files and ports let go.

    Its command line is no witness of that: a process that ends loses it first, and its files, locks and ports after.
    """
    try:
        server = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        signal.pidfd_send_signal(server, how)
        end = select.poll()
        end.register(server, select.POLLIN)
        return bool(end.poll(patience_s * 1_000))
    except ProcessLookupError:
        return True
    finally:
        os.close(server)
