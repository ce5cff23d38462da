"""Taking a party's file in: bounded, of few types, told by its bytes, and given out as a file alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import ClassVar, Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.core import facts
from server.core.acting import acting_org
from server.core.blobs import BlobStore
from server.core.pictures import JPEG, read_picture
from server.core.problems import Conflict, Forbidden, NotFound, Problem, Text
from server.core.stamp import Stamp
from server.documents.events import FILE_ADDED, FILE_REMOVED
from server.documents.filing.model import OrderFile
from server.orders.model import Order
from shared.ids import new_id

PDF: Final = "application/pdf"
CSV: Final = "text/csv"
MAX_FILE_BYTES: Final = 10 * 1024**2
MAX_FILES: Final = 30
MAX_NAME: Final = 120
_PICTURES: Final = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF")
_UNSAFE: Final = re.compile(r"[^\w .()+-]")


class FileRefused(Problem):
    """The file is of a kind that is not taken, empty, or too large."""

    slug = "file-refused"
    title: ClassVar[Text] = Text("Fichier refusé", "File refused")


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """A file that lies in the store, and what it is called."""

    name: str
    media_type: str
    sha256: str
    size_bytes: int


def take_in(store: BlobStore, owner_id: UUID, *, name: str, payload: bytes) -> Brought:
    """Keep a PDF, a picture or a table in text; never inside a transaction.

    What it is, its bytes say: its name and what the browser calls it count for nothing. A picture is made anew, so that
    nothing but its pixels is given out.

    Raises:
        FileRefused: empty, too large, or of another kind.
        PictureRefused: it begins like a picture and is none that is taken.
    """
    if not 0 < len(payload) <= MAX_FILE_BYTES:
        raise _refused("Un fichier a de 1 octet à 10 Mo.", "A file has 1 byte to 10 MB.")
    media_type, suffix = _kind_of(payload)
    if media_type == JPEG:
        payload = read_picture(payload).jpeg
    return Brought(
        name=_tidy(name, suffix),
        media_type=media_type,
        sha256=store.put(owner_id, payload, media_type=media_type),
        size_bytes=len(payload),
    )


def add_file(session: Session, *, order: Order, brought: Brought, by_name: str, stamp: Stamp) -> OrderFile:
    """Return the acting party's new file about an order, for all of the order's parties; the same bytes once.

    Raises:
        Forbidden: the acting organisation is no party of the order.
        Conflict: it has ``MAX_FILES`` there already.

    Source: R056.
    """
    me = acting_org(session)
    parties = {order.owner_id, *order.party_ids}
    if me not in parties:
        raise Forbidden(
            Text("Seules ses parties joignent des fichiers.", "Only its parties add files."), where=order.number
        )
    mine = select(OrderFile).where(OrderFile.owner_id == me, OrderFile.order_id == order.id)
    known = session.scalars(mine.where(OrderFile.sha256 == brought.sha256)).one_or_none()
    if known is not None:
        known.removed_at = None
        return known
    if (session.scalar(select(func.count()).select_from(mine.subquery())) or 0) >= MAX_FILES:
        raise Conflict(Text(f"Au plus {MAX_FILES} fichiers par commande.", f"At most {MAX_FILES} files an order."))
    made = OrderFile(
        id=new_id(),
        owner_id=me,
        party_ids=sorted(parties - {me}),
        order_id=order.id,
        name=brought.name,
        media_type=brought.media_type,
        sha256=brought.sha256,
        size_bytes=brought.size_bytes,
        added_by=stamp.by,
        added_by_name=by_name,
        added_at=stamp.at,
    )
    session.add(made)
    session.flush()
    facts.record(session, FILE_ADDED, made.id, stamp, readers=tuple(made.party_ids))
    return made


def remove_file(session: Session, *, file_id: UUID, stamp: Stamp) -> OrderFile:
    """Take a file of the acting organisation off its order; its bytes stay for who had them.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    found = file_named(session, file_id)
    if found.owner_id != acting_org(session):
        raise _missing(file_id)
    found.removed_at = stamp.at
    facts.record(session, FILE_REMOVED, found.id, stamp, readers=tuple(found.party_ids))
    return found


def file_named(session: Session, file_id: UUID) -> OrderFile:
    """Return a file that the acting organisation may read.

    Raises:
        NotFound: there is none, it was removed, or it is somebody else's.
    """
    wanted = select(OrderFile).where(OrderFile.id == file_id, OrderFile.removed_at.is_(None))
    found = session.scalars(wanted).one_or_none()
    if found is None:
        raise _missing(file_id)
    return found


def files_of(session: Session, *, order_id: UUID) -> Sequence[OrderFile]:
    """Return the files beside an order that the acting organisation may read, oldest first."""
    return session.scalars(
        select(OrderFile)
        .where(OrderFile.order_id == order_id, OrderFile.removed_at.is_(None))
        .order_by(OrderFile.added_at, OrderFile.id)
    ).all()


def _kind_of(payload: bytes) -> tuple[str, str]:
    if payload.startswith(b"%PDF-"):
        return PDF, ".pdf"
    if payload.startswith(_PICTURES):
        return JPEG, ".jpg"
    if _is_text(payload):
        return CSV, ".csv"
    raise _refused(
        "Seuls les PDF, les images (JPEG, PNG, WebP) et les tableaux en texte (CSV) sont acceptés.",
        "Only PDF, pictures (JPEG, PNG, WebP) and tables in text (CSV) are taken.",
    )


def _is_text(payload: bytes) -> bool:
    """A table of plain words: no markup, which some program might take for more than text."""
    if b"\x00" in payload or payload.lstrip()[:1] in {b"<", b"#"}:
        return False
    try:
        return payload.decode("utf-8").isprintable() or b"\n" in payload
    except UnicodeDecodeError:
        return False


def _tidy(name: str, suffix: str) -> str:
    stem = _UNSAFE.sub("", PurePath(name.replace("\\", "/")).stem).strip(" .")
    return f"{stem[:MAX_NAME] or 'fichier'}{suffix}"


def _refused(fr: str, en: str) -> FileRefused:
    return FileRefused(Text(fr, en), where="file")


def _missing(file_id: UUID) -> NotFound:
    return NotFound(Text("Ce fichier n’existe pas.", "There is no such file."), where=str(file_id))
