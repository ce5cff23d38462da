"""A tablet's exported log, read: whose it is, what it would have pushed, and the files that its events name."""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

import msgspec

from server.sync.service.attachments import MEDIA_TYPES
from shared.problems import Problem, Text
from shared.sealing import is_signed_by
from shared.wire.limits import MAX_ATTACHMENT_BYTES, MAX_LONE_EVENT_BYTES
from shared.wire.push import Push
from shared.wire.tablet_log import FORMAT, INDEX, KIND, SIGNATURE, LogFile, LogIndex, LogPush, file_name, push_name

_MAX_INDEX_BYTES: Final = 64 * 1024 * 1024
_SIGNATURE_CHARACTERS: Final = 128
_PACKED: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
# a stranger's bytes: what reading an archive of them raises, encrypted, packed otherwise, cut off or changed
_DAMAGE: Final = (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, zlib.error, EOFError, OSError)


class UnreadableLog(Problem):
    """The file is no exported log of a tablet, or it is not whole."""

    slug = "unreadable-log"
    status = 422
    title = Text("Journal illisible", "Unreadable log")


@dataclass(frozen=True, slots=True)
class HandedLog:
    """An open archive and what its index says; nothing of it is believed before the tablet's key is seen to sign it."""

    index: LogIndex
    _digest: bytes
    _signature: bytes
    _archive: zipfile.ZipFile

    @property
    def device_id(self) -> UUID:
        """Whose log it is."""
        return UUID(self.index.device_id)

    def is_signed_by(self, public_key: bytes) -> bool:
        """Say whether this key signed the index, and with it every push and the name of every file."""
        return is_signed_by(public_key, KIND, self._digest, self._signature)

    def push(self, named: LogPush) -> Push:
        """Return one part of what the tablet would have pushed.

        Raises:
            UnreadableLog: it is missing, or not what the tablet wrote.
        """
        name = push_name(named.from_seq)
        body = _read(self._archive, name, MAX_LONE_EVENT_BYTES)
        if hashlib.sha256(body).hexdigest() != named.sha256:
            raise _damaged(name)
        try:
            push = msgspec.json.decode(body, type=Push)
        except (msgspec.DecodeError, RecursionError) as error:
            raise _damaged(name) from error
        if push.device_id != self.index.device_id:
            raise _damaged(name)
        return push

    def file(self, named: LogFile) -> bytes:
        """Return a file's bytes.

        Raises:
            UnreadableLog: they are missing or not what the tablet wrote, or of a kind that no tablet sends.
        """
        name = file_name(named.sha256)
        if named.media_type not in MEDIA_TYPES:
            raise _damaged(name)
        body = _read(self._archive, name, MAX_ATTACHMENT_BYTES)
        if hashlib.sha256(body).hexdigest() != named.sha256:
            raise _damaged(name)
        return body


@contextmanager
def handed_log(path: Path) -> Iterator[HandedLog]:
    """Open an exported log inside the block.

    Raises:
        UnreadableLog: it is none, of another format, or it was cut off.
    """
    try:
        archive = zipfile.ZipFile(path)
    except _DAMAGE as error:
        raise _no_log(path.name) from error
    with archive:
        body = _read(archive, INDEX, _MAX_INDEX_BYTES)
        try:
            index = msgspec.json.decode(body, type=LogIndex)
            signature = bytes.fromhex(_read(archive, SIGNATURE, _SIGNATURE_CHARACTERS).decode())
        except (msgspec.DecodeError, RecursionError, ValueError) as error:
            raise _no_log(INDEX) from error
        if index.format != FORMAT:
            raise _no_log(INDEX)
        yield HandedLog(index, hashlib.sha256(body).digest(), signature, archive)


def _read(archive: zipfile.ZipFile, name: str, limit_bytes: int) -> bytes:
    """Return a part of the archive; whatever is packed in it, no more than the bound is unpacked."""
    try:
        entry = archive.getinfo(name)
        if entry.compress_type not in _PACKED:
            raise _damaged(name)
        with archive.open(entry) as part:
            body = part.read(limit_bytes + 1)
    except (KeyError, *_DAMAGE) as error:
        raise _damaged(name) from error
    if len(body) > limit_bytes:
        raise _damaged(name)
    return body


def _no_log(where: str) -> UnreadableLog:
    return UnreadableLog(
        Text(
            "Donnez le fichier «\u00a0journal-….zip\u00a0» que «\u00a0Exporter le journal\u00a0» écrit sur la "
            "tablette, copié en entier.",
            "Give the file “journal-….zip” that “Export the log” writes on the tablet, copied whole.",
        ),
        where=where,
    )


def _damaged(where: str) -> UnreadableLog:
    return UnreadableLog(
        Text(
            "Cette partie du fichier est absente ou endommagée. Copiez-le de nouveau, ou exportez encore le journal.",
            "This part of the file is missing or damaged. Copy it again, or export the log anew.",
        ),
        where=where,
    )
