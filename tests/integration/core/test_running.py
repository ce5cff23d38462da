"""A server that is asked to stop: believed when its process has ended, and not before."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from server.core.embedded.running import stop, was_started_with

LINGERS = "trap 'exec sleep 0.5' TERM; echo ready; while :; do sleep 0.01; done"
IGNORES = "trap '' TERM; echo ready; while :; do sleep 0.01; done"


@contextmanager
def running(script: str) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["bash", "-c", script, "server", "its-folder"], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        try:
            yield process
        finally:
            process.kill()


def test_one_that_lost_its_command_line_is_waited_for() -> None:
    """Platform: what stops a store leaves its files and ports to the next; a process loses its name before them."""
    with running(LINGERS) as process:
        assert was_started_with(process.pid, b"its-folder")
        assert stop(process.pid, signal.SIGTERM, 30)
        assert process.poll() is not None
        assert not was_started_with(process.pid, b"its-folder")
    assert stop(process.pid, signal.SIGTERM, 30)


def test_one_that_does_not_listen_is_said_to_run() -> None:
    """Platform: patience ends, and what runs is not said to have stopped."""
    with running(IGNORES) as process:
        assert not stop(process.pid, signal.SIGTERM, 0.2)
        assert process.poll() is None
