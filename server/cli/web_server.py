"""The web server: gunicorn with threads, in a process of its own, on a port that is free."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from types import TracebackType
from typing import Final, Self

from server.core.problems import Problem, Text
from server.core.settings import PREFIX

_PATIENCE_S: Final = 180.0
_POLL_S: Final = 0.05


class WebServerBroken(Problem):
    """The web server ended before it answered."""

    slug = "web-server-broken"
    status = 500
    title = Text("Le serveur web ne démarre pas", "The web server does not start")


class WebServer:
    """gunicorn over the application; the wanted port when it is free, else another.

    Outside a named public address, pages and tablets are told the address that really listens.
    """

    def __init__(self, *, host: str = "127.0.0.1", port: int = 8000, workers: int = 2, threads: int = 8) -> None:
        """Take the port now, so that nobody else does before the server runs."""
        self._socket = _bound(host, port)
        self.host = host
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://{'localhost' if host in {'127.0.0.1', '0.0.0.0'} else host}:{self.port}"  # noqa: S104  # compared
        self._counts = tempfile.TemporaryDirectory(prefix="tournee-metrics-")
        self._command = _command(self._socket.fileno(), workers, threads)
        self._running: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Start the server."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the server."""
        self.stop()

    def start(self) -> None:
        """Start gunicorn and wait until the application answers.

        Raises:
            WebServerBroken: gunicorn ended, or nothing answered in a minute.
        """
        own = {f"{PREFIX}PUBLIC_URL": self.url, f"{PREFIX}SECURE_COOKIES": "0"}
        named = {} if f"{PREFIX}PUBLIC_URL" in os.environ else own
        environment = os.environ | named | {"PROMETHEUS_MULTIPROC_DIR": self._counts.name}
        self._running = subprocess.Popen(self._command, pass_fds=[self._socket.fileno()], env=environment)
        self._socket.close()
        self._await_answer(self._running)

    def wait(self) -> None:
        """Wait until the server ends or the user presses Ctrl-C."""
        if self._running is not None:
            try:
                self._running.wait()
            except KeyboardInterrupt:
                return

    def stop(self) -> None:
        """End the server after the requests that it is answering."""
        if self._running is not None and self._running.poll() is None:
            self._running.send_signal(signal.SIGTERM)
            self._running.wait()
        self._counts.cleanup()

    def _await_answer(self, running: subprocess.Popen[bytes]) -> None:
        deadline_s = time.monotonic() + _PATIENCE_S
        while time.monotonic() < deadline_s and running.poll() is None:
            if _answers(f"http://{self.host}:{self.port}/healthz"):
                return
            time.sleep(_POLL_S)
        self.stop()
        raise WebServerBroken(
            Text("Voyez le journal ci-dessus, puis recommencez.", "See the log above, then try again."), where=self.url
        )


def _bound(host: str, port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(128)
    except OSError:
        listening.close()
        if port == 0:
            raise
        return _bound(host, 0)
    return listening


def _command(descriptor: int, workers: int, threads: int) -> list[str]:
    return [
        sys.executable, "-m", "gunicorn", "server.app:create_app()", "--config", "python:server.cli.web_hooks",
        "--bind", f"fd://{descriptor}", "--worker-class", "gthread",
        "--workers", str(workers), "--threads", str(threads),
        "--worker-tmp-dir", tempfile.gettempdir(), "--no-control-socket", "--log-level", "warning",
    ]  # fmt: skip


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310  # our own address
            return bool(answer.status == 200)  # noqa: PLR2004  # the status is its own name
    except (urllib.error.URLError, OSError):
        return False
