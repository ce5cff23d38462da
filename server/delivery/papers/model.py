"""A proof on paper as the office keeps it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.core.database import Owned


class PaperProof(Owned):
    """A picture of a signed paper. The carrier owns it; once matched, the order's parties read it too.

    ``sha256`` names the bytes that came, ``shown_sha256`` the picture made anew that others see. It is evidence like
    any picture: no tablet and no server key sealed what stands on it.
    """

    __tablename__ = "paper_proof"
    __table_args__ = (UniqueConstraint("owner_id", "sha256"), Index(None, "owner_id", "matched_at", "uploaded_at"))

    order_id: Mapped[UUID | None] = mapped_column(index=True)
    order_number: Mapped[str] = mapped_column(default="")
    name: Mapped[str]
    sha256: Mapped[str]
    size_bytes: Mapped[int]
    shown_sha256: Mapped[str]
    shown_size_bytes: Mapped[int]
    code: Mapped[str] = mapped_column(default="")
    uploaded_by: Mapped[UUID | None]
    uploaded_by_name: Mapped[str]
    uploaded_at: Mapped[datetime]
    matched_by: Mapped[UUID | None]  # a person; None when its code did
    matched_at: Mapped[datetime | None]
