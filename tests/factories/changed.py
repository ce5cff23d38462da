"""Proof files with one byte changed: by a vandal, a forger without keys, and one with the office's key."""

from __future__ import annotations

import hashlib
import io
import json
import random
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server.delivery.proofs.archive import pack, unpack
from shared.canonical import canonical_bytes
from shared.sealing import key_id, public_bytes, sign
from tests.factories.proofs import SERVER

SIGNED_BY_THE_TABLET = ("events/", "leaves/", "terms/", "attachments/")


@dataclass(frozen=True)
class Change:
    """One changed file: how it was made, where, and its bytes."""

    way: str
    where: str
    payload: bytes


def doubled(file: bytes) -> bytes:
    """Return the archive with its last file twice, each head in its place."""
    files, buffer = unpack(file), io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the name is there twice is the point
        for name in [*sorted(files), max(files)]:
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.external_attr, entry.create_system = 0o600 << 16, 3
            archive.writestr(entry, files[name])
    return buffer.getvalue()


def changes(file: bytes, count: int, *, seed: int = 1, key: Ed25519PrivateKey = SERVER) -> Iterator[Change]:
    """Yield ``count`` changed copies, the same for the same seed, in turns of each way.

    ``raw``: a byte of the archive. ``repacked``: a byte of one file inside, the archive's form made good. ``listed``:
    the list of hashes made good as well, as far as anyone can without a key. ``resealed``: sealed anew by the office's
    own ``key``, with a byte of what the tablet signed changed.
    """
    choose = random.Random(seed)
    files = unpack(file)
    ways = (_raw, _repacked, _listed, partial(_resealed, key=key))
    for number in range(count):
        yield ways[number % len(ways)](file, files, choose)


def changed(payload: bytes, count: int, *, seed: int = 1) -> Iterator[bytes]:
    """Yield copies of any file with one byte changed."""
    choose = random.Random(seed)
    for _ in range(count):
        yield _flipped(payload, choose)[0]


def _raw(file: bytes, files: dict[str, bytes], choose: random.Random) -> Change:
    payload, at = _flipped(file, choose)
    return Change("raw", str(at), payload)


def _repacked(file: bytes, files: dict[str, bytes], choose: random.Random) -> Change:
    name = choose.choice(sorted(files))
    payload, at = _flipped(files[name], choose)
    return Change("repacked", f"{name}:{at}", pack(files | {name: payload}))


def _listed(file: bytes, files: dict[str, bytes], choose: random.Random) -> Change:
    name = choose.choice([name for name in sorted(files) if name not in {"manifest.json", "seal.json"}])
    payload, at = _flipped(files[name], choose)
    other = files | {name: payload}
    return Change("listed", f"{name}:{at}", pack(other | {"manifest.json": _manifest(other)}))


def _resealed(file: bytes, files: dict[str, bytes], choose: random.Random, *, key: Ed25519PrivateKey) -> Change:
    name = choose.choice([name for name in sorted(files) if name.startswith(SIGNED_BY_THE_TABLET)])
    payload, at = _flipped(files[name], choose)
    other = files | {name: payload}
    manifest = _manifest(other)
    signature = sign(key, "proof", hashlib.sha256(manifest).digest()).hex()
    seal = canonical_bytes({"key": key_id(public_bytes(key)), "signature": signature})
    return Change("resealed", f"{name}:{at}", pack(other | {"manifest.json": manifest, "seal.json": seal}))


def _manifest(files: dict[str, bytes]) -> bytes:
    manifest = json.loads(files["manifest.json"])
    manifest["files"] = {name: hashlib.sha256(files[name]).hexdigest() for name in manifest["files"]}
    return canonical_bytes(manifest)


def _flipped(payload: bytes, choose: random.Random) -> tuple[bytes, int]:
    at, flip = choose.randrange(len(payload)), choose.randint(1, 255)
    return payload[:at] + bytes([payload[at] ^ flip]) + payload[at + 1 :], at
