"""Time as a tablet knows it: a wall clock that people set, and a monotonic one that only a reboot resets."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Moment:
    """One reading of both clocks. Times are milliseconds; ``boot_id`` says which monotonic clock was read."""

    wall_ms: int
    monotonic_ms: int
    boot_id: str

    def elapsed_since_ms(self, boot_id: str, monotonic_ms: int) -> int | None:
        """Return the time since an earlier reading of the same boot, or None when the tablet was restarted."""
        return self.monotonic_ms - monotonic_ms if boot_id == self.boot_id else None


class Clock(Protocol):
    """What a door reads; actions are handed the moment."""

    def now(self) -> Moment:
        """Return both clocks, read together."""
        ...


class SystemClock:
    """The machine's clocks. The monotonic one counts suspended time where the system offers it."""

    def __init__(self) -> None:
        """Read which boot this is; without that knowledge every start of the app counts as a boot."""
        self._boot_id = _BOOT_ID.read_text().strip() if _BOOT_ID.exists() else f"start-{time.time_ns()}"
        self._source = getattr(time, "CLOCK_BOOTTIME", None)

    def now(self) -> Moment:
        """Return both clocks, read together."""
        elapsed_ns = time.monotonic_ns() if self._source is None else time.clock_gettime_ns(self._source)
        return Moment(time.time_ns() // 1_000_000, elapsed_ns // 1_000_000, self._boot_id)


class VirtualClock:
    """A clock that stands still until it is moved: scripted days and tests."""

    def __init__(self, start_ms: int, boot_id: str = "virtual") -> None:
        """Start at a Unix time in milliseconds; the monotonic clock reads the same."""
        self._now_ms = start_ms
        self._boot_id = boot_id

    def now(self) -> Moment:
        """Return the moment at which the clock stands."""
        return Moment(self._now_ms, self._now_ms, self._boot_id)

    def advance(self, duration_ms: int) -> None:
        """Move forward by ``duration_ms``."""
        self._now_ms += duration_ms

    def advance_to(self, at_ms: int) -> None:
        """Move forward to ``at_ms``; a moment that has passed already changes nothing."""
        self._now_ms = max(self._now_ms, at_ms)
