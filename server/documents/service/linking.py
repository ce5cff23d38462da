"""Links to papers for clients without an account: signed, expiring, revocable, each use noted (C26)."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.core import facts
from server.core.acting import acting_for, acting_org
from server.core.database import IDENTITY_ORG
from server.core.keys import derived_secret
from server.core.problems import NotFound, Problem, Text
from server.core.stamp import Stamp
from server.documents.access import NEEDS
from server.documents.events import PAPER_LINK_REVOKED
from server.documents.model import Document, DocumentKind, PaperLink, PaperLinkUse
from server.identity.permissions import Permission
from server.identity.tokens import token_hash

LIFE: Final = timedelta(days=90)
_RUNS: Final = frozenset(kind for kind, needed in NEEDS.items() if needed is Permission.RUN_DOCUMENTS)


class LinkGone(Problem):
    """The link is unknown, revoked or too old; which one is not said."""

    slug = "paper-link-gone"
    status: ClassVar[int] = 410
    title = Text("Lien échu", "Link over")


@dataclass(frozen=True, slots=True)
class LinkRow:
    """A link, how often it was used, and when last."""

    link: PaperLink
    uses: int
    used_at: datetime | None


def make_link(
    session: Session,
    *,
    link_id: UUID,
    keeper_id: UUID,
    email: str,
    title: Text,
    subject_id: UUID,
    order_id: UUID | None,
    stamp: Stamp,
) -> PaperLink:
    """Return the link of this id to papers of the acting client; its keeper reads along.

    The token follows from the id: one that is stable opens again, when its row was lost, what was sent before.
    """
    link = PaperLink(
        id=link_id, owner_id=acting_org(session), party_ids=sorted({keeper_id, IDENTITY_ORG}), token_hash="",
        email=email, title_fr=title.fr, title_en=title.en, subject_id=subject_id, order_id=order_id, made_at=stamp.at,
        expires_at=stamp.at + LIFE,
    )  # fmt: skip
    link.token_hash = token_hash(link_token(link.id))
    session.add(link)
    session.flush()
    return link


def link_token(link_id: UUID) -> str:
    """Return the 256-bit token of a link, derived under the server's secret: it lies in no table (ADR 0018)."""
    return base64.urlsafe_b64encode(derived_secret(f"paper-link:{link_id}")).rstrip(b"=").decode()


def find_link(session: Session, token: str, *, at: datetime) -> PaperLink:
    """Return the live link of a token; for the identity organisation.

    Raises:
        LinkGone: there is none.
    """
    found = session.scalars(select(PaperLink).where(PaperLink.token_hash == token_hash(token))).one_or_none()
    if found is None or found.revoked_at is not None or found.expires_at <= at:
        raise LinkGone(
            Text(
                "Ce lien n’est plus bon. En demander un nouveau à votre fournisseur.",
                "This link is not good any more. Ask your supplier for a new one.",
            )
        )
    return found


def papers_behind(session: Session, link: PaperLink) -> Sequence[Document]:
    """Return the papers that a link opens to the acting client, newest revisions only; none of a run."""
    wanted = Document.order_id == link.order_id if link.order_id else Document.subject_id == link.subject_id
    rows = session.scalars(
        select(Document)
        .where(wanted, Document.kind.not_in(_RUNS | {DocumentKind.PROVISIONAL_INVOICE}))
        .order_by(Document.revision)
    )
    newest = {(row.kind, row.subject_id, row.language): row for row in rows}
    return sorted(newest.values(), key=lambda row: (row.kind.value, row.language, row.name))


def note_use(session: Session, link: PaperLink, *, document_id: UUID | None, at: datetime) -> None:
    """Note that a link was used, as the client that owns it; its keeper reads along."""
    session.add(
        PaperLinkUse(owner_id=link.owner_id, party_ids=list(link.party_ids), link_id=link.id,
                     document_id=document_id, at=at)
    )  # fmt: skip


def links(session: Session, *, limit: int = 100) -> list[LinkRow]:
    """Return the newest links of clients whose cards the acting organisation keeps, or of its own papers."""
    used = (
        select(PaperLinkUse.link_id, func.count().label("uses"), func.max(PaperLinkUse.at).label("used_at"))
        .group_by(PaperLinkUse.link_id)
        .subquery()
    )
    rows = session.execute(
        select(PaperLink, used.c.uses, used.c.used_at)
        .outerjoin(used, used.c.link_id == PaperLink.id)
        .order_by(PaperLink.made_at.desc(), PaperLink.id)
        .limit(limit)
    )
    return [LinkRow(row[0], row[1] or 0, row[2]) for row in rows]


def revoke_link(session: Session, *, link_id: UUID, stamp: Stamp) -> PaperLink:
    """Make a link open nothing any more, at once: its client, or the seller that keeps the client's card.

    Raises:
        NotFound: the acting organisation reads no such link.
    """
    link = session.get(PaperLink, link_id)
    if link is None:
        raise NotFound(Text("Ce lien n’existe pas.", "There is no such link."), where="link_id")
    with acting_for(session, link.owner_id):
        if link.revoked_at is None:
            link.revoked_at = stamp.at
            facts.record(session, PAPER_LINK_REVOKED, link.id, stamp, readers=tuple(link.party_ids))
    return link
