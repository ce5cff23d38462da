"""The office as it is shipped: ``tournee serve`` and ``tournee worker`` as processes, to be killed one by one."""

from __future__ import annotations

import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psutil

from tests.factories.nursery import Born, born

ROOT: Final = Path(__file__).parents[2]
_PATIENCE_S: Final = 120.0


def free_port() -> int:
    """Return a port of the loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def tournee(*arguments: str, environment: Mapping[str, str], said: Path) -> Born:
    """Start one command of the product; its words go to ``said``."""
    with said.open("ab") as log:
        return born("tournee", arguments, environment={**environment, "PYTHONPATH": str(ROOT)}, said=log.fileno())


@dataclass
class WebOffice:
    """gunicorn under ``tournee serve``."""

    port: int
    command: Born
    host: str = "127.0.0.1"
    url: str = field(init=False)

    def __post_init__(self) -> None:
        self.url = f"http://{self.host}:{self.port}"

    @property
    def workers(self) -> list[psutil.Process]:
        """The processes that answer: gunicorn's children."""
        return [worker for arbiter in psutil.Process(self.command.pid).children() for worker in arbiter.children()]

    def is_ready(self, probe: str = "readyz") -> bool:
        """Whether it answers, and database, schema, disk and store are ready, too."""
        try:
            with urllib.request.urlopen(f"{self.url}/{probe}", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def await_ready(self, probe: str = "readyz") -> None:
        """Wait until it says so."""
        deadline_s = time.monotonic() + _PATIENCE_S
        while not self.is_ready(probe):
            assert self.command.poll() is None, "the office ended"
            assert time.monotonic() < deadline_s, "the office does not come up"
            time.sleep(0.1)


@contextmanager
def web_office(
    environment: Mapping[str, str],
    said: Path,
    *,
    workers: int = 1,
    is_ready: bool = True,
    host: str = "127.0.0.1",
) -> Iterator[WebOffice]:
    """Serve until the block ends; ``is_ready`` is what to wait for, or only for an answer."""
    port = free_port()
    options = ("--host", host, "--port", str(port), "--workers", str(workers))
    command = tournee("serve", *options, environment=environment, said=said)
    office = WebOffice(port, command, host)
    try:
        office.await_ready("readyz" if is_ready else "healthz")
        yield office
    finally:
        end(command)


def end(command: Born) -> None:
    """End a command and all that it started."""
    with suppress(psutil.NoSuchProcess):
        family = psutil.Process(command.pid).children(recursive=True)
        command.terminate()
        with suppress(subprocess.TimeoutExpired):
            command.wait(timeout=20)
        for one in family:
            with suppress(psutil.NoSuchProcess):
                one.kill()  # by what it is, not by a number that may be another's by now
    command.kill()
    command.wait(timeout=_PATIENCE_S)
