"""Which papers an e-mail carries: invoices, credit notes and reminders go with their PDF."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core.problems import Problem, Text
from server.documents.model import Document, DocumentKind
from server.notifications.model import EmailMessage

CARRIED: Final[Mapping[str, DocumentKind]] = {
    "invoice.published": DocumentKind.INVOICE,
    "invoice.resent": DocumentKind.INVOICE,
    "invoice.reminder": DocumentKind.INVOICE,
    "credit_note.issued": DocumentKind.CREDIT_NOTE,
}
"""What the news of each kind carries, as soon as it is rendered."""

PAPER_TRIES: Final = 3
"""After so many tries without its paper, the e-mail goes with its link alone."""


class PaperNotReady(Problem):
    """The paper that an e-mail carries is not rendered yet."""

    slug = "paper-not-ready"
    status = 503
    title = Text("Document pas encore prêt", "Paper not ready yet")


def papers_of(session: Session, message: EmailMessage) -> Sequence[Document]:
    """Return the newest revision of the paper that a message carries; nothing for other kinds.

    The session acts for the recipient, who reads the paper as its party.

    """
    kind = CARRIED.get(message.kind)
    if kind is None:
        return ()
    return session.scalars(
        select(Document)
        .where(Document.subject_id == message.subject_id, Document.kind == kind)
        .order_by(Document.revision.desc())
        .limit(1)
    ).all()


def must_wait(message: EmailMessage, papers: Sequence[Document]) -> bool:
    """Say whether a message waits for the paper that it carries."""
    return message.kind in CARRIED and not papers and message.tries < PAPER_TRIES
