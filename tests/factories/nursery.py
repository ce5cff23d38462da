"""``python -m tests.factories.nursery FD``: has read the product's code once, and forks the processes that drills kill.

What is born here is a process of its own, with its own settings, connections and death; it is only spared the seconds
of reading the same modules from disk. ``born`` asks for one and answers as ``subprocess.Popen`` does.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Never

ROOT: Final = Path(__file__).parents[2]
FD: Final = "{fd}"
"""Stands for the number that the inherited descriptor has in the new process."""
_LONGEST_WISH: Final = 150_000
_BIRTH_S: Final = 120.0
"""The first birth waits for the nursery to have read the product's code."""
_LEAVE_S: Final = 20.0
_KILLED: Final = -signal.SIGKILL
_COUNTS: Final = "PROMETHEUS_MULTIPROC_DIR"


class Born:
    """A process of the nursery, held as ``subprocess.Popen`` holds one."""

    def __init__(self, line: socket.socket, arguments: Sequence[str]) -> None:
        self._line, self.args = line, arguments
        self._reading = threading.Lock()
        self.pid = _first_word(line, arguments)
        self.returncode: int | None = None

    def poll(self) -> int | None:
        with self._reading:
            if self.returncode is None and select.select([self._line], [], [], 0)[0]:
                said = self._line.recv(16)
                self.returncode = int(said) if said else _KILLED
                self._line.close()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        ends_s = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if ends_s is not None and time.monotonic() > ends_s:
                raise subprocess.TimeoutExpired(self.args, timeout or 0.0)
            time.sleep(0.01)
        return code

    def kill(self) -> None:
        self._send(signal.SIGKILL)

    def terminate(self) -> None:
        self._send(signal.SIGTERM)

    def _send(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)


def _first_word(line: socket.socket, arguments: Sequence[str]) -> int:
    line.settimeout(_BIRTH_S)
    try:
        said = line.recv(16)
    except TimeoutError:
        raise AssertionError(f"the nursery has started no {' '.join(arguments)} in {_BIRTH_S:g} s") from None
    assert said, f"the nursery could not start {' '.join(arguments)}; its words are on the error output"
    return int(said)


