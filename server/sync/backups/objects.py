"""The store's objects in and out of a pool that all backups share: an object is its hash, so each is kept once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from server.core.blobs import BlobMissing, BlobStore, LocalBlobStore, is_whole
from server.core.durable import write_durably
from server.core.settings import settings
from server.sync.backups.kept import Backup
from shared.durable import make_folder


@dataclass(frozen=True, slots=True)
class Copied:
    """How many objects are there, how many came new, and which the source does not hold."""

    held: int
    new: int
    missing: tuple[tuple[UUID, str], ...]


def copy_objects(
    named: Iterable[tuple[UUID, str]], source: BlobStore, target: BlobStore, *, trusting: bool = True
) -> Copied:
    """Bring every named object that the target lacks; each is checked by its hash on the way.

    What the target lists is believed to be whole, unless ``trusting`` is off: then all of it is read.
    """
    held = new = 0
    missing: list[tuple[UUID, str]] = []
    for owner_id, sha256 in named:
        if not (target.has(owner_id, sha256) and (trusting or is_whole(target, owner_id, sha256))):
            try:
                payload = source.get(owner_id, sha256)
            except BlobMissing:
                missing.append((owner_id, sha256))
                continue
            target.put(owner_id, payload, media_type="application/octet-stream")
            new += 1
        held += 1
    return Copied(held, new, tuple(missing))


def broken_objects(named: Iterable[tuple[UUID, str]], store: BlobStore) -> list[str]:
    """Return the hashes of named objects that a store lacks, or holds with other bytes."""
    broken = []
    for owner_id, sha256 in named:
        try:
            store.get(owner_id, sha256)
        except BlobMissing:
            broken.append(sha256)
    return broken


def pool_of(backup: Backup) -> LocalBlobStore:
    """Return the objects of all backups in the same folder."""
    return LocalBlobStore(backup.objects)


def keep_secrets(backup: Backup) -> None:
    """Copy the server's keys: without them no receipt or proof could ever be signed as before."""
    copy_secrets(Path(settings().secrets_path), backup.secrets)


def copy_secrets(source: Path, target: Path) -> None:
    """Copy key files, readable by their owner alone; one that is there already stays."""
    make_folder(target, above=0o755)
    for path in sorted(source.iterdir()) if source.is_dir() else ():
        if path.is_file() and not (target / path.name).exists():
            write_durably(target / path.name, path.read_bytes())
