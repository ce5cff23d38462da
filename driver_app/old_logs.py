"""Logs that were laid aside go on speaking: an office that was put back may have lost what it had of them.

Nobody else has those bytes, and the office waits for whoever sealed them.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import Final

import msgspec

from driver_app import aside
from driver_app.actions.lay_aside import log_standing, open_aside
from driver_app.clock import Clock
from driver_app.platform.protocols import Connection, Secrets
from driver_app.store import outbox, settings
from driver_app.store.database import FILE, Session
from driver_app.sync.engine import SyncEngine
from driver_app.sync.transport import Transport, Unreachable
from driver_app.tablet import Tablet
from shared.problems import Problem

DAY_MS: Final = 24 * 3600 * 1000
SPOKEN_FOR_MS: Final = 60 * DAY_MS
"""From its last event on: whatever copy an office is put back to after that has it."""
RETRY_MS: Final = 10 * 60 * 1000
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Spoke:
    """When an old log last tried, for how long that holds, in which epochs, and whether it still has something.

    ``failures`` is how often in a row it was refused, or did not even open.
    """

    at_ms: int
    holds_ms: int = RETRY_MS
    epochs: frozenset[str] = frozenset()
    waits: bool = False
    was_heard: bool = False
    failures: int = 0


class OldLogs:
    """The logs beside the present one. What is known of them is in memory: each start of the app lets all speak."""

    def __init__(
        self, home: Path, keys: Secrets, connect: Callable[[], Transport], clock: Clock, connection: Connection
    ) -> None:
        """Take where the logs lie, their keys, a way to the office for each, the clock and what the network costs."""
        self._home, self._keys, self._connect = home, keys, connect
        self._clock, self._connection = clock, connection
        self._spoke: dict[int, _Spoke] = {}
        self._turn = Lock()

    @property
    def waiting(self) -> int:
        """How many of them hold something that the office has not, as far as they spoke."""
        return sum(one.waits for one in tuple(self._spoke.values()))

    @property
    def spoke(self) -> int:
        """How many of them were heard by the office since the app was started."""
        return sum(one.was_heard for one in tuple(self._spoke.values()))

    def send(self, epoch: str) -> None:
        """Let each log greet and hand in that is due: daily, and in another ``epoch`` of the office's than before.

        One that fails, or whose keys or bytes are lost, is tried again later, each time after twice as long, up to a
        day; it holds up neither the others nor the present log. An office out of reach hears nothing of the tries, so
        that they are no failures.
        """
        if not self._turn.acquire(blocking=False):
            return
        try:
            for number in aside.numbers(self._home):
                if self._is_due(number, epoch):
                    self._try(number, epoch)
        finally:
            self._turn.release()

    def _is_due(self, number: int, epoch: str) -> bool:
        if not (aside.folder_of(self._home, number) / FILE).exists():
            return False
        last = self._spoke.get(number)
        if last is None or not 0 <= self._clock.now().wall_ms - last.at_ms < last.holds_ms:
            return True
        return bool(epoch and last.epochs) and epoch not in last.epochs

    def _try(self, number: int, epoch: str) -> None:
        now_ms = self._clock.now().wall_ms
        before = _in_epoch(self._spoke.get(number, _Spoke(now_ms)), epoch)
        self._spoke[number] = _failed(before, now_ms)
        try:
            tablet = open_aside(self._home, self._keys, number)
            try:
                self._spoke[number] = self._speak(tablet, before, now_ms, epoch)
            finally:
                tablet.store.close()
        except (Problem, OSError, sqlite3.Error, msgspec.MsgspecError, ValueError):
            _log.exception("old log %s not sent", number)

    def _speak(self, tablet: Tablet, before: _Spoke, now_ms: int, epoch: str) -> _Spoke:
        if not _waits(tablet) and now_ms - tablet.store.read(_sealed_ms) > SPOKEN_FOR_MS:
            return _Spoke(now_ms, DAY_MS)
        ended = SyncEngine(tablet, self._connect(), self._clock, self._connection, is_laid_aside=True).send()
        if isinstance(ended.problem, Unreachable):
            return replace(before, at_ms=now_ms, holds_ms=RETRY_MS, waits=_waits(tablet))
        if ended.problem is not None:
            failed = _failed(before, now_ms)
            holds_ms = max(failed.holds_ms, int(ended.retry_after_s * 1000))
            return replace(failed, holds_ms=holds_ms, waits=_waits(tablet))
        heard = tablet.store.read(settings.position).epoch
        return _Spoke(now_ms, DAY_MS, frozenset({heard, epoch}), _waits(tablet), was_heard=True)


def _in_epoch(before: _Spoke, epoch: str) -> _Spoke:
    """What failed in another epoch of the office's counts no more."""
    return before if epoch in before.epochs else replace(before, epochs=frozenset({epoch}), failures=0)


def _failed(before: _Spoke, now_ms: int) -> _Spoke:
    holds_ms = min(DAY_MS, RETRY_MS * 2**before.failures)
    return replace(before, at_ms=now_ms, holds_ms=holds_ms, failures=before.failures + 1)


def _waits(tablet: Tablet) -> bool:
    """What a file holds waits for nobody: it is handed to the office."""
    return not log_standing(tablet).is_safe


def _sealed_ms(session: Session) -> int:
    return max((entry.sealed_wall_ms for entry in outbox.entries(session)), default=0)
