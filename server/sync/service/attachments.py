"""Files in chunks, named by their sha256; each chunk is on disk before its answer."""

from __future__ import annotations

import fcntl
import hashlib
import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

from server.core.settings import settings
from shared.problems import Problem, Text
from shared.wire.limits import MAX_ATTACHMENT_BYTES, MAX_CHUNK_BYTES

MAX_OPEN_FILES: Final = 500
MAX_BYTES_A_DAY: Final = 2 * 1024**3
UPLOADS_KEPT: Final = timedelta(days=14)
_ROOM_IN_S: Final = 300
MEDIA_TYPES = frozenset({"image/jpeg", "image/png", "image/webp", "application/vnd.tournee.strokes"})


class AttachmentRefused(Problem):
    """The file is too large, of an unknown kind, or not what its name says."""

    slug = "attachment-refused"
    status = 422
    title = Text("Pièce jointe refusée", "Attachment refused")


class TabletStoreFull(Problem):
    """One tablet has begun too many files, or sent too many bytes of them today; events go on."""

    slug = "tablet-store-full"
    status = 507
    title = Text("Trop de fichiers de cette tablette", "Too many files of this tablet")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file on its way from one tablet: ``path`` holds what has arrived so far."""

    carrier_id: UUID
    device_id: UUID
    sha256: str
    size_bytes: int
    media_type: str

    @property
    def path(self) -> Path:
        """Where the chunks gather, on the same disk as the store."""
        return uploads_folder() / str(self.carrier_id) / str(self.device_id) / self.sha256

    @property
    def offset(self) -> int:
        """How many bytes have arrived."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0


def check_upload(upload: Upload) -> None:
    """Refuse what no tablet of ours sends.

    Raises:
        AttachmentRefused: size or media type out of bounds.
    """
    if not 0 < upload.size_bytes <= MAX_ATTACHMENT_BYTES or upload.media_type not in MEDIA_TYPES:
        raise AttachmentRefused(
            Text(
                f"Au plus {MAX_ATTACHMENT_BYTES // 1024**2} Mo, en JPEG, PNG ou WebP, ou un tracé de signature.",
                f"At most {MAX_ATTACHMENT_BYTES // 1024**2} MB, as JPEG, PNG or WebP, or a signature’s strokes.",
            ),
            where=upload.sha256,
        )


def check_room(upload: Upload, *, offset: int, chunk_bytes: int, kept_today: int, now: datetime) -> None:
    """Refuse a chunk that goes beyond what one tablet may have open, or may send in a day; ``kept_today`` in bytes.

    The tablet's other halves that nothing came for are swept here as well: the worker's sweep may run on another
    machine, or in another container, than the process that holds them.

    Raises:
        TabletStoreFull: it does; the tablet keeps the file and comes back.
    """
    sizes = _open_sizes(upload.path.parent, but=upload.path, before=now - UPLOADS_KEPT)
    begins = offset == 0 and upload.sha256 not in sizes
    if (begins and len(sizes) >= MAX_OPEN_FILES) or sum(sizes.values()) + kept_today + chunk_bytes > MAX_BYTES_A_DAY:
        raise TabletStoreFull(
            Text(
                f"Une tablette a au plus {MAX_OPEN_FILES} fichiers en cours et envoie {MAX_BYTES_A_DAY // 1024**3} Go "
                "par jour. Le fichier reste sur elle et partira plus tard; les événements continuent.",
                f"A tablet has {MAX_OPEN_FILES} files under way at most and sends {MAX_BYTES_A_DAY // 1024**3} GB a "
                "day. The file stays on it and goes later; events go on.",
            ),
            where=upload.sha256,
            retry_after_s=_ROOM_IN_S,
        )


def _open_sizes(folder: Path, *, but: Path, before: datetime) -> dict[str, int]:
    """Return the bytes of each half-sent file in a tablet's folder; ``but`` is under way, and is not swept."""
    sizes = {}
    for path in folder.glob("*"):
        with suppress(FileNotFoundError):  # it became whole meanwhile
            if path == but or not _is_swept(path, before):
                sizes[path.name] = path.stat().st_size
    return sizes


def _is_swept(path: Path, before: datetime) -> bool:
    is_old = path.stat().st_mtime < before.timestamp()
    if is_old:
        path.unlink()
    return is_old


def uploads_folder() -> Path:
    """Return where files gather before they are whole."""
    return Path(settings().store_path) / "uploads"


def sweep_uploads(*, before: datetime) -> int:
    """Delete half-sent files that nothing came for since ``before``; return how many. Who has one begins it anew."""
    gone = 0
    for path in uploads_folder().rglob("*"):
        with suppress(FileNotFoundError):
            gone += path.is_file() and _is_swept(path, before)
    return gone


def offset_to_say(upload: Upload) -> int:
    """Return how much of a file that is not kept yet has arrived; of a whole one, its last byte is asked for again.

    A file counts once it is kept: had keeping it failed, a tablet that heard of a whole one would never come back.
    """
    try:
        with upload.path.open("rb") as file:
            reached = os.fstat(file.fileno()).st_size
            is_whole = hashlib.file_digest(file, "sha256").hexdigest() == upload.sha256
    except FileNotFoundError:  # nothing came yet, or its last chunk has just been kept
        return 0
    return reached - 1 if is_whole else reached


def append_chunk(upload: Upload, *, offset: int, chunk: bytes) -> int:
    """Add a chunk durably and return the true offset; a chunk that does not fit there changes nothing."""
    if len(chunk) > MAX_CHUNK_BYTES or offset + len(chunk) > upload.size_bytes:
        return upload.offset
    upload.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with upload.path.open("r+b" if offset else "ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if file.seek(0, os.SEEK_END) == offset:  # what was written between its opening and its turn counts
                file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            return file.tell()
    except FileNotFoundError:  # a chunk that goes on from nothing: the file begins anew, or was kept meanwhile
        return 0


def complete(upload: Upload) -> bytes | None:
    """Return the whole file when its last byte is here and its hash is right; a wrong or longer one starts anew."""
    if upload.offset < upload.size_bytes:
        return None
    try:
        payload = upload.path.read_bytes()
    except FileNotFoundError:  # another tablet sent the same file and was first
        return None
    if hashlib.sha256(payload).hexdigest() != upload.sha256:
        upload.path.unlink(missing_ok=True)
        return None
    return payload
