"""How much a process takes in at once: a bounded number of pushes, a bounded queue, and a limit for each tablet."""

from __future__ import annotations

import math
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition, Lock
from typing import Final
from uuid import UUID

from prometheus_client import Counter, Histogram

from shared.problems import Problem, Text

_WAITED = Histogram("tournee_push_wait_seconds", "How long a push waited for its turn in this process")
_TURNED_AWAY = Counter("tournee_push_turned_away", "Pushes that were asked to come back later", ["why"])
_SMOOTHING: Final = 0.2
_LONGEST_RETRY_S: Final = 60


class Saturated(Problem):
    """More pushes come in than can be taken."""

    slug = "office-busy"
    status = 503
    title = Text("Bureau occupé", "Office busy")


class TooManyPushes(Problem):
    """One tablet sends without end."""

    slug = "tablet-too-often"
    status = 429
    title = Text("Tablette trop insistante", "Tablet sends too often")


class Turnstile:
    """Lets ``at_once`` in together and ``queue`` wait for at most ``patience_s``; the others come back later.

    A push holds a connection and locks, so that more of them at once make each slower and nothing faster. The time
    that one takes is measured, and whoever is turned away is promised the next instant that nobody was promised yet:
    those who wait come one after the other, and the process is not idle while they sleep.

    One tablet is inside once and waits once at most: its pushes would wait for each other anyway, for the lock of its
    stream, each in a place that another tablet could use.
    """

    def __init__(
        self, *, at_once: int, queue: int, patience_s: float, monotonic_s: Callable[[], float] = time.monotonic
    ) -> None:
        """Start empty."""
        self._at_once, self._queue, self._patience_s = at_once, queue, patience_s
        self._monotonic_s = monotonic_s
        self._changed = Condition()
        self._inside: set[UUID] = set()
        self._waiting: set[UUID] = set()
        self._mean_s = 0.1
        self._promised_s = 0.0

    @contextmanager
    def turn(self, device_id: UUID) -> Iterator[None]:
        """Hold one place for the block.

        Raises:
            Saturated: the queue is full, the wait was too long, or a push of the same tablet waits already;
                ``retry_after_s`` says when to come back.
        """
        self._enter(device_id)
        began_s = self._monotonic_s()
        try:
            yield
        finally:
            self._leave(device_id, self._monotonic_s() - began_s)

    def _enter(self, device_id: UUID) -> None:
        began_s = self._monotonic_s()
        with self._changed:
            if device_id in self._waiting:  # nobody's instant is promised to it: others would wait the longer for it
                raise saturated("tablet", wait_s=min(_LONGEST_RETRY_S, max(1, math.ceil(2 * self._mean_s))))
            if not self._has_place(device_id) and len(self._waiting) >= self._queue:
                raise self._saturated("queue")
            self._waiting.add(device_id)
            try:
                if not self._changed.wait_for(lambda: self._has_place(device_id), timeout=self._patience_s):
                    raise self._saturated("patience")
            finally:
                self._waiting.remove(device_id)
            self._inside.add(device_id)
        _WAITED.observe(self._monotonic_s() - began_s)

    def _has_place(self, device_id: UUID) -> bool:
        return len(self._inside) < self._at_once and device_id not in self._inside

    def _leave(self, device_id: UUID, took_s: float) -> None:
        with self._changed:
            self._inside.remove(device_id)
            self._mean_s += _SMOOTHING * (took_s - self._mean_s)
            self._changed.notify_all()  # who was first may wait for its own tablet

    def _saturated(self, why: str) -> Saturated:
        _TURNED_AWAY.labels(why).inc()
        now_s = self._monotonic_s()
        turn_s = self._mean_s / self._at_once
        place_s = max(self._promised_s, now_s + (len(self._inside) + len(self._waiting)) * turn_s)
        self._promised_s = min(place_s + turn_s, now_s + _LONGEST_RETRY_S)
        wait_s = min(_LONGEST_RETRY_S, max(1, round(place_s - now_s)))
        return _busy(wait_s)


class Pace:
    """At most ``most`` calls of one tablet in ``window_s`` seconds, counted in this process; 0 counts nothing.

    The count is kept in memory on purpose: it must cost less than the work that it turns away. ``overall`` counts over
    all processes what came through here.
    """

    TRACKED: Final = 10_000

    def __init__(self, most: int, window_s: float, *, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        """Start without any call."""
        self._most, self._window_s = most, window_s
        self._monotonic_s = monotonic_s
        self._lock = Lock()
        self._calls: OrderedDict[UUID, deque[float]] = OrderedDict()

    def count(self, device_id: UUID) -> None:
        """Count one call.

        Raises:
            TooManyPushes: the window is full; ``retry_after_s`` says when its oldest call leaves it.
        """
        if not self._most:
            return
        now_s = self._monotonic_s()
        with self._lock:
            calls = self._calls.setdefault(device_id, deque())
            self._calls.move_to_end(device_id)
            while len(self._calls) > self.TRACKED:
                self._calls.popitem(last=False)
            while calls and calls[0] <= now_s - self._window_s:
                calls.popleft()
            if len(calls) >= self._most:
                raise too_many(wait_s=calls[0] + self._window_s - now_s)
            calls.append(now_s)


def saturated(why: str, *, wait_s: int) -> Saturated:
    """Count a push that is turned away for a reason of ours, and return what it is told."""
    _TURNED_AWAY.labels(why).inc()
    return _busy(wait_s)


def too_many(*, wait_s: float) -> TooManyPushes:
    """Count a call of a tablet that sends too often, and return what it is told."""
    _TURNED_AWAY.labels("pace").inc()
    whole_s = max(1, math.ceil(wait_s))
    return TooManyPushes(
        Text(
            f"Cette tablette envoie trop souvent; tout reste sur elle, réessayez dans {whole_s} s.",
            f"This tablet sends too often; everything stays on it, try again in {whole_s} s.",
        ),
        retry_after_s=whole_s,
    )


def _busy(wait_s: int) -> Saturated:
    return Saturated(
        Text(
            f"Le bureau reçoit beaucoup en ce moment; tout reste sur la tablette, réessayez dans {wait_s} s.",
            f"The office receives a lot just now; everything stays on the tablet, try again in {wait_s} s.",
        ),
        retry_after_s=wait_s,
    )
