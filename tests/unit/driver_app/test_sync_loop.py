"""When the next round comes: the office's wish is obeyed, with full jitter, whatever was sealed meanwhile."""

from __future__ import annotations

import time
from random import Random

import pytest

from driver_app.sync.backoff import Backoff
from driver_app.sync.engine import Round
from driver_app.sync.loop import SyncLoop


class Rounds:
    """An engine that answers what it is told, and notes when it was asked."""

    def __init__(self, *answers: Round | Exception) -> None:
        self._answers = list(answers)
        self.asked_s: list[float] = []

    def sync(self) -> Round:
        self.asked_s.append(time.monotonic())
        if self._answers and isinstance(self._answers[0], Exception):
            raise self._answers.pop(0)
        return self._answers.pop(0) if self._answers else Round("done")


def run(engine: Rounds, rounds: int) -> list[float]:
    """Let the loop do so many rounds while somebody seals all the time; return the waits between them."""
    loop = SyncLoop(engine, Backoff(Random(1), base_s=0.01), lambda _ended: None, settle_s=0.01)
    loop.start()
    deadline_s = time.monotonic() + 20
    while len(engine.asked_s) < rounds and time.monotonic() < deadline_s:
        loop.wake()
        time.sleep(0.02)
    loop.stop()
    return [after - before for before, after in zip(engine.asked_s, engine.asked_s[1:], strict=False)]


def test_a_wait_that_the_office_asks_for_is_not_cut_short_by_new_work() -> None:
    """Back-pressure: 503 and 429 with Retry-After are obeyed; sealing does not wake the tablet before."""
    busy = Round("busy", retry_after_s=0.5)
    waits_s = run(Rounds(busy, busy), rounds=3)
    assert min(waits_s[:2]) >= 0.5


def test_a_tablet_that_is_only_offline_tries_again_as_soon_as_something_was_sealed() -> None:
    """An outage asks for no wait: new work tries at once, after the time in which it may be undone."""
    loop_waits_s = run(Rounds(Round("offline"), Round("done")), rounds=3)
    assert max(loop_waits_s[:2]) < 5.0


def test_a_round_that_fails_in_no_foreseen_way_is_not_the_last_one(caplog: pytest.LogCaptureFixture) -> None:
    """G2: the thread goes on, later and later, and the log says why; a screen that cannot show a round ends nothing."""
    heard: list[str] = []

    def hear(ended: Round) -> None:
        heard.append(ended.ending)
        raise RuntimeError("no screen")

    loop = SyncLoop(Rounds(KeyError("runs"), Round("offline")), Backoff(Random(1), base_s=0.01), hear, settle_s=0.01)
    loop.start()
    deadline_s = time.monotonic() + 20
    while len(heard) < 3 and time.monotonic() < deadline_s:
        time.sleep(0.02)
    loop.stop()
    assert heard[:3] == ["failed", "offline", "done"]
    assert "sync round failed" in caplog.text
    assert "KeyError" in caplog.text


def _told_again(backoff: Backoff, wish_s: float) -> float:
    for _ in range(5):
        backoff.next_delay_s(wish_s)
    return backoff.next_delay_s(wish_s)


def test_jitter_spreads_the_tablets_that_were_told_the_same() -> None:
    """Full jitter: a hundred tablets that heard « 10 s » come back over the next 10 s, however often they failed."""
    delays_s = [_told_again(Backoff(Random(seed)), 10.0) for seed in range(100)]
    assert min(delays_s) >= 10.0
    assert max(delays_s) <= 20.0
    assert len({round(delay_s, 1) for delay_s in delays_s}) > 20
