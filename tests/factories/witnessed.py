"""``python -m tests.factories.witnessed …``: the scripted driver, telling what its screen would tick, commit by commit.

Before each commit it says which state is about to stand, after each which state does; states are told by their hash.
``DRILL_PLANT`` plants a bug: ``off`` synchronises nothing, ``wal-normal`` only now and then.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from driver_app.headless import __main__ as headless
from driver_app.platform.desktop import FileSecrets
from driver_app.store import attachments, outbox
from driver_app.store.database import Session
from driver_app.tablet import open_tablet
from shared.sealing import GENESIS

_PLANTS = {
    "off": ("PRAGMA synchronous=OFF",),
    "wal-normal": ("PRAGMA journal_mode=wal", "PRAGMA synchronous=NORMAL"),
}


class Witness:
    """Stands where the drill's hand stands, and kills nothing."""

    def __init__(self, _home: Path) -> None:
        self.db: sqlite3.Connection | None = None

    def __call__(self, point: str) -> None:
        if self.db is not None and point.endswith("_commit"):
            self.tell(point)

    def tell(self, point: str) -> None:
        assert self.db is not None
        sys.stdout.write(json.dumps({"point": point, "state": state_of(self.db)}) + "\n")
        sys.stdout.flush()

    @contextmanager
    def armed(self, _point: str | None, _scope: str) -> Iterator[None]:
        yield


def state_of(db: sqlite3.Connection) -> str:
    """Return the hash of everything that the store holds."""
    digest = hashlib.sha256()
    for (table,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall():
        digest.update(table.encode())
        for row in sorted(db.execute(f'SELECT * FROM "{table}"').fetchall(), key=repr):
            digest.update(repr(row).encode())
    return digest.hexdigest()


@dataclass(frozen=True)
class Told:
    """What the screen had ticked when the power went, and what might stand as well."""

    confirmed: str = ""
    pending: str = ""
    point: str = ""


def told(lines: str) -> Told:
    """Return the last of what a tablet said; a line cut short was never said."""
    seen = Told()
    for line in lines.splitlines():
        if not line.endswith("}") or '"point"' not in line:
            continue
        said = json.loads(line)
        before = said["point"].endswith(":before_commit")
        seen = Told(seen.confirmed, said["state"], said["point"]) if before else Told(said["state"], "", said["point"])
    return seen


def losses(home: Path, seen: Told) -> list[str]:
    """Return what a power cut took that had been ticked, and what it broke; empty when all stands."""
    if not (home / "tablet.db").exists():
        return ["the store is gone"] if seen.confirmed else []
    try:
        return _losses(home, seen)
    except sqlite3.DatabaseError as error:
        return [f"the store is broken: {error}"]


def _losses(home: Path, seen: Told) -> list[str]:
    db = sqlite3.connect(home / "tablet.db")
    found = [f"integrity: {row[0]}" for row in db.execute("PRAGMA integrity_check") if row[0] != "ok"]
    state = state_of(db)
    db.close()
    if not seen.confirmed:
        return found
    if state not in (seen.confirmed, seen.pending):
        found.append(f"after {seen.point} neither the ticked state nor the next one stands")
    tablet = open_tablet(home, FileSecrets(home / "keys"))
    try:
        return found + tablet.store.read(_broken_rows)
    finally:
        tablet.store.close()


def _broken_rows(session: Session) -> list[str]:
    found, before = [], GENESIS
    for entry in outbox.entries(session):
        event = outbox.load(session, entry.seq)
        before = hashlib.sha256(before + event.body.encode()).digest()
        found += [] if before.hex() == event.hash == entry.hash else [f"event {entry.seq}: the chain is broken"]
    for (sha256,) in session.db.execute("SELECT sha256 FROM attachment").fetchall():
        body = attachments.load(session, sha256)
        found += [] if hashlib.sha256(body).hexdigest() == sha256 else [f"file {sha256}: other bytes"]
    return found


def main(arguments: list[str]) -> int:
    """Play a script under the eyes of a witness."""
    witness: Any = None

    def opened(home: Path, keys: FileSecrets, *, reached: Witness) -> Any:
        nonlocal witness
        witness, tablet = reached, open_tablet(home, keys, reached=reached)
        db = tablet.store._session.db
        for statement in _PLANTS.get(os.environ.get("DRILL_PLANT", ""), ()):
            db.execute(statement).fetchall()
        witness.db = db
        witness.tell("opened")
        return tablet

    headless.Killer = Witness
    headless.open_tablet = opened
    return headless.main(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
