"""A rendered paper becomes a row and an object; the same bytes again change nothing."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from server.core import facts
from server.core.acting import acting_for, acting_org
from server.core.blobs import blob_store
from server.core.stamp import Stamp
from server.documents import queries
from server.documents.events import DOCUMENT_MADE
from server.documents.model import Document, DocumentKind
from shared.ids import new_id

PDF = "application/pdf"
_LOCK_SUBJECT = text("SELECT pg_advisory_xact_lock(hashtextextended('document:' || :subject, 0))")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """Bytes of one paper, whose it is, who reads it, and what it is about."""

    kind: DocumentKind
    owner_id: UUID
    readers: tuple[UUID, ...]
    subject_id: UUID
    name: str
    language: str
    payload: bytes
    order_id: UUID | None = None
    run_id: UUID | None = None
    media_type: str = PDF
    sha256: str = field(init=False)

    def __post_init__(self) -> None:
        """Take the bytes' hash."""
        object.__setattr__(self, "sha256", hashlib.sha256(self.payload).hexdigest())


def put(rendered: Rendered) -> None:
    """Store the bytes, before the transaction that names them."""
    blob_store().put(rendered.owner_id, rendered.payload, media_type=rendered.media_type)


def keep(session: Session, rendered: Rendered, *, stamp: Stamp) -> Document:
    """Return the paper's row: the last revision when its bytes are the same, else a new one."""
    if rendered.owner_id == acting_org(session):
        return _keep(session, rendered, stamp)
    with acting_for(session, rendered.owner_id):
        return _keep(session, rendered, stamp)


def _keep(session: Session, rendered: Rendered, stamp: Stamp) -> Document:
    session.execute(_LOCK_SUBJECT, {"subject": str(rendered.subject_id)})  # two jobs may render the same paper
    before = queries.latest(
        session,
        owner_id=rendered.owner_id,
        kind=rendered.kind,
        subject_id=rendered.subject_id,
        language=rendered.language,
    )
    if before is not None and before.sha256 == rendered.sha256:
        return before
    document = Document(
        id=new_id(),
        owner_id=rendered.owner_id,
        party_ids=sorted(set(rendered.readers) - {rendered.owner_id}),
        kind=rendered.kind,
        subject_id=rendered.subject_id,
        order_id=rendered.order_id,
        run_id=rendered.run_id,
        language=rendered.language,
        revision=before.revision + 1 if before else 1,
        name=rendered.name,
        media_type=rendered.media_type,
        sha256=rendered.sha256,
        size_bytes=len(rendered.payload),
        made_at=stamp.at,
    )
    session.add(document)
    session.flush()
    facts.record(session, DOCUMENT_MADE, document.id, stamp, readers=tuple(document.party_ids))
    return document
