"""The owner's end of the road engine's worker process."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import IO, Final

import msgspec

from server.planning.roads.frames import (
    Answer,
    Failure,
    FrameBroken,
    Ready,
    Request,
    RouteAnswer,
    TableAnswer,
    pack,
    read_body,
)

_STOP_TIMEOUT_S: Final = 5.0
_LAST_WORDS: Final = 500
_PROJECT: Final = Path(__file__).resolve().parents[3]


class WorkerDied(Exception):
    """The process ended, hung past its time, or spoke nonsense; ``last_words`` is the end of its log."""

    def __init__(self, last_words: str) -> None:
        """Keep the log's end."""
        super().__init__(last_words)
        self.last_words = last_words


class WorkerProcess:
    """One running worker with one open network. Not safe for threads: its owner locks."""

    def __init__(self, folder: Path, *, timeout_s: float) -> None:
        """Start the process and wait until the network is open.

        Raises:
            WorkerDied: it ended first, or refused the network.
        """
        self._timeout_s = timeout_s
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 — lives as long as the process
        self._process = subprocess.Popen(
            [sys.executable, "-m", "server.planning.roads.worker", str(folder.resolve())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            cwd=_PROJECT,
        )
        greeting = self._receive()
        if not isinstance(greeting, Ready):
            last_words = greeting.reason if isinstance(greeting, Failure) else type(greeting).__name__
            self.stop()
            raise WorkerDied(last_words)

    @property
    def pid(self) -> int:
        """Return the process id."""
        return self._process.pid

    def ask(self, request: Request) -> Answer:
        """Return the worker's answer.

        Raises:
            WorkerDied: none came.
        """
        assert self._process.stdin is not None  # noqa: S101 — opened as a pipe above
        try:
            self._process.stdin.write(pack(request))
            self._process.stdin.flush()
        except OSError as error:
            raise WorkerDied(self._last_words()) from error
        return self._receive()

    def stop(self) -> None:
        """End the process and free what it held; safe to call on a dead one."""
        self._process.kill()
        self._process.wait(_STOP_TIMEOUT_S)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                _close_quietly_broken(pipe)
        self._log.close()

    def _receive(self) -> Answer:
        # Killing the process is what ends a read that hangs: pipes have no time limit of their own.
        watchdog = threading.Timer(self._timeout_s, self._process.kill)
        watchdog.daemon = True
        watchdog.start()
        try:
            return self._read_answer()
        except (FrameBroken, msgspec.DecodeError, OSError) as error:
            raise WorkerDied(self._last_words()) from error
        finally:
            watchdog.cancel()

    def _read_answer(self) -> Answer:
        assert self._process.stdout is not None  # noqa: S101 — opened as a pipe above
        body = read_body(self._process.stdout)
        if body is None:
            raise FrameBroken
        return msgspec.msgpack.decode(body, type=Ready | TableAnswer | RouteAnswer | Failure)

    def _last_words(self) -> str:
        size = self._log.seek(0, 2)
        self._log.seek(max(0, size - _LAST_WORDS))
        return self._log.read().decode("utf-8", "replace").strip()


def _close_quietly_broken(pipe: IO[bytes]) -> None:
    try:
        pipe.close()
    except BrokenPipeError:
        return  # unsent bytes to a dead worker: nobody waits for them
