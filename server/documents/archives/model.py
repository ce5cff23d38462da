"""An archive of papers that somebody asked for."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from server.core.database import Owned


class ArchiveState(StrEnum):
    """How far an archive is."""

    WAITING = "waiting"
    GATHERING = "gathering"
    READY = "ready"
    FAILED = "failed"


class PaperArchive(Owned):
    """The latest paper of each of these orders, for the organisation that asked (R060, R061)."""

    __tablename__ = "paper_archive"

    order_ids: Mapped[list[UUID]]
    kinds: Mapped[list[str]]  # papers that its asker may open
    asked_by: Mapped[UUID | None]
    asked_by_name: Mapped[str]
    asked_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    state: Mapped[ArchiveState]
    total: Mapped[int]
    done: Mapped[int] = mapped_column(default=0)
    missing: Mapped[int] = mapped_column(default=0)
    size_bytes: Mapped[int] = mapped_column(default=0)
    manifest_sha256: Mapped[str] = mapped_column(default="")
    ready_at: Mapped[datetime | None]
