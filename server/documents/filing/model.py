"""A file beside an order, as it was brought."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.core.database import Owned


class OrderFile(Owned):
    """A party's own file about an order. Who brought it owns it; the order's other parties read it.

    ``sha256`` names the bytes that are given out: a picture is kept as it was made anew, everything else as it came.
    """

    __tablename__ = "order_file"
    __table_args__ = (UniqueConstraint("owner_id", "order_id", "sha256"), Index(None, "order_id", "added_at"))

    order_id: Mapped[UUID]
    name: Mapped[str]
    media_type: Mapped[str]
    sha256: Mapped[str]
    size_bytes: Mapped[int]
    added_by: Mapped[UUID | None]
    added_by_name: Mapped[str]
    added_at: Mapped[datetime]
    removed_at: Mapped[datetime | None] = mapped_column(default=None)
