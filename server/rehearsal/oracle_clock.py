"""When a tablet sealed an event, by the rules of the protocol's page and nothing of the product's."""

from __future__ import annotations

from server.rehearsal.oracle_money import Json

_TOO_FAR_MS = 5 * 60_000
_OLDEST_MS = 90 * 24 * 3_600_000


def when_sealed(said: Json, received_ms: int) -> int | None:
    """Return the instant in milliseconds, or None where the tablet's wall clock is known to be wrong.

    In the boot of the last contact it is the office's time plus the steady clock's difference; otherwise the wall
    clock's, never later than the reception.
    """
    wall_ms = int(said["wall_ms"])
    if said["server_ms"] and said["monotonic_ms"] >= said["server_monotonic_ms"]:
        at_ms = min(said["server_ms"] + said["monotonic_ms"] - said["server_monotonic_ms"], received_ms)
        return None if abs(wall_ms - at_ms) > _TOO_FAR_MS else int(at_ms)
    if wall_ms - received_ms > _TOO_FAR_MS or received_ms - wall_ms > _OLDEST_MS:
        return None
    return min(wall_ms, received_ms)
