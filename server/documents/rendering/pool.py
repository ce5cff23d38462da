"""Rendering in processes of its own: bounded time, bounded memory, and a crash that takes nothing else with it.

Threads gain nothing in typesetting and a runaway document must not take its caller down, so each worker is a
separate Python process that serves one request at a time over a pipe.
"""

from __future__ import annotations

import queue
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from multiprocessing.connection import Connection, Pipe
from typing import Self

import msgspec

from server.core.problems import Problem, Text
from server.documents.rendering.exchange import Answer, Request
from server.documents.rendering.papers import PacketItem, Paper
from server.documents.rendering.render import PaperRefused
from shared.problems import Language

DEFAULT_TIMEOUT_S = 30.0
DEFAULT_MEMORY_BYTES = 2 * 1024**3
RECYCLE_AFTER = 500
STOP_TIMEOUT_S = 5.0


class RenderingTooSlow(Problem):
    """A document took longer than its limit; its process was ended."""

    slug = "rendering-too-slow"
    status = 503
    title = Text("Composition trop longue", "Rendering too slow")


class RendererDied(Problem):
    """The process that typeset a document ended, by its memory limit or otherwise."""

    slug = "renderer-died"
    status = 503
    title = Text("Composition interrompue", "Rendering interrupted")


class PoolClosed(Problem):
    """A document was asked from a pool that is closed."""

    slug = "render-pool-closed"
    status = 503
    title = Text("Service de composition arrêté", "Rendering service stopped")


class RenderPool:
    """At most ``workers`` rendering processes, started when first needed. Safe to share between threads."""

    def __init__(
        self,
        *,
        workers: int = 1,
        timeout_s: float = DEFAULT_TIMEOUT_S,
        memory_bytes: int = DEFAULT_MEMORY_BYTES,
    ) -> None:
        """Keep the limits; nothing is started yet."""
        self._timeout_s = timeout_s
        self._memory_bytes = memory_bytes
        self._closed = False
        self._seats: queue.LifoQueue[_Worker | None] = queue.LifoQueue()
        for _ in range(workers):
            self._seats.put(None)

    def render(self, paper: Paper, *, language: Language, issued_at: datetime) -> bytes:
        """Return what ``render`` returns for one paper.

        Raises:
            RenderingTooSlow: it took longer than the limit.
            RendererDied: its process ended.
            PoolClosed: the pool is closed.
            PaperRefused: any problem of the paper itself; the slug of ``members["cause"]`` says which.
        """
        return self._ask(Request(items=(PacketItem(paper=paper, language=language),), issued_at=issued_at))

    def render_packet(self, items: Sequence[PacketItem], *, title: str, author: str, issued_at: datetime) -> bytes:
        """Return what ``render_packet`` returns.

        Raises:
            As ``render``.
        """
        return self._ask(Request(items=tuple(items), issued_at=issued_at, title=title, author=author, packet=True))

    def close(self) -> None:
        """End every process; documents asked for afterwards are refused."""
        self._closed = True
        for _ in range(self._seats.qsize()):
            worker = self._seats.get()
            if worker is not None:
                worker.stop()
            self._seats.put(None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(self, request: Request) -> bytes:
        with self._seat() as worker:
            answer = worker.ask(request, self._timeout_s)
        if answer.problem is not None:
            raise PaperRefused(
                Text(answer.problem.fr, answer.problem.en), where=answer.problem.where, cause=answer.problem.slug
            )
        return answer.pdf

    @contextmanager
    def _seat(self) -> Iterator[_Worker]:
        """Lend a worker; one that failed or is worn out is ended and its seat left empty."""
        worker = self._seats.get()
        kept = None
        try:
            if self._closed:
                raise PoolClosed(
                    Text(
                        "Le service de composition est arrêté; réessayez.", "The rendering service stopped; try again."
                    )
                )
            worker = worker or _Worker(self._memory_bytes)
            yield worker
            kept = worker if worker.served < RECYCLE_AFTER and not self._closed else None
        finally:
            try:
                if worker is not None and kept is None:
                    worker.stop()
            finally:
                self._seats.put(kept)  # whatever happens: a seat that is lost is waited for without end


class _Worker:
    """One process and its pipe."""

    def __init__(self, memory_bytes: int) -> None:
        self.served = 0
        self._pipe: Connection
        self._pipe, theirs = Pipe()
        command = [sys.executable, "-m", "server.documents.rendering.worker", str(theirs.fileno()), str(memory_bytes)]
        try:
            self._running = subprocess.Popen(command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)
        finally:
            theirs.close()

    def ask(self, request: Request, timeout_s: float) -> Answer:
        try:
            self._pipe.send_bytes(msgspec.json.encode(request))
            if not self._pipe.poll(timeout_s):
                raise RenderingTooSlow(
                    Text(
                        f"Le document n’était pas composé après {timeout_s:g} secondes. Réduisez-le ou réessayez.",
                        f"The document was not typeset after {timeout_s:g} seconds. Make it smaller or try again.",
                    )
                )
            answer = msgspec.msgpack.decode(self._pipe.recv_bytes(), type=Answer)
        except (EOFError, OSError) as error:
            raise RendererDied(
                Text(
                    "La composition du document s’est interrompue. Réessayez; si cela se répète, réduisez le document.",
                    "The typesetting of the document was interrupted. Try again; if it recurs, make it smaller.",
                )
            ) from error
        self.served += 1
        return answer

    def stop(self) -> None:
        self._pipe.close()
        self._running.kill()
        self._running.wait(STOP_TIMEOUT_S)
