"""Papers of proofs leave a trace in their owner's access log."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core.stamp import Stamp
from server.delivery.model import Proof
from server.delivery.sharing.model import AccessPart, AccessWay
from server.delivery.sharing.noting import Reader, note_access
from server.documents.model import Document, DocumentKind

_PARTS = {DocumentKind.PROOF_FILE: AccessPart.FILE, DocumentKind.PROOF_PDF: AccessPart.PDF}


def note_paper(session: Session, paper: Document, *, way: AccessWay, reader: Reader, stamp: Stamp) -> None:
    """Note that ``reader`` gets this paper, when it is a proof's; others leave no trace here."""
    part = _PARTS.get(paper.kind)
    if part is None:
        return
    proof_id = session.scalars(select(Proof.id).where(Proof.delivery_id == paper.subject_id)).one_or_none()
    if proof_id is not None:
        note_access(
            session, owner_id=paper.owner_id, proof_ids=[proof_id], reader=reader, way=way, part=part, stamp=stamp
        )