def born(
    place: str, arguments: Sequence[str], *, environment: Mapping[str, str], said: int, inherits: int | None = None
) -> Born:
    """Let ``place`` run in a new process: ``tournee``, ``dying``, which dies where it is told, or ``driver``, a tablet.

    ``said`` is where its words go; ``inherits`` a descriptor whose number there stands for ``FD`` in the arguments.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    wish = json.dumps({"place": place, "arguments": list(arguments), "environment": dict(environment)}).encode()
    descriptors = [theirs.fileno(), said, *([] if inherits is None else [inherits])]
    socket.send_fds(_nursery(), [wish], descriptors)
    theirs.close()
    return Born(ours, arguments)


def let_drive(
    arguments: Sequence[str], *, environment: Mapping[str, str], said: Path, patience_s: float
) -> tuple[int, list[dict[str, Any]]]:
    """Let a scripted driver do a sitting in a process of its own; return how it ended and the phases that it told.

    Its words are kept in ``said``.
    """
    with said.open("w+b") as words:
        driver = born("driver", arguments, environment=environment, said=words.fileno())
        try:
            code = driver.wait(timeout=patience_s)
        finally:
            driver.kill()
    lines = said.read_text(encoding="utf-8").splitlines()
    return code, [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]


@cache
def _nursery() -> socket.socket:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    command = [sys.executable, "-m", "tests.factories.nursery", str(theirs.fileno())]
    running = subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        pass_fds=[theirs.fileno()],
        start_new_session=True,
    )
    theirs.close()

    def leave() -> None:
        ours.close()
        try:
            running.wait(_LEAVE_S)
        except subprocess.TimeoutExpired:
            running.kill()

    atexit.register(leave)
    return ours


def main(descriptor: int) -> int:
    """Answer wishes until nobody can have one any more."""
    os.environ[_COUNTS] = counts = tempfile.mkdtemp(prefix="nursery-")
    _read_everything()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    wishes = socket.socket(fileno=descriptor)
    while True:
        wish, descriptors, *_ = socket.recv_fds(wishes, _LONGEST_WISH, 3)
        if not wish:
            shutil.rmtree(counts, ignore_errors=True)
            return 0
        if os.fork() == 0:
            wishes.close()
            _attend(json.loads(wish), descriptors)
        for one in descriptors:
            os.close(one)


def _read_everything() -> None:
    """Do once what every process of the product does first: its answers need no database."""
    from server import worker

    import_module("driver_app.headless.__main__")
    import_module("tests.factories.dying").app_as_set()
    worker._prepare()
    gc.freeze()


def _attend(wish: Mapping[str, Any], descriptors: Sequence[int]) -> Never:
    """Fork the wished process, say its number, and how it ended; kill it when nobody listens any more."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    line, said, *inherited = descriptors
    if (pid := os.fork()) == 0:
        os.close(line)
        _live(wish, said, inherited)
    os.write(line, str(pid).encode())
    for one in (said, *inherited):
        os.close(one)
    ending = os.pidfd_open(pid)
    select.select([ending, line], [], [])  # the line says nothing in this direction but that its other end is gone
    if not select.select([ending], [], [], 0)[0]:
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)  # it and what it started
        os.kill(pid, signal.SIGKILL)  # or it alone, where it is no group yet
    _, status = os.waitpid(pid, 0)
    with suppress(BrokenPipeError):
        os.write(line, str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def _live(wish: Mapping[str, Any], said: int, inherited: Sequence[int]) -> Never:
    from server.core.settings import reload_settings

    os.setsid()
    os.dup2(said, 1)
    os.dup2(said, 2)
    counts = {_COUNTS: os.environ[_COUNTS]}  # the product's counters were made for a folder that several write to
    os.environ.clear()
    os.environ.update(counts | wish["environment"])
    tempfile.tempdir = None
    reload_settings()
    number = str(inherited[0]) if inherited else ""
    _end(_run, wish["place"], [one.replace(FD, number) for one in wish["arguments"]])


def _run(place: str, arguments: list[str]) -> int:
    if place == "driver":
        from driver_app.headless.__main__ import main

        return main(arguments)
    if place == "dying":
        from tests.factories import dying

        return dying.main(arguments)
    import server.cli
    import server.cli.web_server as web

    web.subprocess = _Forking  # type: ignore[assignment]  # gunicorn is forked as well, and finds the code read
    sys.argv = ["tournee", *arguments]
    return server.cli.main() or 0


class _Forking:
    """What ``tournee serve`` needs of ``subprocess``: gunicorn's command runs in a fork."""

    class Popen[_]:
        def __init__(self, command: Sequence[str], *, env: Mapping[str, str], pass_fds: Sequence[int]) -> None:
            del pass_fds  # a fork has every descriptor of its parent
            self._returncode: int | None = None
            if (pid := os.fork()) == 0:
                os.environ.clear()
                os.environ.update(env)
                _end(_gunicorn, command[3:])
            self._pid = pid

        def poll(self) -> int | None:
            return self._await(os.WNOHANG)

        def wait(self) -> int | None:
            return self._await(0)

        def send_signal(self, number: int) -> None:
            os.kill(self._pid, number)

        def _await(self, how: int) -> int | None:
            if self._returncode is None:
                pid, status = os.waitpid(self._pid, how)
                self._returncode = os.waitstatus_to_exitcode(status) if pid else None
            return self._returncode


def _gunicorn(arguments: Sequence[str]) -> int:
    from gunicorn.app.wsgiapp import run

    sys.argv = ["gunicorn", *arguments]
    run(prog="gunicorn")
    return 0


def _end(work: Any, *arguments: Any) -> Never:
    """Do the work as a whole process does, and leave nothing of the nursery's to be done again."""
    code = 1
    try:
        code = work(*arguments)
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        if isinstance(ended.code, str):
            sys.stderr.write(ended.code + "\n")
    except BaseException:  # noqa: BLE001  # whatever a process dies of, its words come out
        sys.excepthook(*sys.exc_info())
    finally:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
