"""What all web processes take in together: counted where they meet, in the database, by one statement a call."""

from __future__ import annotations

import math
import time
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from server.sync.service.doors import Saturated, TooManyPushes, saturated, too_many
from server.sync.service.streams import lock_stream

_MINUTE_S: Final = 60
_LOOK_EVERY_S: Final = 0.1
_TAKE_PLACE = text(
    "SELECT place FROM generate_series(1, :most) AS place "
    "WHERE pg_try_advisory_xact_lock(hashtext('push-place'), place) LIMIT 1"
)
_COUNT_CALL = text(
    "UPDATE device_stream SET pace_minute = :minute, "
    "pace_count = CASE WHEN pace_minute = :minute THEN pace_count + 1 ELSE 1 END "
    "WHERE device_id = :device RETURNING pace_count"
)

__all__ = ["Saturated", "TooManyPushes", "count_call", "take_place"]

_FILES_TODAY = text("SELECT files_bytes FROM device_stream WHERE device_id = :device AND files_day = :day")
_DAY_S: Final = 24 * 3600
_COUNT_FILE = text(
    "UPDATE device_stream SET files_day = :day, "
    "files_bytes = CASE WHEN files_day = :day THEN files_bytes + :bytes ELSE :bytes END WHERE device_id = :device "
    "RETURNING device_id"
)


def take_place(session: Session, *, most: int, patience_s: float) -> None:
    """Hold one of ``most`` places until the transaction ends; 0 counts nothing.

    A place is an advisory lock of the transaction: a process that dies gives it back with its connection.

    Raises:
        Saturated: none came free within ``patience_s``.
    """
    ends_s = time.monotonic() + patience_s
    while most and session.scalar(_TAKE_PLACE, {"most": most}) is None:
        if time.monotonic() >= ends_s:
            raise saturated("overall", wait_s=max(1, math.ceil(patience_s)))
        time.sleep(_LOOK_EVERY_S)


def count_call(session: Session, *, device_id: UUID, most: int, now: datetime) -> None:
    """Count one greeting or push of a tablet in this minute, over all processes; 0 counts nothing.

    The count stands on the stream's row, which the call locks anyway. A call that fails is rolled back with its count:
    those are counted in the process (``Pace``).

    Raises:
        TooManyPushes: the minute is full; ``retry_after_s`` says when the next one begins.
    """
    if not most:
        return
    second = int(now.timestamp())
    counted = session.scalar(_COUNT_CALL, {"minute": second // _MINUTE_S, "device": device_id})
    if counted is not None and counted > most:
        raise too_many(wait_s=_MINUTE_S - second % _MINUTE_S)


def kept_today(session: Session, *, device_id: UUID, now: datetime) -> int:
    """Return how many bytes of a tablet's files became whole on this day (UTC)."""
    row = session.execute(_FILES_TODAY, {"device": device_id, "day": _day(now)}).scalar_one_or_none()
    return int(row or 0)


def count_file(session: Session, *, device_id: UUID, size_bytes: int, now: datetime) -> None:
    """Count a file of a tablet that became whole."""
    values = {"day": _day(now), "bytes": size_bytes, "device": device_id}
    if session.execute(_COUNT_FILE, values).first() is None:  # it sends a file before it ever greeted
        lock_stream(session, device_id)
        session.execute(_COUNT_FILE, values)


def _day(now: datetime) -> int:
    return int(now.timestamp()) // _DAY_S
