"""A paper that is filled, with all that keeping it needs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from server.core.settings import settings
from server.documents.model import DocumentKind
from server.documents.rendering.papers import Paper
from server.documents.rendering.render import render
from server.documents.service.keeping import Rendered
from shared.codes import PaperKind, paper_code
from shared.problems import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A paper that is filled and not yet rendered; ``at`` is the instant that its PDF carries.

    Unless ``is_packed``, a run's packet goes without it: a section rides in its joined invoice.
    """

    paper: Paper
    kind: DocumentKind
    owner_id: UUID
    readers: tuple[UUID, ...]
    subject_id: UUID
    name: str
    language: Language
    at: datetime
    order_id: UUID | None = None
    run_id: UUID | None = None
    is_packed: bool = True

    def rendered(self) -> Rendered:
        """Render the paper; the same draft always gives the same bytes."""
        return Rendered(
            kind=self.kind,
            owner_id=self.owner_id,
            readers=self.readers,
            subject_id=self.subject_id,
            name=self.name,
            language=self.language,
            payload=render(self.paper, language=self.language, issued_at=self.at),
            order_id=self.order_id,
            run_id=self.run_id,
        )


def qr_of(kind: PaperKind, subject_id: UUID) -> str:
    """Return what a paper's QR code says: the address that leads to its subject's page."""
    return paper_code(settings().public_url, kind, subject_id)


def language_of(code: str) -> Language:
    """Return the language of a paper for who reads in ``code``; French for any but English."""
    return "en" if code == "en" else "fr"
