"""What time it is: every door asks here, once, and hands the instant down."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """Return the present instant in UTC. Ask as ``clock.now()``: a rehearsal lets another clock answer."""
    return datetime.now(UTC)
