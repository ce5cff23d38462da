"""Whether the papers of what was issued are still the bytes that were kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core.blobs import BlobMissing, BlobStore
from server.core.problems import Text
from server.documents.model import Document, DocumentKind
from server.ledger.audit import LedgerFault

_ISSUED: Final = (DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE)


@dataclass(frozen=True, slots=True)
class IssuedPaper:
    """One paper of an issued document: its name, and the hash and size of its bytes."""

    name: str
    sha256: str
    size_bytes: int


def issued_papers(session: Session, *, issuer_id: UUID) -> Sequence[IssuedPaper]:
    """Return the papers of an issuer's invoices and credit notes, in the order in which they were made."""
    rows = session.execute(
        select(Document.name, Document.sha256, Document.size_bytes)
        .where(Document.owner_id == issuer_id, Document.kind.in_(_ISSUED))
        .order_by(Document.made_at, Document.id)
    )
    return [IssuedPaper(*row) for row in rows]


def paper_faults(papers: Sequence[IssuedPaper], *, issuer_id: UUID, store: BlobStore) -> Iterator[LedgerFault]:
    """Yield the papers whose bytes are gone or are not those that were kept; no transaction is open meanwhile.

    Source: laws 2 and 31.
    """
    for paper in papers:
        try:
            is_whole = len(store.get(issuer_id, paper.sha256)) == paper.size_bytes
        except BlobMissing:
            is_whole = False
        if not is_whole:
            text = Text("Le PDF n’est plus celui qui fut émis.", "The PDF is not the one that was issued.")
            yield LedgerFault("altered-paper", issuer_id, paper.name, text)
