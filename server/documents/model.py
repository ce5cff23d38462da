"""Papers as frozen bytes: a change is a new document that replaces the old one."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from server.core.database import Owned


class DocumentKind(StrEnum):
    """Every paper that the product makes."""

    PURCHASE_ORDER = "purchase_order"
    DELIVERY_SLIP = "delivery_slip"
    INVOICE = "invoice"
    PROVISIONAL_INVOICE = "provisional_invoice"
    CREDIT_NOTE = "credit_note"
    VARIANCE_NOTICE = "variance_notice"
    RUN_SHEET = "run_sheet"
    LOAD_LIST = "load_list"
    RUN_PACKET = "run_packet"
    PROOF_PDF = "proof_pdf"
    PROOF_FILE = "proof_file"


class Document(Owned):
    """One paper: its bytes lie in the store under their sha256. Written once; ``revision`` counts up."""

    __tablename__ = "document"
    __table_args__ = (
        UniqueConstraint("owner_id", "kind", "subject_id", "language", "revision"),
        Index(None, "subject_id"),
        Index(None, "owner_id", "order_id"),
    )
    append_only: ClassVar[bool] = True

    kind: Mapped[DocumentKind]
    subject_id: Mapped[UUID]
    order_id: Mapped[UUID | None]
    run_id: Mapped[UUID | None]
    language: Mapped[str]
    revision: Mapped[int]
    name: Mapped[str]
    media_type: Mapped[str]
    sha256: Mapped[str]
    size_bytes: Mapped[int]
    made_at: Mapped[datetime]
