"""Small facts that the tablet keeps about itself, each a message of its own under a name."""

from __future__ import annotations

from typing import Literal

import msgspec

from driver_app.store.database import Session
from shared.wire.enrol import Attestation

type Standing = Literal["ok", "fork", "revoked", "refused", "outdated", "unknown"]


class Enrolment(msgspec.Struct, frozen=True, kw_only=True):
    """Who this tablet is and whose receipts it trusts.

    ``attestation`` is the office's word that it enrolled it; a tablet enrolled before there was one has none.
    ``former_keys`` are the office's others that it may still sign with, newest first; ``revoked_keys`` are those that a
    list which this tablet followed called so.
    """

    device_id: str
    carrier_id: str
    carrier_name: str
    driver_id: str
    driver_name: str
    server_key: str
    attestation: Attestation | None = None
    former_keys: tuple[str, ...] = ()
    revoked_keys: tuple[str, ...] = ()


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """How far tablet and office agree. ``server_*`` stand for the last contact, 0 if there was none.

    ``strays_seq`` is how far the office keeps a copy of this log although it follows another; ``rewound_ms`` is when,
    by its clock, it was last found to hold less than it had signed for. ``safe_ms`` is until when a verified backup of
    the office's holds what it received, ``asked_missing_ms`` when it was last asked what it misses, both by its clock.
    ``run_tags`` says which version of each run was pulled, ``unread_runs`` how many came that this app cannot read.
    """

    epoch: str = ""
    acked: int = 0
    hash_at_acked: str = "0" * 64
    safe_seq: int = 0
    cursor: int = 0
    standing: Standing = "ok"
    strays_seq: int = 0
    rewound_ms: int = 0
    server_ms: int = 0
    server_monotonic_ms: int = 0
    server_boot_id: str = ""
    contact_wall_ms: int = 0
    safe_ms: int = 0
    asked_missing_ms: int = 0
    run_tags: dict[str, str] = {}
    unread_runs: int = 0


class Nip(msgspec.Struct, frozen=True, kw_only=True):
    """The driver's code as argon2id keeps it, and how often it was missed since it was last right."""

    phc: str
    misses: int = 0
    missed_boot_id: str = ""
    missed_monotonic_ms: int = 0


class Exported(msgspec.Struct, frozen=True, kw_only=True):
    """How far the log was when it was last written to a file for the office, the file's name and its format."""

    seq: int
    files: int
    name: str
    head: str = ""
    format: str = ""


class Preferences(msgspec.Struct, frozen=True, kw_only=True):
    """How this driver likes the screens."""

    language: Literal["fr", "en"] = "fr"
    theme: Literal["light", "dark"] = "light"
    left_handed: bool = False


_NAMES: dict[type[msgspec.Struct], str] = {
    Enrolment: "enrolment",
    Position: "position",
    Nip: "nip",
    Preferences: "preferences",
    Exported: "exported",
}


def load[S: msgspec.Struct](session: Session, kind: type[S]) -> S | None:
    """Return the setting of this kind, or None when it was never written."""
    row = session.db.execute("SELECT value FROM setting WHERE name = ?", (_NAMES[kind],)).fetchone()
    return None if row is None else msgspec.json.decode(row[0], type=kind)


def save(session: Session, value: msgspec.Struct) -> None:
    """Write the setting, in place of the former one."""
    session.db.execute(
        "INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (_NAMES[type(value)], msgspec.json.encode(value).decode()),
    )


def position(session: Session) -> Position:
    """Return how far tablet and office agree; the zero position before the first contact."""
    return load(session, Position) or Position()
