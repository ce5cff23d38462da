"""From any shipped schema to today's: copied beside, verified row by row, then swapped in one rename."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec

from driver_app.store.reading import problem_of
from driver_app.store.vault import Vault
from shared.problems import Problem, Text

SCHEMA_VERSION = 3
_STAYS = "event"  # an unreadable event keeps its place: the next one builds upon its hash


class StoreTooNew(Problem):
    """The file was written by a later version of the app."""

    slug = "tablet-store-too-new"
    title = Text("Application trop ancienne", "App too old")


class StoreNotCopied(Problem):
    """The copy under the new schema does not hold what the old file holds; the old one stands."""

    slug = "tablet-store-not-copied"
    title = Text("Mise à jour des données refusée", "Update of the records refused")


def migrate(path: Path, vault: Vault) -> None:
    """Bring an older file to ``SCHEMA_VERSION``; a cut at any moment leaves the old file or the new one, whole.

    Counts, chain and hashes of the copy are checked against the old file before it takes its place. Rows that do not
    open are set aside in ``unreadable``; an event among them keeps its place in the log besides.

    Raises:
        StoreTooNew: the file is ahead of this app; it is left as it is.
        StoreNotCopied: the copy is not what the file was; it is left as it is.
    """
    beside = path.with_name(path.name + ".new")
    for leftover in (beside, beside.with_name(beside.name + "-journal")):
        leftover.unlink(missing_ok=True)  # an update that was cut
    if not path.exists() or _version_of(path) in {0, SCHEMA_VERSION}:
        return
    with closing(_connect(path)) as old:
        old.execute("PRAGMA journal_mode=DELETE")  # no log of the old file may lie beside the new one
        with closing(_connect(beside)) as new:
            _copy(old, new, vault)
    _sync(beside)
    beside.replace(path)
    _sync(path.parent)


def create(db: sqlite3.Connection) -> None:
    """Lay out an empty file."""
    if db.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION:
        return
    db.execute("BEGIN IMMEDIATE")
    for statement in _statements():
        db.execute(statement)
    db.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
    db.execute("COMMIT")


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None, timeout=10.0)
    db.execute("PRAGMA synchronous=FULL")
    db.row_factory = sqlite3.Row
    path.chmod(0o600)
    return db


def _version_of(path: Path) -> int:
    with closing(_connect(path)) as db:
        found = int(db.execute("PRAGMA user_version").fetchone()[0])
    if found > SCHEMA_VERSION:
        raise StoreTooNew(
            Text(
                "Ces données viennent d’une version plus récente. Mettez l’application à jour.",
                "These records come from a newer version. Update the app.",
            ),
            where="tablet.db",
            found=found,
        )
    return found


@dataclass(slots=True)
class _Table:
    """One table on its way: the columns that both schemas have, and what was set aside."""

    name: str
    columns: tuple[str, ...]
    aside: dict[str, tuple[str, str]] = field(default_factory=dict)

    def rows(self, db: sqlite3.Connection) -> Iterator[sqlite3.Row]:
        """Return the rows in one order, whatever the file's."""
        names = ", ".join(self.columns)
        return iter(db.execute(f"SELECT {names} FROM {self.name} ORDER BY {names}").fetchall())  # noqa: S608  # our names

    def insert(self, db: sqlite3.Connection, row: sqlite3.Row) -> None:
        """Write one row as it is."""
        marks = ", ".join("?" * len(self.columns))
        db.execute(f"INSERT INTO {self.name} ({', '.join(self.columns)}) VALUES ({marks})", tuple(row))  # noqa: S608  # our names


def _copy(old: sqlite3.Connection, new: sqlite3.Connection, vault: Vault) -> None:
    create(new)
    new.execute("BEGIN IMMEDIATE")
    for table in _tables(old, new):
        for row in table.rows(old):
            problem = problem_of(table.name, row, vault)
            if problem:
                table.aside[_place(table, row)] = (problem, _as_text(row))
            if not problem or table.name == _STAYS:
                table.insert(new, row)
        for place, (reason, body) in table.aside.items():
            new.execute("INSERT OR REPLACE INTO unreadable VALUES (?, ?, ?)", (place, reason, body))
        _verify(old, new, table, vault)
    new.execute("COMMIT")


def _tables(old: sqlite3.Connection, new: sqlite3.Connection) -> list[_Table]:
    listed = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
    names = [row[0] for row in old.execute(listed)]
    known = {row[0] for row in new.execute(listed)}
    if lost := set(names) - known:
        raise _not_copied(", ".join(sorted(lost)))
    return [_Table(name, _columns(old, new, name)) for name in names]


def _columns(old: sqlite3.Connection, new: sqlite3.Connection, name: str) -> tuple[str, ...]:
    kept = {row[1] for row in new.execute(f"PRAGMA table_info({name})")}
    columns = tuple(row[1] for row in old.execute(f"PRAGMA table_info({name})"))
    if not kept.issuperset(columns):
        raise _not_copied(name)
    return columns


def _verify(old: sqlite3.Connection, new: sqlite3.Connection, table: _Table, vault: Vault) -> None:
    """The copy holds every row of the file byte for byte, but for those set aside, and each of them opens."""
    expected = [tuple(row) for row in table.rows(old) if table.name == _STAYS or _place(table, row) not in table.aside]
    copied = list(table.rows(new))
    opens = all(_place(table, row) in table.aside or not problem_of(table.name, row, vault) for row in copied)
    if expected != [tuple(row) for row in copied] or not opens:
        raise _not_copied(table.name)


def _place(table: _Table, row: sqlite3.Row) -> str:
    return ":".join([table.name, *(str(row[name]) for name in table.columns[:2] if not isinstance(row[name], bytes))])


def _as_text(row: sqlite3.Row) -> str:
    """Return a row as JSON, bytes in hex."""
    values: dict[str, Any] = {name: row[name] for name in row.keys()}  # noqa: SIM118  # a Row iterates over its values
    plain = {name: value.hex() if isinstance(value, bytes) else value for name, value in values.items()}
    return msgspec.json.encode(plain).decode()


def _statements() -> list[str]:
    script = resources.files("driver_app.store").joinpath("schema.sql").read_text("utf-8")
    return [part.strip() for part in script.split(";") if part.strip()]


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _not_copied(where: str) -> StoreNotCopied:
    return StoreNotCopied(
        Text(
            "Vos données sont intactes sous leur ancienne forme. Réinstallez la version d’avant et appelez le bureau.",
            "Your records are intact in their former form. Reinstall the former version and call the office.",
        ),
        where=where,
    )
