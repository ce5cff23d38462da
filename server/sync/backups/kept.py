"""What a folder of backups holds: one pool of objects, and beside it each backup with what it says of itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

from server.core.durable import write_durably
from shared.durable import make_folder, sync_folder
from shared.problems import Problem, Text

_LABEL: Final = "backup.json"
_FORM: Final = "%Y-%m-%dT%H%M%SZ"

GIVEN_UP_AFTER: Final = timedelta(days=30)
"""Tablets are asked for a lost file each hour: what none of them brought for so long, none of them has."""


class NoBackup(Problem):
    """The folder holds no backup of this name, or none that was verified."""

    slug = "no-backup"
    title = Text("Aucune sauvegarde", "No backup")


class StreamHeld(msgspec.Struct, frozen=True, kw_only=True):
    """How far a backup holds one tablet's stream."""

    carrier_id: str
    device_id: str
    last_seq: int
    head: str


class MissingObject(msgspec.Struct, frozen=True, kw_only=True):
    """An object that a row names and neither store nor pool holds; ``since`` is the first backup that lacked it."""

    owner_id: str
    sha256: str
    since: datetime


class Label(msgspec.Struct, frozen=True, kw_only=True):
    """What a verified backup says of itself; a folder without one is a backup that never ended."""

    name: str
    database: str
    made_at: datetime
    verified_at: datetime
    rows: dict[str, int]
    streams: tuple[StreamHeld, ...]
    objects: int
    bytes: int
    missing: tuple[MissingObject, ...] = ()

    @property
    def awaited(self) -> tuple[MissingObject, ...]:
        """What is missing and may still come back: tablets must keep their files until it did, or was given up."""
        return tuple(one for one in self.missing if one.since > self.made_at - GIVEN_UP_AFTER)


class Backup:
    """One backup's folder."""

    def __init__(self, pool: Path, name: str) -> None:
        """Name the folder of backups and the one that is meant."""
        self.pool, self.name = pool, name
        self.folder = pool / name

    @property
    def cluster(self) -> Path:
        """The base backup of PostgreSQL, with the log that makes it whole."""
        return self.folder / "cluster"

    @property
    def secrets(self) -> Path:
        """The server's keys, and the database's password."""
        return self.folder / "secrets"

    @property
    def objects(self) -> Path:
        """Every object of every backup, by tenant and hash."""
        return self.pool / "store"

    def label(self) -> Label:
        """Return what the backup says of itself.

        Raises:
            NoBackup: it does not exist, was never verified, or its label cannot be read.
        """
        try:
            return msgspec.json.decode((self.folder / _LABEL).read_bytes(), type=Label)
        except FileNotFoundError as error:
            raise NoBackup(
                Text(
                    "Cette sauvegarde n’existe pas ou n’a jamais été vérifiée; lancez «\u00a0tournee backup\u00a0».",
                    "This backup does not exist or was never verified; run “tournee backup”.",
                ),
                where=str(self.folder),
            ) from error
        except msgspec.DecodeError as error:
            raise NoBackup(
                Text(
                    f"Son «\u00a0{_LABEL}\u00a0» est illisible\u00a0: cette sauvegarde ne compte pas. Nommez-en une "
                    "autre, ou lancez «\u00a0tournee backup\u00a0».",
                    f"Its “{_LABEL}” cannot be read: this backup does not count. Name another one, or run “tournee "
                    "backup”.",
                ),
                where=str(self.folder / _LABEL),
            ) from error

    def write_label(self, label: Label) -> None:
        """Say that the backup is whole and verified, in one step."""
        write_durably(self.folder / _LABEL, msgspec.json.format(msgspec.json.encode(label)))


def new_backup(pool: Path, at: datetime) -> Backup:
    """Make the folder of a backup begun at ``at``."""
    backup = Backup(pool, at.strftime(_FORM))
    make_folder(pool, above=0o755)
    backup.folder.mkdir(mode=0o700)
    sync_folder(pool)
    return backup


def latest_backup(pool: Path) -> Backup:
    """Return the newest verified backup.

    Raises:
        NoBackup: there is none, or the newest one's label cannot be read.
    """
    backup = next(_labelled(pool), Backup(pool, ""))
    backup.label()
    return backup


def missing_before(pool: Path) -> dict[tuple[str, str], datetime]:
    """Return what the newest readable backup lacked, by owner and hash, each with since when; nothing without one."""
    for backup in _labelled(pool):
        with suppress(NoBackup):
            return {(one.owner_id, one.sha256): one.since for one in backup.label().missing}
    return {}


def _labelled(pool: Path) -> Iterator[Backup]:
    """Yield every backup that has a label, the newest first."""
    for name in sorted((path.parent.name for path in pool.glob(f"*/{_LABEL}")), reverse=True):
        yield Backup(pool, name)
