"""Proof files with one byte changed, put in or taken out: by a vandal, a forger, and one with the office's key."""

from __future__ import annotations

import hashlib
import io
import json
import random
import warnings
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server.delivery.proofs.archive import pack, unpack
from shared.canonical import canonical_bytes
from shared.sealing import key_id, public_bytes, sign
from tests.factories.proofs import SERVER

type Edit = Callable[[bytes, random.Random], tuple[bytes, int]]

SIGNED_BEFORE = ("events/", "leaves/", "terms/", "attachments/", "former/")


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


def changes(
    file: bytes, count: int, *, seed: int = 1, key: Ed25519PrivateKey = SERVER, inside: tuple[str, ...] = ()
) -> Iterator[Change]:
    """Yield ``count`` changed copies, the same for the same seed, in turns of each way: flipped, inserted, removed.

    ``raw``: a byte of the archive. ``repacked``: a byte of one file inside, the archive's form made good. ``listed``:
    the list of hashes made good as well, as far as anyone can without a key. ``resealed``: sealed anew by the office's
    own ``key``, with a byte of what the tablet signed, or of a former seal, changed. ``inside`` keeps to files whose
    names begin so.
    """
    choose = random.Random(seed)
    files = unpack(file)
    chosen = [name for name in sorted(files) if name.startswith(inside or "")]
    ways = (
        _raw,
        partial(_repacked, names=chosen),
        partial(_listed, names=chosen),
        partial(_resealed, key=key, names=chosen),
    )
    turns = [(way, edit) for edit in _EDITS.items() for way in ways]
    for number in range(count):
        way, (done, edit) = turns[number % len(turns)]
        made = way(file, files, choose, edit)
        yield replace(made, way=f"{made.way}, {done}")


def every_byte(file: bytes, names: Sequence[str]) -> Iterator[Change]:
    """Yield, for each byte of these files inside, a copy that has it changed and the list of hashes made good."""
    files = unpack(file)
    for name in names:
        for at, byte in enumerate(files[name]):
            payload = files[name][:at] + bytes([byte ^ 1]) + files[name][at + 1 :]
            other = files | {name: payload}
            yield Change("listed", f"{name}:{at}", pack(other | {"manifest.json": _manifest(other)}))


def changed(payload: bytes, count: int, *, seed: int = 1) -> Iterator[bytes]:
    """Yield copies of any file with one byte changed."""
    choose = random.Random(seed)
    for _ in range(count):
        yield _flipped(payload, choose)[0]


def _raw(file: bytes, files: dict[str, bytes], choose: random.Random, edit: Edit) -> Change:
    payload, at = edit(file, choose)
    return Change("raw", str(at), payload)


def _repacked(
    file: bytes, files: dict[str, bytes], choose: random.Random, edit: Edit, *, names: Sequence[str]
) -> Change:
    name = choose.choice(names)
    payload, at = edit(files[name], choose)
    return Change("repacked", f"{name}:{at}", pack(files | {name: payload}))


def _listed(file: bytes, files: dict[str, bytes], choose: random.Random, edit: Edit, *, names: Sequence[str]) -> Change:
    name = choose.choice([name for name in names if name not in {"manifest.json", "seal.json"}])
    payload, at = edit(files[name], choose)
    other = files | {name: payload}
    return Change("listed", f"{name}:{at}", pack(other | {"manifest.json": _manifest(other)}))


def _resealed(
    file: bytes,
    files: dict[str, bytes],
    choose: random.Random,
    edit: Edit,
    *,
    key: Ed25519PrivateKey,
    names: Sequence[str],
) -> Change:
    name = choose.choice([name for name in names if name.startswith(SIGNED_BEFORE)])
    payload, at = edit(files[name], choose)
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


def _inserted(payload: bytes, choose: random.Random) -> tuple[bytes, int]:
    at = choose.randint(0, len(payload))
    return payload[:at] + bytes([choose.choice((choose.randrange(256), *_LIKELY))]) + payload[at:], at


def _removed(payload: bytes, choose: random.Random) -> tuple[bytes, int]:
    at = choose.randrange(len(payload))
    return payload[:at] + payload[at + 1 :], at


_LIKELY = b" \n0,"
"""What JSON might take without a change of meaning is put in more often than any other byte."""
_EDITS: dict[str, Edit] = {"flipped": _flipped, "inserted": _inserted, "removed": _removed}
