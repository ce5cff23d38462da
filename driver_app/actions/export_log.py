"""The export of a log: one file with all of it, that the office takes as if the tablet had sent it."""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from driver_app.clock import Moment
from driver_app.store import attachments, outbox, receipts, settings
from driver_app.store.database import Session
from driver_app.store.outbox import Head
from driver_app.store.settings import Enrolment, Exported
from driver_app.store.vault import Unreadable
from driver_app.sync.pushing import signed_push
from driver_app.tablet import Tablet
from shared.durable import sync_folder
from shared.problems import Problem, Text
from shared.sealing import public_bytes, sign
from shared.wire.push import Push
from shared.wire.tablet_log import (
    FORMAT,
    INDEX,
    KIND,
    SIGNATURE,
    LogFile,
    LogIndex,
    LogPush,
    UnreadableEvent,
    file_name,
    push_name,
)


class LogNotWritten(Problem):
    """The tablet's disk does not take the file."""

    slug = "tablet-log-not-written"
    status = 507
    title = Text("Journal non exporté", "Log not exported")


def export_log(tablet: Tablet, home: Path, now: Moment) -> Path:
    """Write every sealed event, receipt and file of a log into one archive in ``home``; return its path.

    The archive survives a power cut before the log may be laid aside for it, nothing in it can be taken back, and it
    takes the place of the ones before it. Customers are in it: it is for the office alone, which takes it by
    ``tournee sync take-log``. What the tablet itself cannot read any more is named.

    Raises:
        NotEnrolled: no office ever knew this tablet.
        LogNotWritten: the tablet's disk does not take it; what is there of it is removed.
    """
    known = tablet.enrolment
    head = tablet.store.write("take_batch", _let_go)
    ours = f"journal-{known.device_id[-12:]}-"
    path = home / f"{ours}{now.wall_ms}.zip"
    beside = home / f".{ours}new"
    try:
        files = _write(beside, tablet, known, head, now)
        beside.replace(path)
        sync_folder(home)
    except OSError as error:
        raise _not_written(error) from error
    finally:
        beside.unlink(missing_ok=True)
    done = Exported(seq=head.seq, files=files, name=path.name, head=head.hash, format=FORMAT)
    tablet.store.write("set_preference", lambda session: settings.save(session, done))
    for former in home.glob(f"{ours}*.zip"):
        if former != path:
            former.unlink()
    return path


def _write(path: Path, tablet: Tablet, known: Enrolment, head: Head, now: Moment) -> int:
    """Write the archive so that a power cut leaves it; return how many files of events are named in it."""
    path.touch(mode=0o600)
    with path.open("wb") as written, zipfile.ZipFile(written, "w", zipfile.ZIP_STORED) as archive:
        pushes = []
        for push in _pushes(tablet, known.device_id, now):
            body = msgspec.json.encode(push)
            _put(archive, push_name(push.from_seq), body)
            pushes.append(LogPush(from_seq=push.from_seq, sha256=hashlib.sha256(body).hexdigest()))
        index = LogIndex(
            format=FORMAT,
            device_id=known.device_id,
            carrier_id=known.carrier_id,
            driver_id=known.driver_id,
            driver_name=known.driver_name,
            public_key=public_bytes(tablet.key).hex(),
            attestation=known.attestation,
            last_seq=head.seq,
            last_hash=head.hash,
            pushes=tuple(pushes),
            **tablet.store.read(_kept),
        )
        body = msgspec.json.format(msgspec.json.encode(index), indent=1)
        _put(archive, INDEX, body)
        _put(archive, SIGNATURE, sign(tablet.key, KIND, hashlib.sha256(body).digest()).hex().encode())
        for one in index.files:
            if (kept := _loaded(tablet, one.sha256)) is not None:
                _put(archive, file_name(one.sha256), kept)
        archive.close()
        written.flush()
        os.fsync(written.fileno())
    return len(index.files)


def _put(archive: zipfile.ZipFile, name: str, body: bytes) -> None:
    """Add a part under a fixed time: a clock that stands before 1980 has no place in such an archive."""
    archive.writestr(zipfile.ZipInfo(name), body)


def _not_written(error: OSError) -> LogNotWritten:
    return LogNotWritten(
        Text(
            f"Le journal n’a pas pu être écrit ({error.strerror}). Rien n’est perdu\u00a0: faites de la place, puis "
            "exportez-le encore.",
            f"The log could not be written ({error.strerror}). Nothing is lost: make room, then export it again.",
        )
    )


def _let_go(session: Session) -> Head:
    outbox.let_all_go(session)
    return outbox.head(session)


def _pushes(tablet: Tablet, device_id: str, now: Moment) -> Iterator[Push]:
    """Yield the log as it is pushed, from the first event that is here; what does not open is passed over."""
    after = 0
    while True:
        take = partial(outbox.take_strays, after=after, now=now)
        first, events = tablet.store.write("take_batch", take)
        if not events:
            return
        yield signed_push(tablet.key, device_id, first, events)
        after = first + len(events) - 1


def _kept(session: Session) -> dict[str, Any]:
    """Return what the index says of the store itself."""
    return {
        "unreadable": tuple(UnreadableEvent(seq=one.seq, hash=one.hash) for one in outbox.unreadable(session)),
        "files": tuple(
            LogFile(sha256=one.sha256, media_type=one.media_type, size_bytes=one.size_bytes)
            for one in attachments.named(session)
        ),
        "position": msgspec.to_builtins(settings.position(session)),
        "receipts": tuple(msgspec.to_builtins(one) for one in receipts.kept(session)),
    }


def _loaded(tablet: Tablet, sha256: str) -> bytes | None:
    """Return a file's bytes; one that does not open any more, or was let go of meanwhile, stands in the index alone."""
    try:
        return tablet.store.read(lambda session: attachments.find(session, sha256))
    except Unreadable:
        return None
