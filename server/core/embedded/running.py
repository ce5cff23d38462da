"""Whether a process is the server that a folder's files speak of."""

from __future__ import annotations

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
