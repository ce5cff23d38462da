"""A tablet's whole log in one file, for an office that its own greetings do not reach any more.

The file is a ZIP archive: ``log.json`` (``LogIndex``) and ``log.sig``, the tablet's signature of its sha256 as ``log``;
``pushes/N.json`` with what the tablet would have pushed, and ``files/SHA256`` with the bytes of what its events name.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from shared.wire.enrol import Attestation
from shared.wire.limits import Identifier, Kept, PublicKey, Sequence, Sha256, Short

FORMAT: Final = "tournee-tablet-log/2"
INDEX: Final = "log.json"
SIGNATURE: Final = "log.sig"
KIND: Final = "log"
PUSHES: Final = "pushes/"
FILES: Final = "files/"


class LogFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that an event of the log names; where the tablet cannot read it any more, its bytes are missing."""

    sha256: Sha256
    media_type: Short
    size_bytes: Annotated[int, Meta(ge=0)]


class LogPush(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the log, by the sha256 of its bytes in the file: what travels beside the chain is covered as well."""

    from_seq: Sequence
    sha256: Sha256


class UnreadableEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event that the tablet sealed and cannot read any more."""

    seq: Sequence
    hash: Sha256


class LogIndex(msgspec.Struct, frozen=True, kw_only=True):
    """Whose log it is, how far it goes and what is in the file, under the signature of the tablet.

    ``attestation`` is the office's word for the enrolment; ``position`` and ``receipts`` are for whoever helps.
    """

    format: Short
    device_id: Identifier
    carrier_id: Identifier
    driver_id: Identifier
    driver_name: Kept
    public_key: PublicKey
    attestation: Attestation | None
    last_seq: Sequence
    last_hash: Sha256
    pushes: tuple[LogPush, ...]
    unreadable: tuple[UnreadableEvent, ...]
    files: tuple[LogFile, ...]
    position: dict[str, Any]
    receipts: tuple[dict[str, Any], ...]


def push_name(from_seq: int) -> str:
    """Return where in the archive the push is that begins with this event."""
    return f"{PUSHES}{from_seq:016}.json"


def file_name(sha256: str) -> str:
    """Return where in the archive a file's bytes are."""
    return f"{FILES}{sha256}"
