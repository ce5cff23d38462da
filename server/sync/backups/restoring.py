"""The way back: a backup becomes the server again, under a new epoch, and tablets send what it does not know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psycopg

from server.core.blobs import BlobStore
from server.core.embedded.address import PostgresAddress
from server.sync.backups.base import PASSWORD, lay_out, recover_until, stood_up, under_restore
from server.sync.backups.contents import Contents, check_chains, contents_of, objects_named
from server.sync.backups.kept import Backup
from server.sync.backups.objects import copy_objects, copy_secrets, pool_of
from server.sync.service.streams import BEGIN_EPOCH


@dataclass(frozen=True, slots=True)
class Place:
    """Where a restored server stands: its embedded PostgreSQL, its objects and its keys."""

    postgres: Path
    secrets: Path
    store: BlobStore


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time that the archived log can bring the database to."""

    archive: Path
    until: datetime


@dataclass(frozen=True, slots=True)
class Restored:
    """What stands again: its contents, how many events were hashed again, and which objects are missing."""

    contents: Contents
    events: int
    missing: tuple[str, ...]


def restore_backup(backup: Backup, place: Place, *, moment: Moment | None = None) -> Restored:
    """Make the backup a server again in an empty place, check it, and give it a new epoch.

    The new epoch makes every tablet compare and send again what this server does not know. No server starts in a place
    whose restore was killed or failed; a restore that is run again begins anew there.

    Raises:
        NoBackup: the backup was never verified.
        PlaceTaken: a database is there; nothing of it is touched.
        BackupBroken: what stood up is not whole.
    """
    label = backup.label()
    with under_restore(place.postgres):
        lay_out(backup, place.postgres)
        copy_secrets(backup.secrets, place.secrets)
        (place.secrets / PASSWORD).unlink()
        if moment is not None:
            recover_until(place.postgres, archive=moment.archive, until=moment.until.isoformat())
        with stood_up(place.postgres, is_restoring=True) as address:
            restored = _checked(backup, address, label.database, place.store)
            _begin_epoch(address, label.database)
    return restored


def _checked(backup: Backup, address: PostgresAddress, database: str, store: BlobStore) -> Restored:
    conninfo = address.conninfo(database)
    contents = contents_of(conninfo)
    events = check_chains(conninfo, contents.streams)
    copied = copy_objects(objects_named(conninfo), pool_of(backup), store)
    return Restored(contents, events, tuple(sha256 for _owner_id, sha256 in copied.missing))


def _begin_epoch(address: PostgresAddress, database: str) -> None:
    with psycopg.connect(address.conninfo(database)) as connection:
        connection.execute(BEGIN_EPOCH)
