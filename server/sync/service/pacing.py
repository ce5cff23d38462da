"""The pace of one tablet's calls about files, counted over all processes, a lease of some calls at a time.

A file takes a call for each chunk, and a count of each in the database would cost as much as the chunk itself. A
process takes ``LEASE`` calls out of the tablet's minute at once and counts them in memory: never more than the minute
has are let in, and only one of so many calls writes.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from server.sync.service.doors import too_many
from server.sync.service.streams import lock_stream

LEASE: Final = 32
_MINUTE_S: Final = 60
_TAKE_LEASE: Final = text(
    "UPDATE device_stream SET calls_minute = :minute, "
    "calls_leased = LEAST(:most, :lease + CASE WHEN calls_minute = :minute THEN calls_leased ELSE 0 END) "
    "WHERE device_id = :device "
    "RETURNING new.calls_leased - CASE WHEN old.calls_minute = :minute THEN old.calls_leased ELSE 0 END"
)


@dataclass(slots=True)
class _Left:
    """What this process may still let in of a tablet's minute; ``is_over`` once the minute had no more to give."""

    minute: int
    calls: int = 0
    is_over: bool = False


class FileCalls:
    """What one process has leased of each tablet's minute."""

    TRACKED: Final = 10_000

    def __init__(self) -> None:
        """Start without any lease."""
        self._lock = Lock()
        self._left: OrderedDict[UUID, _Left] = OrderedDict()

    def count(self, session: Session, *, device_id: UUID, most: int, now: datetime) -> None:
        """Count one call of a tablet about a file; 0 counts nothing.

        Raises:
            TooManyPushes: the minute is full; ``retry_after_s`` says when the next one begins.
        """
        if not most:
            return
        second = int(now.timestamp())
        minute = second // _MINUTE_S
        if (left := self._taken(device_id, minute)) is None:
            left = self._renewed(session, device_id, minute, most)
        if left.is_over:
            raise too_many(wait_s=_MINUTE_S - second % _MINUTE_S)

    def _taken(self, device_id: UUID, minute: int) -> _Left | None:
        """Take one call of the lease; None where there is none to take from."""
        with self._lock:
            left = self._left.get(device_id)
            if left is None or left.minute != minute:
                return None
            if left.calls:
                left.calls -= 1
                return left
            return left if left.is_over else None

    def _renewed(self, session: Session, device_id: UUID, minute: int, most: int) -> _Left:
        """Take another lease, and the first call of it."""
        values = {"minute": minute, "most": most, "lease": LEASE, "device": device_id}
        granted = session.scalar(_TAKE_LEASE, values)
        if granted is None:  # it sends a file before it ever greeted
            lock_stream(session, device_id)
            granted = session.scalar(_TAKE_LEASE, values) or 0
        with self._lock:
            known = self._left.get(device_id)
            calls = known.calls if known is not None and known.minute == minute else 0  # of a call beside this one
            left = _Left(minute, calls + max(0, granted - 1), is_over=granted <= 0)
            self._left[device_id] = left
            self._left.move_to_end(device_id)
            while len(self._left) > self.TRACKED:
                self._left.popitem(last=False)
            return _Left(minute, is_over=granted <= 0)
