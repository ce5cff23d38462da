"""Seals that stood on a proof before it was sealed anew: kept inside, still to be verified, each key by the next.

``former/N/`` holds an earlier manifest and seal, N from 0, oldest first, and those of its files that are other ones
now. Together with the files that stayed they are the earlier proof byte for byte, but for pictures purged since.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server.delivery.proofs.archive import BrokenArchive, pack, unpack
from server.delivery.proofs.broken import Check, broken, require
from server.delivery.proofs.contents import (
    FORMAT,
    FORMER,
    SEAL_KIND,
    ProofContents,
    ProofKeys,
    ProofManifest,
    files_of,
    read_seal,
    write_proof,
)
from shared.problems import Problem, Text
from shared.sealing import is_signed_by, key_id

MOST: Final = 20
_ATTACHMENTS: Final = "attachments/"
_MANIFEST, _SEAL, _KEYS = "manifest.json", "seal.json", "keys.json"


class SealedTooOften(Problem):
    """A proof keeps the seals of its past, a bounded number of them."""

    slug = "sealed-too-often"
    status = 409
    title = Text("Trop de sceaux", "Too many seals")


@dataclass(frozen=True, slots=True, kw_only=True)
class FormerSeal:
    """A seal that stood before: by which key and when, and the fingerprint that papers of its time carry."""

    server_key: str
    sealed_ms: int
    manifest_sha256: str


def seal_anew(before: bytes, contents: ProofContents, *, key: Ed25519PrivateKey) -> bytes:
    """Return the proof of these contents with the seals of ``before``, a proof file of the same subject, kept inside.

    Raises:
        SealedTooOften: ``MOST`` of them are inside.
        BrokenArchive: ``before`` is no proof file.
    """
    old = unpack(before)
    number = sum(name.startswith(FORMER) and name.endswith(f"/{_MANIFEST}") for name in old)
    if number >= MOST:
        raise SealedTooOften(
            Text(f"Cette preuve garde déjà {MOST} sceaux.", f"This proof keeps {MOST} seals already."),
            where=contents.subject.order_number,
        )
    fresh = files_of(msgspec.structs.replace(contents, former={}))
    former = {name: payload for name, payload in old.items() if name.startswith(FORMER)}
    former |= {f"{FORMER}{number}/{name}": old[name] for name in (_MANIFEST, _SEAL)}
    for one in range(number + 1):
        former |= dict(_replaced(former, one, old, fresh))
    return write_proof(msgspec.structs.replace(contents, former=former), key=key)


def _replaced(
    former: Mapping[str, bytes], number: int, old: Mapping[str, bytes], fresh: Mapping[str, bytes]
) -> Iterator[tuple[str, bytes]]:
    """Yield the files of an earlier proof that are other ones from now on; a purged picture is gone from it, too."""
    listed = msgspec.json.decode(former[f"{FORMER}{number}/{_MANIFEST}"], type=ProofManifest).files
    for name in listed:
        beside = f"{FORMER}{number}/{name}"
        if beside in former or name.startswith((FORMER, _ATTACHMENTS)):
            continue
        if fresh.get(name) != old[name]:
            yield beside, old[name]


def check_formers(contents: ProofContents, files: Mapping[str, bytes]) -> tuple[FormerSeal, ...]:
    """Return the seals before this one, oldest first, once each of them and every endorsement between holds.

    ``files`` are those of the archive, as ``unpack`` gives them.

    Raises:
        ProofBroken: naming what does not hold, as step ``former``.
    """
    found: list[FormerSeal] = []
    while f"{FORMER}{len(found)}/{_MANIFEST}" in files:
        where = f"{FORMER}{len(found)}"
        try:
            found.append(_check_one(contents, files, where))
        except (KeyError, BrokenArchive, msgspec.DecodeError, UnicodeDecodeError) as error:
            raise broken(where, f"illisible ({error})", f"unreadable ({error})", Check.FORMER) from error
    _check_order(contents, found)
    mine = tuple(f"{FORMER}{number}/" for number in range(len(found)))
    _require(all(name.startswith(mine) for name in contents.former), FORMER, "un fichier de trop", "a file too many")
    return tuple(found)


def former_file(files: Mapping[str, bytes], number: int) -> bytes | None:
    """Return the proof file as it was under an earlier seal that holds, None where a picture of it was purged."""
    where = f"{FORMER}{number}"
    manifest = msgspec.json.decode(files[f"{where}/{_MANIFEST}"], type=ProofManifest)
    names = [*manifest.files, _MANIFEST, _SEAL]
    then = {name: files.get(f"{where}/{name}", files.get(name)) for name in names}
    whole = {name: payload for name, payload in then.items() if payload is not None}
    return pack(whole) if len(whole) == len(then) else None


def _check_order(contents: ProofContents, found: list[FormerSeal]) -> None:
    """Each key is the receipt's or was endorsed behind it, and no seal is older than its key or the seal before."""
    links = contents.keys.succession
    keys = [contents.keys.receipt_key, *(link.public_key for link in links)]
    starts = {link.public_key: link.from_ms for link in links}
    _require(len(found) <= MOST, FORMER, "trop de sceaux", "too many seals")
    at, since = 0, 0
    for one in found:
        _require(one.server_key in keys[at:], FORMER, "une clé que rien n’endosse", "a key that nothing endorses")
        at = keys.index(one.server_key)
        holds = max(since, starts.get(one.server_key, 0)) <= one.sealed_ms <= contents.sealed_ms
        _require(holds, FORMER, "des sceaux en désordre", "seals in disorder")
        since = one.sealed_ms


