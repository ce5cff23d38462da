"""When something happened, from a tablet's clocks, which may lie."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from shared.wire.event import Envelope

MAX_SKEW = timedelta(minutes=5)
MAX_AGE = timedelta(days=90)  # no tablet waits longer: an earlier instant is a clock that lost its date
DRIFT_PPM = 100


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant with its doubt; ``skewed`` says that the tablet's wall clock is over 5 minutes off."""

    at: datetime
    uncertainty_s: int
    skewed: bool


def moment_of(envelope: Envelope, *, received_at: datetime) -> Moment:
    """Return when a tablet sealed an event.

    In the boot of its last contact: the server's time plus the monotonic difference, in doubt by the drift alone.
    Otherwise the wall clock, never later than the reception, in doubt by everything since the last contact. An
    instant over 90 days back, or outside the calendar, is no instant: the reception stands for it, in doubt by as much.
    """
    told = _instant(envelope.wall_ms)
    wall = told or received_at
    if envelope.server_ms and envelope.monotonic_ms >= envelope.server_monotonic_ms:
        elapsed_ms = envelope.monotonic_ms - envelope.server_monotonic_ms
        at = min(_instant(envelope.server_ms + elapsed_ms) or received_at, received_at)
        is_skewed = told is None or abs(wall - at) > MAX_SKEW
        return Moment(at, 1 + elapsed_ms * DRIFT_PPM // 1_000_000_000, is_skewed)
    at = min(wall, received_at)
    if told is None or received_at - at > MAX_AGE:
        return Moment(received_at, int(MAX_AGE.total_seconds()), skewed=True)
    return Moment(at, max(1, int((received_at - at).total_seconds())), wall - received_at > MAX_SKEW)


def _instant(unix_ms: int) -> datetime | None:
    try:
        return datetime.fromtimestamp(unix_ms / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None
