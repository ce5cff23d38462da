"""The server's own keys: one signs receipts and seals proofs, the other is the root of derived secrets."""

from __future__ import annotations

import hashlib
import hmac
import os
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server.core.problems import Problem, Text
from server.core.settings import secret_file
from shared.ids import new_id

NAME = "server_key"
SECRETS_ROOT = "derived_key"
_BYTES = 32


class KeyBroken(Problem):
    """The file of the server's key does not hold a key."""

    slug = "server-key-broken"
    status = 500
    title = Text("Clé du serveur illisible", "Unreadable server key")


def server_key() -> Ed25519PrivateKey:
    """Return the server's Ed25519 key, made on first start in a file (0600) of the secrets folder.

    Raises:
        KeyBroken: the file does not hold 32 bytes; restore it, since tablets and proofs know its public half.
    """
    return _read(secret_file(NAME))


def derived_secret(label: str) -> bytes:
    """Return 32 bytes that stand for ``label`` alone, the same at every call: HMAC-SHA256 under a root key of its own.

    Nothing that can be derived lies in the database or in its backups.

    Raises:
        KeyBroken: the root's file does not hold 32 bytes.
    """
    root = _read(secret_file(SECRETS_ROOT)).private_bytes_raw()
    return hmac.new(root, label.encode(), hashlib.sha256).digest()


@lru_cache(maxsize=4)
def _read(path: Path) -> Ed25519PrivateKey:
    if not path.exists():
        _make(path)
    raw = path.read_bytes()
    if len(raw) != _BYTES:
        raise KeyBroken(
            Text(
                "Le fichier ne contient pas une clé de 32 octets\u00a0: restaurez-le d’une sauvegarde.",
                "The file does not hold a key of 32 bytes: restore it from a backup.",
            ),
            where=str(path),
        )
    return Ed25519PrivateKey.from_private_bytes(raw)


def _make(path: Path) -> None:
    aside = path.with_name(f"{path.name}.{new_id().hex}")  # threads of one process may race, too
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(Ed25519PrivateKey.generate().private_bytes_raw())
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(aside, path)  # who comes second keeps the first one's key
    except FileExistsError:
        pass
    finally:
        aside.unlink()