def _check_one(contents: ProofContents, present: Mapping[str, bytes], where: str) -> FormerSeal:
    manifest_bytes, seal = present[f"{where}/{_MANIFEST}"], read_seal(present[f"{where}/{_SEAL}"])
    manifest = msgspec.json.decode(manifest_bytes, type=ProofManifest)
    same = manifest.format == FORMAT and manifest.subject == contents.subject
    _require(same, where, "une autre preuve", "another proof's")
    then, now = _lasting(manifest.files), _lasting(present)
    _require(then == now - {_MANIFEST, _SEAL}, where, "d’autres fichiers", "other files than listed")
    for name, sha256 in manifest.files.items():
        _check_file(contents, present, (where, name), sha256)
    keys = present.get(f"{where}/{_KEYS}", present[_KEYS])
    key = msgspec.json.decode(keys, type=ProofKeys).server_key
    digest = hashlib.sha256(manifest_bytes).digest()
    named = seal.key == key_id(bytes.fromhex(key))
    good = named and is_signed_by(bytes.fromhex(key), SEAL_KIND, digest, bytes.fromhex(seal.signature))
    _require(good, where, "ce sceau ne tient pas", "this seal does not hold")
    return FormerSeal(server_key=key, sealed_ms=manifest.sealed_ms, manifest_sha256=digest.hex())


def _lasting(names: Iterable[str]) -> set[str]:
    """The entries that a proof has under every seal: pictures are purged, and former seals added."""
    return {name for name in names if not name.startswith((FORMER, _ATTACHMENTS))}


def _check_file(contents: ProofContents, present: Mapping[str, bytes], at: tuple[str, str], sha256: str) -> None:
    where, name = at
    payload = present.get(f"{where}/{name}", present.get(name))
    if payload is None:
        gone = name == f"{_ATTACHMENTS}{sha256}" and sha256 in contents.purged
        _require(gone, f"{where}/{name}", "un fichier manque", "a file is missing")
        return
    same = hashlib.sha256(payload).hexdigest() == sha256
    _require(same, f"{where}/{name}", "un fichier a changé", "a file changed")


def _require(holds: bool, where: str, reason_fr: str, reason_en: str) -> None:  # noqa: FBT001  # reads as a sentence
    require(holds, where, reason_fr, reason_en, Check.FORMER)
