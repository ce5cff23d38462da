"""Laying the log of a tablet aside that can never go on with it: what must be true, its export, and the fresh start."""

from __future__ import annotations

import json
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from driver_app import aside
from driver_app.clock import Clock, Moment
from driver_app.durable import sync_folder
from driver_app.platform.protocols import Secrets
from driver_app.store import attachments, outbox, receipts, settings
from driver_app.store.commit_points import Reached, pass_by
from driver_app.store.database import Session
from driver_app.store.settings import Enrolment, Exported
from driver_app.store.vault import Unreadable
from driver_app.sync.engine import Backlog, backlog
from driver_app.sync.greeting import greet
from driver_app.sync.office import Office, Refused
from driver_app.sync.transport import Transport
from driver_app.tablet import Tablet, open_tablet
from shared.problems import Problem, Text
from shared.sealing import public_bytes

FORMAT: Final = "tournee-tablet-log/1"
_OVER: Final = frozenset({"fork", "revoked", "unknown"})


class LogStillLives(Problem):
    """The office goes on with this log: there is nothing to lay aside."""

    slug = "tablet-log-lives"
    status = 409
    title = Text("Rien à mettre de côté", "Nothing to lay aside")


class LogOnlyHere(Problem):
    """The office has not everything, and no file holds it yet."""

    slug = "tablet-log-only-here"
    status = 409
    title = Text("Journal à exporter d’abord", "Export the log first")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogStanding:
    """What the office lacks of a log, and whether a file holds all of it."""

    is_over: bool
    is_unknown: bool
    events: int
    files: int
    exported: str

    @property
    def is_safe(self) -> bool:
        """Whether nothing is on this tablet alone."""
        return not (self.events or self.files) or bool(self.exported)


def log_standing(tablet: Tablet) -> LogStanding:
    """Return how a tablet's log stands: over when it was revoked, forked, or the office knows the tablet no more.

    Of a fork, copies at the office count; an office that does not know the tablet holds nothing of its log.
    """

    def read(session: Session) -> LogStanding:
        left, head = backlog(session), outbox.head(session)
        known = settings.load(session, Exported)
        now = (head.seq, head.hash, attachments.count(session))
        covers = known is not None and (known.seq, known.head, known.files) == now
        return LogStanding(
            is_over=left.position.standing in _OVER,
            is_unknown=left.position.standing == "unknown",
            events=_only_here(session, left),
            files=attachments.count(session) if left.position.standing == "unknown" else left.files,
            exported=known.name if known is not None and covers else "",
        )

    return tablet.store.read(read)


def _only_here(session: Session, left: Backlog) -> int:
    position = left.position
    if position.standing == "unknown":
        return len(outbox.entries(session))
    return max(0, outbox.head(session).seq - position.strays_seq) if position.standing == "fork" else left.events


