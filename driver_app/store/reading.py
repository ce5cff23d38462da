"""Whether a stored row still opens, and says what its hash says."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Mapping

import msgspec

from driver_app.store.vault import Unreadable, Vault
from shared.sealing_event import BrokenSeal, open_event
from shared.wire.event import SealedEvent


def problem_of(table: str, row: sqlite3.Row, vault: Vault) -> str:
    """Return why a row cannot be read, or nothing; tables without closed columns are read as they are."""
    check = _CHECKS.get(table)
    if check is None:
        return ""
    try:
        return check(row, vault)
    except (Unreadable, BrokenSeal, msgspec.MsgspecError) as error:
        return str(error)


def _event(row: sqlite3.Row, vault: Vault) -> str:
    sealed = msgspec.json.decode(vault.open(row["sealed"], f"event:{row['seq']}"), type=SealedEvent)
    envelope = open_event(sealed)
    is_same = (sealed.hash, envelope.seq) == (row["hash"], row["seq"])
    return "" if is_same else "the event is not the one of its place"


def _attachment(row: sqlite3.Row, vault: Vault) -> str:
    return _hashed(row, vault.open(row["body"], f"attachment:{row['sha256']}"))


def _file(row: sqlite3.Row, vault: Vault) -> str:
    return _hashed(row, vault.open(row["body"], f"file:{row['sha256']}"))


def _hashed(row: sqlite3.Row, body: bytes) -> str:
    return "" if hashlib.sha256(body).hexdigest() == row["sha256"] else "the bytes are not those of the hash"


def _run(row: sqlite3.Row, vault: Vault) -> str:
    msgspec.json.decode(vault.open(row["body"], f"run:{row['run_id']}:{row['version']}"))
    return ""


def _draft(row: sqlite3.Row, vault: Vault) -> str:
    msgspec.json.decode(vault.open(row["body"], f"draft:{row['run_id']}:{row['stop_id']}"))
    return ""


_CHECKS: Mapping[str, Callable[[sqlite3.Row, Vault], str]] = {
    "event": _event,
    "attachment": _attachment,
    "bundle_file": _file,
    "bundle_run": _run,
    "draft": _draft,
}
