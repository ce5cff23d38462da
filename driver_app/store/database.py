"""The one connection to the tablet's file, and the only way to write to it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import RLock

from driver_app.store.commit_points import WRITES, Reached, pass_by
from driver_app.store.migrations import create, migrate
from driver_app.store.vault import Vault
from shared.durable import make_folder
from shared.problems import Problem, Text

FILE = "tablet.db"
RESERVE_BYTES = 400_000
WAL_SAFE_FROM = (3, 51, 3)
_FULL_SYNC = 2
_NO_ROOM = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_FSYNC})


class TabletFull(Problem):
    """Nothing more can be written; what was ticked before stays."""

    slug = "tablet-full"
    title = Text("Mémoire de la tablette pleine", "Tablet storage full")


class StoreUnsafe(Problem):
    """The file system or SQLite does not give the durability that a signature needs."""

    slug = "tablet-store-unsafe"
    title = Text("Enregistrement non garanti", "Storage not safe")


@dataclass(frozen=True, slots=True)
class Session:
    """What one transaction works with."""

    db: sqlite3.Connection
    vault: Vault


class Store:
    """A tablet's file. Reads and writes are serialised: the screen's thread and the sync's share one connection."""

    def __init__(self, folder: Path, vault: Vault, *, reached: Reached = pass_by) -> None:
        """Open or create ``folder/tablet.db``; ``reached`` hears of every commit point.

        Raises:
            StoreUnsafe: full synchronisation or the journal mode of this SQLite version could not be had.
        """
        make_folder(folder)
        self.path = folder / FILE
        self.reached = reached
        self._reserve = folder / "reserve"
        self._lock = RLock()
        migrate(self.path, vault)
        db = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=10.0)
        self.path.chmod(0o600)
        make_durable(db)
        create(db)
        self._session = Session(db, vault)
        self.refill_reserve()

    def read[T](self, work: Callable[[Session], T]) -> T:
        """Return what ``work`` reads from one consistent state."""
        with self._lock:
            self._session.db.execute("BEGIN")
            try:
                return work(self._session)
            finally:
                self._session.db.execute("ROLLBACK")

    def write[T](self, name: str, work: Callable[[Session], T]) -> T:
        """Do ``work`` in one transaction; when this returns, its effect survives a power cut.

        On a full disk the reserve is given up and the work done again, once. ``name`` is one of ``WRITES``.

        Raises:
            TabletFull: there is no room even so; nothing of ``work`` was kept.
        """
        if name not in WRITES:
            raise ValueError(f"{name} is not a listed commit point")
        with self._lock:
            try:
                return self._transact(name, work)
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode not in _NO_ROOM:
                    raise
                return self._transact_without_reserve(name, work)

    def refill_reserve(self) -> bool:
        """Lay the reserve aside again when there is room, never in what a write freed for itself; say if it stands."""
        with self._lock:
            if self._reserve.exists() and self._reserve.stat().st_size == RESERVE_BYTES:
                return True
            try:
                with self._reserve.open("wb") as file:
                    file.write(os.urandom(RESERVE_BYTES))
                    file.flush()
                    os.fsync(file.fileno())
            except OSError:
                self._reserve.unlink(missing_ok=True)
                return False
            return True

    @property
    def has_reserve(self) -> bool:
        """Whether a full disk could still be survived once."""
        return self._reserve.exists()

    def close(self) -> None:
        """Close the file; every write was durable before."""
        with self._lock:
            self._session.db.close()

    def _transact[T](self, name: str, work: Callable[[Session], T]) -> T:
        db = self._session.db
        db.execute("BEGIN IMMEDIATE")
        try:
            outcome = work(self._session)
            self.reached(f"{name}:before_commit")
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise
        self.reached(f"{name}:after_commit")
        return outcome

    def _transact_without_reserve[T](self, name: str, work: Callable[[Session], T]) -> T:
        self._reserve.unlink(missing_ok=True)
        try:
            return self._transact(name, work)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode not in _NO_ROOM:
                raise
            raise TabletFull(
                Text(
                    "La mémoire est pleine et ce dernier geste n’est pas enregistré. "
                    "Envoyez au bureau, ou supprimez des fichiers de la tablette, puis recommencez.",
                    "Storage is full and this last step was not kept. "
                    "Send to the office, or delete files from the tablet, then try again.",
                ),
                where=name,
            ) from error


def make_durable(db: sqlite3.Connection, version: tuple[int, ...] = sqlite3.sqlite_version_info) -> str:
    """Ask for full synchronisation and the journal mode that this SQLite keeps safely, and check that they hold.

    Returns the journal mode. Older versions lose commits when a write-ahead log is reset, hence ``TRUNCATE`` there.

    Raises:
        StoreUnsafe: the answer is not what was asked.

    Source: docs/adr, the tablet's store; SQLite 3.51.3 release notes.
    """
    wanted = "wal" if version >= WAL_SAFE_FROM else "truncate"
    mode = db.execute(f"PRAGMA journal_mode={wanted}").fetchone()[0]
    db.execute("PRAGMA synchronous=FULL")
    db.execute("PRAGMA foreign_keys=ON")
    db.execute("PRAGMA secure_delete=ON")
    if mode != wanted or db.execute("PRAGMA synchronous").fetchone()[0] != _FULL_SYNC:
        raise StoreUnsafe(
            Text(
                f"SQLite offre le mode «\u00a0{mode}\u00a0» au lieu de «\u00a0{wanted}\u00a0». N’utilisez pas "
                "cette tablette.",
                f"SQLite offers mode “{mode}” instead of “{wanted}”. Do not use this tablet.",
            ),
            where="tablet.db",
        )
    return wanted
