"""A tablet's disk without room: SQLite itself refuses to grow its file."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any, cast

from driver_app.store.database import RESERVE_BYTES, Store

_NO_LIMIT = 2**30


class FullDisk:
    """The file may not grow; giving up the reserve makes as much room as the reserve took."""

    def __init__(self, store: Store) -> None:
        """Fill the disk of ``store`` now."""
        self._store = store
        self._db: sqlite3.Connection = store._session.db
        self._set_limit(self._pages())
        self._reserve: Path = store._reserve
        store._reserve = cast("Path", _Reserve(self._reserve, self))

    def free(self) -> None:
        """Make room again."""
        self._set_limit(_NO_LIMIT)
        self._store._reserve = self._reserve
        self._store.refill_reserve()

    def give_room(self) -> None:
        """The reserve is gone: its room is there for the database."""
        self._set_limit(self._pages() + RESERVE_BYTES // self._number("page_size"))

    def _pages(self) -> int:
        return self._number("page_count")

    def _number(self, pragma: str) -> int:
        return int(self._db.execute(f"PRAGMA {pragma}").fetchone()[0])

    def _set_limit(self, pages: int) -> None:
        self._db.execute(f"PRAGMA max_page_count={pages}")


class _Reserve:
    """The reserve's path, whose file makes room when it goes, and cannot be laid aside again on a full disk."""

    def __init__(self, path: Path, disk: FullDisk) -> None:
        self._path, self._disk = path, disk

    def unlink(self, *, missing_ok: bool = False) -> None:
        if self._path.exists():
            self._path.unlink(missing_ok=missing_ok)
            self._disk.give_room()

    def open(self, _mode: str) -> Any:
        raise OSError(28, "No space left on device")

    def exists(self) -> bool:
        return self._path.exists()

    def stat(self) -> Any:
        return self._path.stat()
