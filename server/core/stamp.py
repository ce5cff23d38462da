"""Who did it, and when: made once at the door and passed down."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Stamp:
    """``by`` is a user, a device or None for the system; ``at`` an aware UTC instant."""

    by: UUID | None
    at: datetime
    device_id: UUID | None = None
    request_id: str = ""
