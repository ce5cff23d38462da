"""What each reader of a proof has of it: an entry in its own feed, and who opened what."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.core.database import Owned, json_object
from server.delivery.model import VisitOutcome
from shared.lifecycle import StateMachine
from shared.problems import Text


class ProofState(StrEnum):
    """Where a shared proof stands (requirements, section 4: POD)."""

    SHARED = "shared"
    CONTESTED = "contested"
    CLOSED = "closed"


PROOF_LIFECYCLE = StateMachine(
    "proof",
    {
        ProofState.SHARED: frozenset({ProofState.CONTESTED, ProofState.CLOSED}),
        ProofState.CONTESTED: frozenset({ProofState.SHARED, ProofState.CLOSED}),  # shared again when withdrawn
        ProofState.CLOSED: frozenset(),
    },
    title=Text("Preuve partagée", "Shared proof"),
    labels={
        ProofState.SHARED: Text("partagée", "shared"),
        ProofState.CONTESTED: Text("contestée", "contested"),
        ProofState.CLOSED: Text("close", "closed"),
    },
)


class ProofKind(StrEnum):
    """What a proof rests on: keys of a tablet and of the server, or a picture of a signed paper."""

    SEALED = "sealed"
    PAPER = "paper"


class ProofEntry(Owned):
    """One proof as one reader lists it; the reader owns the row, ``proof_owner_id`` keeps the proof itself.

    ``position`` is the entry's place in the reader's feed: it moves to the end at each change, under a lock that is
    held until the commit, so that a later place is never seen before an earlier one. ``words`` is what search looks
    through, made by ``search_words``. A paper has no outcome, driver, seal and PDF of its own: its file is a picture.
    """

    __tablename__ = "proof_entry"
    __table_args__ = (
        UniqueConstraint("owner_id", "proof_id"),
        UniqueConstraint("owner_id", "position"),
        Index(None, "owner_id", "delivered_at", "proof_id"),
        Index(None, "owner_id", "order_number"),
        Index(None, "owner_id", "driver_id", "delivered_at"),
    )

    position: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[ProofKind]
    proof_id: Mapped[UUID]  # the paper's id, of a paper
    proof_owner_id: Mapped[UUID]
    order_id: Mapped[UUID] = mapped_column(index=True)
    driver_id: Mapped[UUID | None]
    order_number: Mapped[str]
    buyer_id: Mapped[UUID]
    buyer_name: Mapped[str]
    seller_id: Mapped[UUID]
    seller_name: Mapped[str]
    carrier_name: Mapped[str]
    signer_name: Mapped[str]
    outcome: Mapped[VisitOutcome | None]
    state: Mapped[ProofState]
    lots: Mapped[list[str]]
    words: Mapped[str]
    delivered_at: Mapped[datetime]
    made_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    contest_until: Mapped[datetime]
    revision: Mapped[int]
    superseded_by: Mapped[UUID | None]  # the proof of a later revision of the same delivery
    file_sha256: Mapped[str]
    file_size_bytes: Mapped[int]
    pdf_sha256: Mapped[str]
    pdf_size_bytes: Mapped[int]
    seal_sha256: Mapped[str]
    missing: Mapped[int]
    purged: Mapped[int]


class EditionCause(StrEnum):
    """Why a proof's files were made again."""

    PURGED = "purged"
    RESEALED = "resealed"


class ProofEdition(Owned):
    """A proof's files made again under the same signed event: the newest edition stands for the proof.

    ``pieces`` are the sha256 of what a purge took out, kept for ``kept_years`` full years; the tablet's signature still
    covers them. Sealed anew, a proof keeps the printed one that it had.
    """

    __tablename__ = "proof_edition"
    __table_args__ = (UniqueConstraint("proof_id", "number"),)
    append_only: ClassVar[bool] = True

    proof_id: Mapped[UUID]
    number: Mapped[int]  # from 1; the proof's own files are the first ones
    cause: Mapped[EditionCause]
    pieces: Mapped[list[str]]
    kept_years: Mapped[int]
    file_sha256: Mapped[str]
    file_size_bytes: Mapped[int]
    pdf_sha256: Mapped[str]
    pdf_size_bytes: Mapped[int]
    freed_bytes: Mapped[int] = mapped_column(BigInteger)
    server_key: Mapped[str]
    made_at: Mapped[datetime]


class ExportState(StrEnum):
    """An export is asked for, gathered by a job, and then fetched until it expires."""

    WAITING = "waiting"
    GATHERING = "gathering"
    READY = "ready"
    FAILED = "failed"


class ProofExport(Owned):
    """Many proofs as one archive of the organisation that asked for it; its manifest lies in the store."""

    __tablename__ = "proof_export"
    __table_args__ = (Index(None, "owner_id", "asked_at"),)

    asked_by: Mapped[UUID | None]
    asked_by_name: Mapped[str]
    criteria: Mapped[json_object]
    state: Mapped[ExportState]
    total: Mapped[int]
    done: Mapped[int] = mapped_column(default=0)
    missing: Mapped[int] = mapped_column(default=0)
    size_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    manifest_sha256: Mapped[str] = mapped_column(default="")
    asked_at: Mapped[datetime]
    ready_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]


class AccessWay(StrEnum):
    """How a proof reached somebody."""

    PAGE = "page"
    API = "api"
    EMAIL = "email"
    WEBHOOK = "webhook"
    ZIP = "zip"


class AccessPart(StrEnum):
    """What of a proof reached somebody."""

    CONTENTS = "contents"
    FILE = "file"
    PDF = "pdf"
    NOTICE = "notice"


class ProofAccess(Owned):
    """Somebody opened, downloaded, exported or received a proof; its owner alone reads the row.

    Written once; gone only after ``kept_days``, when the retention job deletes it.
    """

    __tablename__ = "proof_access"
    __table_args__ = (Index(None, "owner_id", "proof_id", "at"), Index(None, "owner_id", "at"))
    append_only: ClassVar[bool] = True
    kept_days: ClassVar[int] = 365

    proof_id: Mapped[UUID]
    reader_id: Mapped[UUID]
    reader_name: Mapped[str]
    person_id: Mapped[UUID | None]
    person_name: Mapped[str]
    way: Mapped[AccessWay]
    part: Mapped[AccessPart]
    at: Mapped[datetime]
