"""Sync in the background: a thread that tries, waits with jitter, and wakes when something was sealed."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event, Thread

from driver_app.sync.backoff import Backoff
from driver_app.sync.engine import Round, SyncEngine

IDLE_S = 60.0
SETTLE_S = 11.0
_log = logging.getLogger(__name__)


class SyncLoop:
    """Runs the engine until it is stopped; ``heard`` is told of each round, on this thread."""

    def __init__(
        self,
        engine: SyncEngine,
        backoff: Backoff,
        heard: Callable[[Round], None],
        *,
        settle_s: float = SETTLE_S,
        then: Callable[[], None] = lambda: None,
    ) -> None:
        """Take the engine, the waiting rule, who listens, and how long what is new may rest before it is sent.

        ``then`` is done after each round, whatever became of it.
        """
        self._settle_s, self._then = settle_s, then
        self._engine, self._backoff, self._heard = engine, backoff, heard
        self._wake, self._stopped = Event(), Event()
        self._thread = Thread(target=self._run, name="sync", daemon=True)

    def start(self) -> None:
        """Begin with a round at once."""
        self._thread.start()

    def wake(self) -> None:
        """Try again soon: something was sealed, or the driver asked."""
        self._wake.set()

    def stop(self) -> None:
        """End after the round under way; what it did not send stays in the outbox."""
        self._stopped.set()
        self._wake.set()
        self._thread.join(timeout=SETTLE_S)

    def _run(self) -> None:
        while not self._stopped.is_set():
            ended = self._round()
            if not self._stopped.is_set():
                _safely(self._then, "what follows a sync round failed")
            self._pause(ended)

    def _round(self) -> Round:
        """Do one round and tell of it; whatever fails, the next one comes, later and later."""
        ended = Round("failed")
        try:
            ended = self._engine.sync()
        except Exception:  # noqa: BLE001 - a thread that ended would send nothing any more, and say nothing
            _log.exception("sync round failed")
        _safely(lambda: self._heard(ended), "sync round not shown")
        return ended

    def _pause(self, ended: Round) -> None:
        """Wait for the next round; nothing that is sealed meanwhile shortens a wait that the office asked for."""
        delay_s = self._delay_s(ended)
        if ended.retry_after_s:
            self._stopped.wait(delay_s)
        elif self._wake.wait(delay_s):
            self._wake.clear()
            self._stopped.wait(self._settle_s)  # what was just finished may still be undone for ten seconds

    def _delay_s(self, ended: Round) -> float:
        if ended.ending == "done":
            self._backoff.reset()
            return IDLE_S
        return self._backoff.next_delay_s(ended.retry_after_s)


def _safely(work: Callable[[], None], failed: str) -> None:
    """Do what stands beside the sync, a screen that shows a round or old logs that speak."""
    try:
        work()
    except Exception:  # noqa: BLE001 - whatever fails beside it, the thread that sends must go on
        _log.exception(failed)
