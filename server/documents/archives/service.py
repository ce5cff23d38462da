"""Asking for an archive, gathering it in steps, and the stream of its files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from server.core import facts
from server.core.acting import acting_org
from server.core.problems import Conflict, NotFound, Problem, Text
from server.core.settings import settings
from server.core.stamp import Stamp
from server.documents.archives.model import ArchiveState, PaperArchive
from server.documents.events import PAPERS_ASKED
from server.documents.model import Document, DocumentKind
from server.orders.model import Order
from server.parties.wording import badge_of
from shared.ids import new_id

FORMAT: Final = "tournee-papers/1"
MAX_ORDERS: Final = 5_000
MAX_RUNNING: Final = 3
STUCK_AFTER: Final = timedelta(hours=1)
_RUNNING: Final = (ArchiveState.WAITING, ArchiveState.GATHERING)


class ArchiveTooLarge(Problem):
    """More orders were chosen than one archive holds."""

    slug = "archive-too-large"
    title = Text("Trop de commandes", "Too many orders")


class ArchiveExpired(Problem):
    """An archive can be fetched for some days only."""

    slug = "archive-expired"
    status = 410
    title = Text("Archive échue", "Archive expired")


class PaperFile(msgspec.Struct, frozen=True, kw_only=True):
    """One paper of an archive: whose it is, which order it belongs to and how that is billed, its bytes' hash."""

    name: str
    order_id: UUID
    order_number: str
    billed: Text | None = None  # the order's badge (R008)
    kind: str
    owner_id: UUID
    sha256: str
    size_bytes: int


class Paperless(msgspec.Struct, frozen=True, kw_only=True):
    """An order without a paper that its asker may open."""

    order_number: str
    billed: Text | None


class PaperManifest(msgspec.Struct, frozen=True, kw_only=True):
    """What an archive holds, and which orders have nothing in it."""

    format: str
    made_at: datetime
    organisation_id: UUID
    files: tuple[PaperFile, ...]
    missing: tuple[Paperless, ...]


def ask_archive(
    session: Session, *, order_ids: Sequence[UUID], kinds: Iterable[DocumentKind], by_name: str, stamp: Stamp
) -> PaperArchive:
    """Return a new archive of these orders' latest papers of kinds that the asker may open; a job gathers it.

    Raises:
        NotFound: no order.
        ArchiveTooLarge: over ``MAX_ORDERS`` of them.
        Conflict: ``MAX_RUNNING`` archives are being made.
    """
    me = acting_org(session)
    _require_room(session, me, stamp)
    if not order_ids:
        raise NotFound(Text("Aucune commande ne correspond.", "No order matches."))
    if len(order_ids) > MAX_ORDERS:
        raise ArchiveTooLarge(
            Text(
                f"Plus de {MAX_ORDERS} commandes correspondent. Filtrez une période à la fois.",
                f"Over {MAX_ORDERS} orders match. Narrow the list to one period at a time.",
            )
        )
    made = PaperArchive(
        id=new_id(),
        owner_id=me,
        order_ids=list(order_ids),
        kinds=[kind.value for kind in kinds],
        asked_by=stamp.by,
        asked_by_name=by_name,
        asked_at=stamp.at,
        expires_at=stamp.at + timedelta(days=settings().export_days),
        state=ArchiveState.WAITING,
        total=len(order_ids),
    )
    session.add(made)
    session.flush()
    facts.record(session, PAPERS_ASKED, made.id, stamp)
    return made


def archives(session: Session, *, limit: int = 20) -> Sequence[PaperArchive]:
    """Return the acting organisation's last archives, newest first."""
    mine = select(PaperArchive).where(PaperArchive.owner_id == acting_org(session))
    return session.scalars(mine.order_by(PaperArchive.asked_at.desc(), PaperArchive.id.desc()).limit(limit)).all()


