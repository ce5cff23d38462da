"""The example plays every door of the trade: here it reads the clock."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from server.core.stamp import Stamp


def stamp(by: UUID | None = None) -> Stamp:
    """Return the stamp of somebody, or of the system, now."""
    return Stamp(by=by, at=datetime.now(UTC))
