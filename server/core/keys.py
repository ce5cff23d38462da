"""The server's keys: the newest signs receipts and seals proofs, the former ones stay in the public list.

Apart from them, a root key that signs nothing: secrets are derived from it.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server.core.durable import write_beside, write_durably
from server.core.problems import Problem, Text
from server.core.settings import secret_file
from shared.durable import make_folder, sync_folder
from shared.keyring import KeyLink, ServerKey, endorse
from shared.sealing import key_id, public_bytes

NAME = "server_keys.json"
SECRETS_ROOT = "derived_key"
_ROOT_BYTES = 32


class KeyBroken(Problem):
    """The file of the server's keys does not hold keys."""

    slug = "server-key-broken"
    status = 500
    title = Text("Clés du serveur illisibles", "Unreadable server keys")


class UnknownKey(Problem):
    """No key of the server's has this name."""

    slug = "unknown-server-key"
    status = 404
    title = Text("Clé inconnue", "Unknown key")


class _Kept(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One key with its secret half, 64 hex digits."""

    secret: str
    listed: ServerKey


def server_key() -> Ed25519PrivateKey:
    """Return the newest Ed25519 key; the first is made on first start, in a file (0600) of the secrets folder.

    Raises:
        KeyBroken: the file does not hold keys; restore it, since tablets and proofs know their public halves.
    """
    return _secret(_kept()[-1])


def server_keys() -> tuple[ServerKey, ...]:
    """Return the public halves, oldest first, with their times.

    Raises:
        KeyBroken: the file does not hold keys.
    """
    return tuple(one.listed for one in _kept())


def rotate(*, at: datetime) -> ServerKey:
    """Make a new key, endorsed by the newest one, which seals nothing from now on; return its public half.

    Running processes use it from their next signature on.
    """
    with _changing() as path:
        return _rotated(path, _kept(), at=at)


def revoke(name: str, *, at: datetime) -> ServerKey:
    """Say that a key may be in somebody else's hands; the newest one is rotated first. Return its public half.

    ``name`` is its short name, 16 hex digits. Asked again, the first time stays.

    Raises:
        UnknownKey: there is no such key.
    """
    with _changing() as path:
        if name == _name(_kept()[-1]):
            _rotated(path, _kept(), at=at)
        kept = list(_kept())
        found = next((number for number, one in enumerate(kept) if _name(one) == name), None)
        if found is None:
            raise UnknownKey(
                Text("«\u00a0tournee keys list\u00a0» les nomme.", "“tournee keys list” names them."), where=name
            )
        listed = kept[found].listed
        if not listed.revoked_ms:
            listed = msgspec.structs.replace(listed, revoked_ms=_ms(at))
            kept[found] = msgspec.structs.replace(kept[found], listed=listed)
            write_durably(path, msgspec.json.encode(kept))
        return listed


def _rotated(path: Path, kept: tuple[_Kept, ...], *, at: datetime) -> ServerKey:
    fresh = Ed25519PrivateKey.generate()
    former = kept[-1]
    link = endorse(KeyLink(public_key=public_bytes(fresh).hex(), from_ms=_ms(at)), _secret(former))
    retired = msgspec.structs.replace(former, listed=msgspec.structs.replace(former.listed, until_ms=_ms(at)))
    new = _Kept(secret=fresh.private_bytes_raw().hex(), listed=ServerKey(link=link))
    write_durably(path, msgspec.json.encode([*kept[:-1], retired, new]))
    return new.listed


def _kept() -> tuple[_Kept, ...]:
    path = secret_file(NAME)
    if not path.exists():
        _make(path)
    seen = path.stat()
    return _read(path, seen.st_mtime_ns, seen.st_size, seen.st_ino)


def derived_secret(label: str) -> bytes:
    """Return 32 bytes that stand for ``label`` alone, the same at every call: HMAC-SHA256 under a root key of its own.

    Nothing that can be derived lies in the database or in its backups.

    Raises:
        KeyBroken: the root's file does not hold 32 bytes.
    """
    return hmac.new(_root(secret_file(SECRETS_ROOT)), label.encode(), hashlib.sha256).digest()


@lru_cache(maxsize=2)
def _root(path: Path) -> bytes:
    if not path.exists():
        _keep_first(path, secrets.token_bytes(_ROOT_BYTES))
    raw = _bytes_of(path)
    if len(raw) != _ROOT_BYTES:
        raise _unreadable(path)
    return raw


@lru_cache(maxsize=2)
def _read(path: Path, *_version: int) -> tuple[_Kept, ...]:
    try:
        kept = msgspec.json.decode(_bytes_of(path), type=tuple[_Kept, ...])
        named = [public_bytes(_secret(one)).hex() == one.listed.link.public_key for one in kept]
    except (msgspec.DecodeError, ValueError) as error:
        raise _unreadable(path) from error
    if not named or not all(named):
        raise _unreadable(path)
    return kept


def _make(path: Path) -> None:
    """The first key is as old as time: nothing was sealed before it."""
    key = Ed25519PrivateKey.generate()
    listed = ServerKey(link=KeyLink(public_key=public_bytes(key).hex(), from_ms=0))
    _keep_first(path, msgspec.json.encode([_Kept(secret=key.private_bytes_raw().hex(), listed=listed)]))


def _keep_first(path: Path, payload: bytes) -> None:
    """Who comes second keeps what the first one made."""
    aside = write_beside(path, payload)
    try:
        os.link(aside, path)
    except FileExistsError:
        pass
    finally:
        aside.unlink()


def _bytes_of(path: Path) -> bytes:
    """Whoever made the file may have been killed before its name was on the disk: it is, before anything is signed."""
    make_folder(path.parent)
    sync_folder(path.parent)
    return path.read_bytes()


@contextmanager
def _changing() -> Iterator[Path]:
    """Let one process at a time change the keys."""
    path = secret_file(NAME)
    with secret_file(f"{NAME}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield path


def _secret(kept: _Kept) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(kept.secret))


def _name(kept: _Kept) -> str:
    return key_id(bytes.fromhex(kept.listed.link.public_key))


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _unreadable(path: Path) -> KeyBroken:
    return KeyBroken(
        Text(
            "Le fichier ne contient pas les clés du serveur\u00a0: restaurez-le d’une sauvegarde.",
            "The file does not hold the server’s keys: restore it from a backup.",
        ),
        where=str(path),
    )