def export_log(tablet: Tablet, home: Path, now: Moment) -> Path:
    """Write every sealed event, receipt and file of a log into one archive in ``home``; return its path.

    The archive survives a power cut before the log may be laid aside for it.
    Customers are in it: it is for the office alone. What the tablet itself cannot read any more is named.
    """
    told = tablet.store.read(lambda session: _told(session, tablet))
    path = home / f"journal-{told['device_id'][-12:] or 'tablette'}-{now.wall_ms}.zip"
    beside = path.with_name(f".{path.name}.new")
    with zipfile.ZipFile(beside, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("log.json", json.dumps(told, ensure_ascii=False, indent=1))
        for sha256 in told["files"]:
            if (body := _loaded(tablet, sha256)) is not None:
                archive.writestr(f"files/{sha256}", body)
    with beside.open("rb+") as written:
        os.fsync(written.fileno())
    beside.replace(path)
    sync_folder(home)
    done = Exported(seq=told["last_seq"], files=len(told["files"]), name=path.name, head=told["last_hash"])
    tablet.store.write("set_preference", lambda session: settings.save(session, done))
    return path


def begin_anew(tablet: Tablet, keys: Secrets, *, reached: Reached = pass_by) -> Tablet:
    """Lay a log aside, whole, and return the fresh tablet that stands in its place, not enrolled yet.

    The former tablet's store is closed. How the driver likes the screens is taken along.

    Raises:
        LogStillLives: the office goes on with it.
        LogOnlyHere: something is on this tablet alone; export it first.
    """
    require_over(tablet)
    home, preferences = tablet.store.path.parent, tablet.preferences
    tablet.store.close()
    aside.begin(home)
    fresh = open_tablet(home, keys, reached=reached)
    fresh.store.write("set_preference", lambda session: settings.save(session, preferences))
    return fresh


def require_over(tablet: Tablet) -> None:
    """Go on where a log may be laid aside.

    Raises:
        LogStillLives: the office goes on with it.
        LogOnlyHere: something is on this tablet alone; export it first.
    """
    standing = log_standing(tablet)
    if not standing.is_over:
        raise LogStillLives(
            Text(
                "Le bureau suit cette tablette. Seul un journal révoqué, double ou inconnu du bureau se met de côté.",
                "The office follows this tablet. Only a log that is revoked, forked or unknown to it is laid aside.",
            )
        )
    if not standing.is_safe:
        raise LogOnlyHere(
            Text(
                "Des livraisons ne sont que sur cette tablette. Exportez le journal, puis mettez-le de côté.",
                "Deliveries are on this tablet alone. Export the log, then lay it aside.",
            )
        )


def require_still_there(tablet: Tablet, transport: Transport, clock: Clock) -> None:
    """Go on where a log may be laid aside and the office says just now that it has all of it, or a file holds it.

    What was heard before says nothing of an office that was put back since. Where nothing is left here to hand in, one
    that still does not know the tablet has said all that it can.

    Raises:
        LogStillLives: the office goes on with it.
        LogOnlyHere: something is on this tablet alone; export it first.
        Unreachable: the office does not answer, and no file holds the log.
        Refused: it answers otherwise.
    """
    require_over(tablet)
    if log_standing(tablet).exported:
        return
    device = tablet.enrolment
    office = Office(transport, tablet.key, lambda: device.attestation)
    try:
        greet(tablet.store, office, device.device_id, clock)
    except Refused as refusal:
        if not (refusal.is_of_unknown and log_standing(tablet).is_unknown):
            raise
    require_over(tablet)


def open_aside(home: Path, keys: Secrets, number: int) -> Tablet:
    """Open a log that was laid aside, e.g. to export it again."""
    return open_tablet(aside.folder_of(home, number), aside.AsideSecrets(keys, number))


def _told(session: Session, tablet: Tablet) -> dict[str, Any]:
    known = settings.load(session, Enrolment)
    events, unreadable = [], []
    for entry in outbox.entries(session):
        try:
            events.append({"seq": entry.seq} | msgspec.to_builtins(outbox.load(session, entry.seq)))
        except Unreadable:
            unreadable.append({"seq": entry.seq, "hash": entry.hash})
    return {
        "format": FORMAT,
        "device_id": known.device_id if known else "",
        "carrier_id": known.carrier_id if known else "",
        "public_key": public_bytes(tablet.key).hex(),
        "last_seq": outbox.head(session).seq,
        "last_hash": outbox.head(session).hash,
        "position": msgspec.to_builtins(settings.position(session)),
        "events": events,
        "unreadable": unreadable,
        "receipts": [msgspec.to_builtins(one) for one in receipts.kept(session)],
        "files": list(attachments.names(session)),
    }


def _loaded(tablet: Tablet, sha256: str) -> bytes | None:
    """A file that does not open any more stands in the list, and not in the archive."""
    try:
        return tablet.store.read(lambda session: attachments.load(session, sha256))
    except Unreadable:
        return None
