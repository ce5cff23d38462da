"""The office of a rehearsed day: the real application, which dies around its commits when it is told to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib import import_module
from typing import Any, Final

from flask import Flask
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from driver_app.sync.transport import Answer
from server.core import blobs
from server.rehearsal.doorway import Request, ask
from server.rehearsal.injected import Chance, Injected
from server.rehearsal.patches import Patch, patched
from server.sync.service import attachments

TABLETS_DOORS: Final = "server.sync.api.tablets"
"""Named, because its package calls a blueprint by the module's name."""


class OfficeKilled(BaseException):
    """The web process is gone: nobody handles this, what was not committed is rolled back, nobody answers."""


class Hazard:
    """Kills the office at one of the places where it may die; armed only while it answers a call."""

    def __init__(self, chance: Chance, injected: Injected, share: float) -> None:
        """Take the share of places at which it dies."""
        self._chance, self._injected, self._share = chance, injected, share
        self._armed = False
        self._within = ""

    def disarm(self) -> None:
        """Kill nobody any more."""
        self._share = 0.0

    def reach(self, place: str) -> None:
        """Die here, perhaps."""
        if place == "after_commit":
            self._within = ""
        if self._armed and self._chance.hits(self._share):
            self._armed = False
            self._injected.kill_office(self._within or place)
            raise OfficeKilled(place)

    def enter(self, stretch: str) -> None:
        """Name what lies between here and the end of the next transaction: a death in it is counted under this name."""
        self._within = stretch

    @contextmanager
    def unarmed(self) -> Iterator[None]:
        """Kill nobody inside the block."""
        was_armed, self._armed = self._armed, False
        try:
            yield
        finally:
            self._armed = was_armed

    @contextmanager
    def armed(self) -> Iterator[None]:
        """Let the office die inside the block."""
        self._armed = True
        try:
            yield
        finally:
            self._armed, self._within = False, ""


class Office:
    """Answers requests until it is killed; the next request finds it started again."""

    def __init__(self, app: Flask, hazard: Hazard) -> None:
        """Take the application and what may kill it."""
        self._app, self._hazard = app, hazard
        self.after_answer: Callable[[], None] = lambda: None

    def linger(self, places: int) -> None:
        """Stay at work for a while after an answer: so many more places to die at."""
        for _ in range(places):
            self._hazard.reach("owed")

    def enter(self, stretch: str) -> None:
        """Name the rest of what is under way, until its commit."""
        self._hazard.enter(stretch)

    def safely(self) -> AbstractContextManager[None]:
        """Let nothing kill the office inside the block."""
        return self._hazard.unarmed()

    def answer(self, request: Request) -> Answer:
        """Return the answer.

        Raises:
            OfficeKilled: it died on the way; what it committed before stands.
        """
        with self._hazard.armed():
            answer = ask(self._app, request)
            self.after_answer()
        return answer


@contextmanager
def mortal(hazard: Hazard) -> Iterator[None]:
    """Let the office die around each commit, at each savepoint, and between file and row, inside the block."""

    def before(session: Session) -> None:
        if not session.in_nested_transaction():
            hazard.reach("before_commit")

    def after(session: Session) -> None:
        if not session.in_nested_transaction():
            hazard.reach("after_commit")

    def released(*_: Any) -> None:
        hazard.reach("savepoint")

    watched = ((Session, "before_commit", before), (Session, "after_commit", after),
               (Engine, "release_savepoint", released))  # fmt: skip
    for target, name, listener in watched:
        event.listen(target, name, listener)
    try:
        with patched(_files(hazard)):
            yield
    finally:
        for target, name, listener in watched:
            event.remove(target, name, listener)


def _files(hazard: Hazard) -> Iterator[Patch]:
    put, append = blobs.LocalBlobStore.put, attachments.append_chunk

    def put_and_reach(*arguments: Any, **named: Any) -> str:
        sha256 = put(*arguments, **named)
        hazard.reach("stored")
        return sha256

    def append_and_reach(*arguments: Any, **named: Any) -> int:
        offset = append(*arguments, **named)
        hazard.reach("chunk")
        return offset

    yield Patch(blobs.LocalBlobStore, "put", put_and_reach)
    yield Patch(import_module(TABLETS_DOORS), "append_chunk", append_and_reach)
