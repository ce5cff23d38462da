"""Logs that were laid aside go on speaking: an office that was put back may have lost what it had of them.

Nobody else has those bytes, and the office waits for whoever sealed them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Final

from driver_app import aside
from driver_app.actions.lay_aside import log_standing, open_aside
from driver_app.clock import Clock
from driver_app.platform.protocols import Connection, Secrets
from driver_app.store import outbox, settings
from driver_app.store.database import FILE, Session
from driver_app.sync.engine import SyncEngine
from driver_app.sync.transport import Transport
from driver_app.tablet import Tablet

DAY_MS: Final = 24 * 3600 * 1000
SPOKEN_FOR_MS: Final = 60 * DAY_MS
"""From its last event on: whatever copy an office is put back to after that has it."""
RETRY_MS: Final = 10 * 60 * 1000
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Spoke:
    """When an old log last tried, for how long that holds, in which epochs, and whether it still has something."""

    at_ms: int
    holds_ms: int = RETRY_MS
    epochs: frozenset[str] = frozenset()
    waits: bool = False


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
        return sum(bool(one.epochs) for one in tuple(self._spoke.values()))

    def send(self, epoch: str) -> None:
        """Let each log greet and hand in that is due: daily, and in another ``epoch`` of the office's than before.

        One that fails is logged and tried again later; it holds up neither the others nor the present log.
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
        before = self._spoke.get(number)
        now_ms = self._clock.now().wall_ms
        self._spoke[number] = _Spoke(now_ms, waits=before is not None and before.waits)
        try:
            tablet = open_aside(self._home, self._keys, number)
            try:
                self._spoke[number] = self._speak(tablet, now_ms, epoch)
            finally:
                tablet.store.close()
        except Exception:  # noqa: BLE001 - an old log that cannot be opened any more must not silence the others
            _log.exception("old log %s not sent", number)

    def _speak(self, tablet: Tablet, now_ms: int, epoch: str) -> _Spoke:
        if not _waits(tablet) and now_ms - tablet.store.read(_sealed_ms) > SPOKEN_FOR_MS:
            return _Spoke(now_ms, DAY_MS)
        ended = SyncEngine(tablet, self._connect(), self._clock, self._connection, is_laid_aside=True).send()
        if ended.problem is not None:
            return _Spoke(now_ms, max(RETRY_MS, int(ended.retry_after_s * 1000)), waits=_waits(tablet))
        heard = tablet.store.read(settings.position).epoch
        return _Spoke(now_ms, DAY_MS, frozenset({heard, epoch}), _waits(tablet))


def _waits(tablet: Tablet) -> bool:
    left = log_standing(tablet)
    return left.events + left.files > 0


def _sealed_ms(session: Session) -> int:
    return max((entry.sealed_wall_ms for entry in outbox.entries(session)), default=0)
