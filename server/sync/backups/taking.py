"""A backup from first copy to verified: copied, stood up elsewhere, compared with the server, and only then counted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from psycopg.conninfo import conninfo_to_dict

from server.core.blobs import blob_store
from server.core.embedded.address import PostgresAddress
from server.sync.backups.base import keep_password, scratch_copy, take_base
from server.sync.backups.contents import Contents, check_between, check_chains, contents_of, objects_named
from server.sync.backups.kept import Backup, Label, MissingObject, missing_before, new_backup
from server.sync.backups.objects import Copied, copy_objects, keep_secrets, pool_of

type Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Taken:
    """A verified backup: its database is whole, and of its objects only those are not there that its label names."""

    backup: Backup
    label: Label


def take_backup(pool: Path, conninfo: str, now: Clock) -> Taken:
    """Copy the cluster, its objects and its keys; stand the copy up and compare it with the server.

    ``conninfo`` names the product's database for a superuser. The backup counts once its label is written, which is
    the last step: one that was interrupted or found wrong has none. Objects that neither the store nor an earlier
    backup holds do not spoil the database's part: the label names each, and since when it is missing.

    Raises:
        BackupFailed: PostgreSQL's programs refused.
        BackupBroken: the copy is not what the server held.
    """
    made_at, earlier = now(), missing_before(pool)
    backup = new_backup(pool, made_at)
    before = contents_of(conninfo)
    take_base(backup, conninfo)
    after = contents_of(conninfo)
    keep_password(backup, conninfo)
    keep_secrets(backup)
    database = str(conninfo_to_dict(conninfo)["dbname"])
    with scratch_copy(backup) as address:
        found, copied = _verify(backup, address, database, (before, after))
    missing = _still_named(copied.missing, conninfo)
    label = Label(
        name=backup.name,
        database=database,
        made_at=made_at,
        verified_at=now(),
        rows=dict(found.rows),
        streams=found.streams,
        objects=copied.held,
        bytes=sum(path.stat().st_size for path in backup.cluster.rglob("*") if path.is_file()),
        missing=tuple(
            MissingObject(owner_id=owner, sha256=sha256, since=earlier.get((owner, sha256), made_at))
            for owner, sha256 in missing
        ),
    )
    backup.write_label(label)
    return Taken(backup, label)


def _still_named(missing: Sequence[tuple[UUID, str]], conninfo: str) -> list[tuple[str, str]]:
    """Leave out what the server purged since the copy was made."""
    still = frozenset(objects_named(conninfo)) if missing else frozenset()
    return [(str(owner_id), sha256) for owner_id, sha256 in missing if (owner_id, sha256) in still]


def _verify(
    backup: Backup, address: PostgresAddress, database: str, around: tuple[Contents, Contents]
) -> tuple[Contents, Copied]:
    """Read the copy that stands; objects come after it, so that each one that its rows name can be there."""
    conninfo = address.conninfo(database)
    found = contents_of(conninfo)
    check_between(found, *around)
    check_chains(conninfo, found.streams)
    return found, copy_objects(objects_named(conninfo), blob_store(), pool_of(backup))
