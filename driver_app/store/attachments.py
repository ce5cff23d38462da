"""Signatures and photos: encrypted bytes under their sha256, sent apart from the events that name them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from driver_app.store.database import Session
from shared.problems import Problem, Text
from shared.wire.limits import MAX_ATTACHMENT_BYTES

type Kind = Literal["signature", "picture", "photo"]
type AttachmentState = Literal["draft", "waiting", "received"]


class AttachmentTooLarge(Problem):
    """A photo beyond what the office accepts."""

    slug = "attachment-too-large"
    title = Text("Fichier trop lourd", "File too large")


@dataclass(frozen=True, slots=True)
class Attachment:
    """One file without its bytes. ``refusals`` counts uploads whose bytes the office did not recognise."""

    sha256: str
    kind: Kind
    media_type: str
    size_bytes: int
    state: AttachmentState
    refusals: int


def keep(session: Session, body: bytes, *, kind: Kind, media_type: str, taken_wall_ms: int) -> str:
    """Keep the bytes as a draft and return their sha256 in hex; the same bytes twice are one row.

    Raises:
        AttachmentTooLarge: more than the office accepts.
    """
    if len(body) > MAX_ATTACHMENT_BYTES:
        raise AttachmentTooLarge(
            Text(
                "Cette photo dépasse 12 Mo. Reprenez-la à une définition plus faible.",
                "This photo is over 12 MB. Take it again at a lower resolution.",
            ),
            size_bytes=len(body),
        )
    sha256 = hashlib.sha256(body).hexdigest()
    session.db.execute(
        "INSERT OR IGNORE INTO attachment (sha256, kind, media_type, size_bytes, body, taken_wall_ms, state) "
        "VALUES (?, ?, ?, ?, ?, ?, 'draft')",
        (sha256, kind, media_type, len(body), session.vault.close(body, f"attachment:{sha256}"), taken_wall_ms),
    )
    return sha256


def attach(session: Session, sha256: str, *, run_id: str, stop_id: str, event_id: str) -> None:
    """Say that a sealed event names this file: it now waits to be sent."""
    session.db.execute(
        "INSERT OR IGNORE INTO attachment_use (sha256, run_id, stop_id, event_id) VALUES (?, ?, ?, ?)",
        (sha256, run_id, stop_id, event_id),
    )
    session.db.execute("UPDATE attachment SET state = 'waiting' WHERE sha256 = ? AND state = 'draft'", (sha256,))


def detach_unused(session: Session) -> None:
    """After an event was taken back: its photos are drafts again, and its signature is gone."""
    session.db.execute(
        "DELETE FROM attachment WHERE state = 'waiting' AND kind != 'photo' "
        "AND sha256 NOT IN (SELECT sha256 FROM attachment_use)"
    )
    session.db.execute(
        "UPDATE attachment SET state = 'draft' WHERE state = 'waiting' "
        "AND sha256 NOT IN (SELECT sha256 FROM attachment_use)"
    )


def load(session: Session, sha256: str) -> bytes:
    """Return the bytes of one file."""
    body = session.db.execute("SELECT body FROM attachment WHERE sha256 = ?", (sha256,)).fetchone()[0]
    return session.vault.open(body, f"attachment:{sha256}")


def find(session: Session, sha256: str) -> bytes | None:
    """Return the bytes of one file, or None once it was let go of."""
    is_here = session.db.execute("SELECT 1 FROM attachment WHERE sha256 = ?", (sha256,)).fetchone()
    return load(session, sha256) if is_here else None


def named(session: Session) -> tuple[Attachment, ...]:
    """Return every file that a sealed event names."""
    return tuple(Attachment(*row) for row in session.db.execute(f"{_SELECT} WHERE state != 'draft' ORDER BY sha256"))


def count(session: Session) -> int:
    """Return how many files sealed events name."""
    return len(named(session))


def waiting(session: Session) -> tuple[Attachment, ...]:
    """Return what is to be sent: signatures, then their pictures, then photos, the smallest first."""
    return tuple(Attachment(*row) for row in session.db.execute(f"{_SELECT} WHERE state = 'waiting' {_ORDER}"))


def of_event(session: Session, event_id: str) -> tuple[Attachment, ...]:
    """Return the files that one event names."""
    query = f"{_SELECT} WHERE sha256 IN (SELECT sha256 FROM attachment_use WHERE event_id = ?) {_ORDER}"  # noqa: S608  # our own words
    rows = session.db.execute(query, (event_id,))
    return tuple(Attachment(*row) for row in rows)


def mark_received(session: Session, sha256: str) -> None:
    """Note that the office holds these bytes and recognised their hash; when, the next greeting tells."""
    session.db.execute(
        "UPDATE attachment SET state = 'received', refusals = 0, received_ms = 0 WHERE sha256 = ?", (sha256,)
    )


def note_received_by(session: Session, server_ms: int) -> None:
    """Note that by now, by its own clock, the office had what it confirmed before this greeting: never too early."""
    session.db.execute(
        "UPDATE attachment SET received_ms = ? WHERE state = 'received' AND received_ms = 0", (server_ms,)
    )


def let_go(session: Session, *, before_ms: int) -> int:
    """Delete files that no event here names any more and that the office received before an instant; return how many.

    A photo may come weeks after its event, when every backup that has the event is without it: what counts is when the
    file itself was received, by the office's clock.
    """
    session.db.execute(f"DELETE FROM attachment_use WHERE sha256 IN (SELECT sha256 {_OVER})", (before_ms,))  # noqa: S608  # our words
    return session.db.execute(f"DELETE {_OVER}", (before_ms,)).rowcount  # our words


def offer_missing(session: Session, sha256s: Iterable[str]) -> int:
    """The office says that it has not these files: those that it had confirmed are offered again; return how many."""
    offered = "UPDATE attachment SET state = 'waiting' WHERE sha256 = ? AND state = 'received'"
    return sum(session.db.execute(offered, (one,)).rowcount for one in sha256s)


def mark_refused(session: Session, sha256: str) -> None:
    """Note one more upload that the office did not recognise; the file goes on waiting."""
    session.db.execute("UPDATE attachment SET refusals = refusals + 1 WHERE sha256 = ?", (sha256,))


def offer_again(session: Session) -> None:
    """The office was restored: every file is offered again, of which it says at once how much it holds.

    Which ones it lost nobody here can know: a photo may have come long after its event, and after the backup.
    """
    session.db.execute("UPDATE attachment SET state = 'waiting' WHERE state = 'received'")


_SELECT = "SELECT sha256, kind, media_type, size_bytes, state, refusals FROM attachment"
_OVER = (
    "FROM attachment WHERE state = 'received' AND received_ms > 0 AND received_ms < ? AND sha256 NOT IN "
    "(SELECT sha256 FROM attachment_use WHERE event_id IN (SELECT event_id FROM event))"
)
_ORDER = "ORDER BY CASE kind WHEN 'signature' THEN 0 WHEN 'picture' THEN 1 ELSE 2 END, size_bytes, sha256"