def archive_named(session: Session, archive_id: UUID) -> PaperArchive:
    """Return an archive of the acting organisation.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    found = session.scalars(
        select(PaperArchive).where(PaperArchive.id == archive_id, PaperArchive.owner_id == acting_org(session))
    ).one_or_none()
    if found is None:
        raise NotFound(Text("Cette archive n’existe pas.", "There is no such archive."), where=str(archive_id))
    return found


def require_ready(archive: PaperArchive, *, now: datetime) -> PaperArchive:
    """Return an archive that may be fetched.

    Raises:
        ArchiveExpired: its days are over.
        Conflict: it is not gathered.
    """
    if archive.expires_at <= now:
        raise ArchiveExpired(
            Text("Cette archive est échue. Redemandez-la.", "This archive has expired. Ask for it again."),
            where=str(archive.id),
        )
    if archive.state is not ArchiveState.READY:
        raise Conflict(Text("Cette archive n’est pas prête.", "This archive is not ready."), where=str(archive.id))
    return archive


def papers_of(
    session: Session, *, order_ids: Sequence[UUID], kinds: Sequence[DocumentKind]
) -> tuple[list[PaperFile], list[Paperless]]:
    """Return the latest paper of each order, its invoice else its purchase order, and the orders without one.

    ``kinds`` are those that the asker may open; rows of others' are out of reach anyway.
    """
    asked = select(Order.id, Order.number, Order.billing_type).where(Order.id.in_(order_ids))
    orders = {
        row.id: Paperless(order_number=row.number, billed=badge_of(row.billing_type)) for row in session.execute(asked)
    }
    wanted = [kind for kind in (DocumentKind.PURCHASE_ORDER, DocumentKind.INVOICE) if kind in kinds]
    rows = session.scalars(
        select(Document)
        .where(Document.order_id.in_(orders), Document.kind.in_(wanted))
        .order_by(Document.kind == DocumentKind.INVOICE, Document.made_at, Document.revision, Document.id)
    )
    latest = {row.order_id: row for row in rows}
    found = [_file(orders[one], latest[one]) for one in order_ids if one in latest and one in orders]
    return found, [order for one, order in orders.items() if one not in latest]


def begin(session: Session, archive_id: UUID) -> PaperArchive | None:
    """Return the archive to gather; None when it was gathered before."""
    archive = archive_named(session, archive_id)
    if archive.state not in _RUNNING:
        return None
    archive.state, archive.done = ArchiveState.GATHERING, 0
    return archive


def tell_progress(session: Session, archive_id: UUID, *, done: int) -> None:
    """Note how many orders were looked at."""
    archive_named(session, archive_id).done = done


def finish(session: Session, archive_id: UUID, *, manifest: PaperManifest, sha256: str, stamp: Stamp) -> None:
    """Make the archive ready to be fetched."""
    archive = archive_named(session, archive_id)
    archive.state, archive.done, archive.ready_at = ArchiveState.READY, archive.total, stamp.at
    archive.manifest_sha256 = sha256
    archive.size_bytes = sum(file.size_bytes for file in manifest.files)
    archive.missing = len(manifest.missing)


def _require_room(session: Session, me: UUID, stamp: Stamp) -> None:
    stuck = PaperArchive.asked_at < stamp.at - STUCK_AFTER
    mine = (PaperArchive.owner_id == me) & PaperArchive.state.in_(_RUNNING)
    session.execute(update(PaperArchive).where(mine, stuck).values(state=ArchiveState.FAILED))
    if (session.scalar(select(func.count()).select_from(PaperArchive).where(mine)) or 0) >= MAX_RUNNING:
        raise Conflict(
            Text(
                f"{MAX_RUNNING} archives se préparent déjà. Attendez-en la fin.",
                f"{MAX_RUNNING} archives are being made already. Wait until one is done.",
            )
        )


def _file(order: Paperless, paper: Document) -> PaperFile:
    safe = "".join(one if one.isalnum() or one in "-_." else "-" for one in paper.name)
    return PaperFile(
        name=f"{paper.id.hex[-6:]}-{safe}",
        order_id=paper.order_id or paper.subject_id,
        order_number=order.order_number,
        billed=order.billed,
        kind=paper.kind.value,
        owner_id=paper.owner_id,
        sha256=paper.sha256,
        size_bytes=paper.size_bytes,
    )
