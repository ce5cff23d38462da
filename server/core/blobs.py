"""Objects by their sha256: local files that survive a power cut, or any S3 store."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol
from uuid import UUID

from server.core.durable import write_durably
from server.core.settings import settings
from shared.durable import make_folder, sync_folder
from shared.problems import Problem, Text


class BlobMissing(Problem):
    """The store does not hold this object, or its bytes no longer have their hash."""

    slug = "blob-missing"
    status = 404
    title = Text("Fichier introuvable", "File not found")


class BlobStore(Protocol):
    """Objects of one tenant, named by their sha256; putting the same bytes twice changes nothing."""

    def put(self, owner_id: UUID, payload: bytes, *, media_type: str) -> str:
        """Keep ``payload`` durably and return its sha256 in hex; an object whose bytes had changed is whole again."""

    def get(self, owner_id: UUID, sha256: str) -> bytes:
        """Return the bytes, whose hash was checked.

        Raises:
            BlobMissing: there is no such object, or its bytes changed.
        """

    def has(self, owner_id: UUID, sha256: str) -> bool:
        """Say whether the object is there."""

    def names(self, owner_id: UUID) -> Iterator[str]:
        """Yield the sha256 of every object of the tenant."""

    def forget(self, owner_id: UUID, sha256: str) -> None:
        """Delete the object for good; one that is not there is forgotten already. Only retention asks for it."""


class LocalBlobStore:
    """Content-addressed files: written aside, synced, renamed, and the folder synced."""

    def __init__(self, root: Path) -> None:
        """Keep objects under ``root``/<tenant>/<first two digits>/<sha256>."""
        self.root = root

    def put(self, owner_id: UUID, payload: bytes, *, media_type: str) -> str:
        """Keep ``payload`` durably and return its sha256 in hex."""
        del media_type  # the index of documents knows it
        sha256 = hashlib.sha256(payload).hexdigest()
        path = self._path(owner_id, sha256)
        make_folder(path.parent, above=0o755)
        if is_whole(self, owner_id, sha256):
            sync_folder(path.parent)  # who wrote it may have been killed before its name was on the disk
        else:
            write_durably(path, payload)
        return sha256

    def get(self, owner_id: UUID, sha256: str) -> bytes:
        """Return the bytes after checking their hash."""
        try:
            payload = self._path(owner_id, sha256).read_bytes()
        except FileNotFoundError as error:
            raise missing(sha256) from error
        return checked(payload, sha256)

    def has(self, owner_id: UUID, sha256: str) -> bool:
        """Say whether the object is there."""
        return self._path(owner_id, sha256).exists()

    def names(self, owner_id: UUID) -> Iterator[str]:
        """Yield the sha256 of every object of the tenant."""
        yield from (path.name for path in sorted((self.root / str(owner_id)).glob("??/" + "?" * 64)))

    def forget(self, owner_id: UUID, sha256: str) -> None:
        """Delete the object for good."""
        self._path(owner_id, sha256).unlink(missing_ok=True)

    def _path(self, owner_id: UUID, sha256: str) -> Path:
        return self.root / str(owner_id) / sha256[:2] / sha256


def blob_store() -> BlobStore:
    """Return the store that the settings name."""
    now = settings()
    if now.store == "s3":
        from server.core.s3_blobs import s3_store

        return s3_store(now.s3_endpoint, now.s3_bucket, now.s3_access_key, now.s3_secret_key, now.s3_region)
    return LocalBlobStore(Path(now.store_path))


def checked(payload: bytes, sha256: str) -> bytes:
    """Return the bytes when they still have their hash.

    Raises:
        BlobMissing: they changed.
    """
    if hashlib.sha256(payload).hexdigest() != sha256:
        raise missing(sha256)
    return payload


def is_whole(store: BlobStore, owner_id: UUID, sha256: str) -> bool:
    """Say whether the store gives this object back with its hash."""
    try:
        store.get(owner_id, sha256)
    except BlobMissing:
        return False
    return True


def missing(sha256: str) -> BlobMissing:
    """Return the refusal of an object that is not there."""
    return BlobMissing(
        Text(
            "Le fichier n’est pas dans le magasin, ou ses octets ont changé\u00a0: restaurez-le d’une sauvegarde.",
            "The file is not in the store, or its bytes changed: restore it from a backup.",
        ),
        where=sha256,
    )
