"""Papers as frozen bytes: a change is a new document that replaces the old one."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

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


class PaperLink(Owned):
    """An expiring, revocable way to a client's own papers, sent by e-mail to who has no account (C26).

    Owned by the client, whose papers it opens; the seller that keeps its card reads along and may revoke it. Only the
    hash of its token is kept. ``order_id`` opens an order's papers, else ``subject_id`` those of one invoice or credit.
    """

    __tablename__ = "paper_link"

    token_hash: Mapped[str] = mapped_column(unique=True)
    email: Mapped[str]
    title_fr: Mapped[str]
    title_en: Mapped[str]
    subject_id: Mapped[UUID]
    order_id: Mapped[UUID | None]
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class PaperLinkUse(Owned):
    """One opening of a link: the list, or one paper of it."""

    __tablename__ = "paper_link_use"
    append_only: ClassVar[bool] = True

    link_id: Mapped[UUID] = mapped_column(index=True)
    document_id: Mapped[UUID | None]
    at: Mapped[datetime]
