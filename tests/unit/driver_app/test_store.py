"""The tablet's file: durable, encrypted, and honest when it is full."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from threading import Thread

import pytest

from driver_app.store.database import RESERVE_BYTES, Session, Store, make_durable
from driver_app.store.migrations import StoreTooNew
from driver_app.store.vault import Unreadable, Vault
from tests.factories.tablets import make_cab

KEY = bytes(range(32))


def test_the_journal_fits_the_version(tmp_path: Path) -> None:
    """G1: write-ahead log only where its reset is safe, full synchronisation always."""
    db = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    assert make_durable(db, (3, 51, 2)) == "truncate"
    assert make_durable(db, (3, 51, 3)) == "wal"
    assert db.execute("PRAGMA synchronous").fetchone() == (2,)


def test_nothing_of_a_customer_is_readable_in_the_file(tmp_path: Path) -> None:
    """Payloads and attachments are encrypted: the file alone names no shop."""
    make_cab(tmp_path)
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("tablet.db*"))
    assert "Maïté".encode() not in stored
    assert b"Saint-Denis" not in stored


def test_a_row_moved_elsewhere_does_not_open() -> None:
    """A value is tied to its place and its key."""
    vault = Vault(KEY)
    sealed = vault.close(b"secret", "draft:1")
    assert vault.open(sealed, "draft:1") == b"secret"
    with pytest.raises(Unreadable):
        vault.open(sealed, "draft:2")
    with pytest.raises(Unreadable):
        Vault(bytes(32)).open(sealed, "draft:1")


def test_a_file_of_a_later_version_is_left_alone(tmp_path: Path) -> None:
    """An older app refuses a newer store instead of guessing."""
    Store(tmp_path, Vault(KEY)).close()
    with sqlite3.connect(tmp_path / "tablet.db") as db:
        db.execute("PRAGMA user_version=99")
    with pytest.raises(StoreTooNew):
        Store(tmp_path, Vault(KEY))


def test_a_failing_write_leaves_nothing(tmp_path: Path) -> None:
    """One transaction: all or nothing."""
    store = Store(tmp_path, Vault(KEY))

    def work(session: object) -> None:
        session.db.execute("INSERT INTO setting VALUES ('a', 'b')")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        store.write("contact", work)
    assert store.read(lambda session: session.db.execute("SELECT count(*) FROM setting").fetchone()) == (0,)


FULL_DISK = """
import sys
from pathlib import Path
from driver_app.store.database import Store, TabletFull
from driver_app.store.vault import Vault

store = Store(Path(sys.argv[1]), Vault(bytes(32)))
kept = 0
try:
    while True:
        at = kept
        store.write("contact", lambda session: session.db.execute(
            "INSERT INTO setting VALUES (?, ?)", (f"row-{at}", "x" * 20_000)))
        kept += 1
except TabletFull as problem:
    print(kept, store.has_reserve, problem.slug)
store.close()
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="a small file system of one's own needs root")
def test_a_full_disk_gives_up_its_reserve_and_then_says_so(tmp_path: Path) -> None:
    """G1: on a full disk the reserve lets the last steps through; then a clear problem, and nothing kept is lost."""
    room = tmp_path / "small"
    room.mkdir()
    mounted = f"mount -t tmpfs -o size=1m none {room}"
    script = f"{mounted} && {sys.executable} -c '{FULL_DISK}' {room} && cp {room}/tablet.db {tmp_path}/"
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", script],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(Path.cwd())},
    )
    assert done.returncode == 0, done.stderr
    kept, has_reserve, slug = done.stdout.split()
    assert (has_reserve, slug) == ("False", "tablet-full")
    assert int(kept) * 20_000 > 1_048_576 - RESERVE_BYTES
    with sqlite3.connect(tmp_path / "tablet.db") as db:
        assert db.execute("SELECT count(*) FROM setting").fetchone() == (int(kept),)
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_the_room_that_a_signature_was_given_is_its_own(tmp_path: Path) -> None:
    """G1: on a full disk the sync's thread does not refill the reserve while the screen's writes into its room."""
    store = Store(tmp_path, Vault(KEY))
    syncing = Thread(target=store.refill_reserve)

    def sign(session: Session) -> None:
        if not store.has_reserve:
            syncing.start()
            syncing.join(timeout=1.0)  # it refills, or waits for the store
        pages = 1 if store.has_reserve else 1000  # the disk is full as long as the reserve lies on it
        session.db.execute(f"PRAGMA max_page_count={pages}")
        session.db.execute("INSERT INTO setting VALUES ('signature', ?)", ("x" * 20_000,))

    store.write("contact", sign)
    syncing.join()
    assert store.read(lambda session: session.db.execute("SELECT count(*) FROM setting").fetchone()) == (1,)
    assert store.has_reserve
