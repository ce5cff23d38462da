"""Proof files with a lie that the carrier sealed by its own key: what a reader must refuse, or be told."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server.delivery.proofs import Check
from server.delivery.proofs.archive import pack, unpack
from server.delivery.proofs.contents import ProofLeaves
from shared.canonical import canonical_bytes
from shared.sealing import key_id, public_bytes, sign
from tests.factories.aged_proofs import corrected_office, correction, count
from tests.factories.proofs import NAMES, SERVER, make_signed
from tests.factories.terms import named_id

type Files = dict[str, bytes]
SIGNED = make_signed()
OTHER_ID = named_id("somebody else")


@dataclass(frozen=True)
class Lie:
    """A file sealed by the carrier: the step that must refuse it, None where it changes the office's own word alone."""

    name: str
    payload: bytes
    check: Check | None


def sealed_again(
    files: Files, key: Ed25519PrivateKey = SERVER, *, written: Callable[[Any], bytes] | None = None
) -> bytes:
    """Return the proof of these files with its list and its seal made good; ``written`` writes the manifest."""
    inside = {name: payload for name, payload in files.items() if name not in {"manifest.json", "seal.json"}}
    listed = {name: hashlib.sha256(payload).hexdigest() for name, payload in inside.items()}
    manifest = (written or canonical_bytes)(json.loads(files["manifest.json"]) | {"files": listed})
    signature = sign(key, "proof", hashlib.sha256(manifest).digest()).hex()
    seal = canonical_bytes({"key": key_id(public_bytes(key)), "signature": signature})
    return pack(inside | {"manifest.json": manifest, "seal.json": seal})


def lies() -> list[Lie]:
    """Return every lie, the same ones each time, of a proof that is otherwise in order."""
    files = unpack(SIGNED.file())
    return [
        *_subjects(files),
        *_entries(files),
        *_forms(files),
        *_groups(files),
        *_offices(files),
        *_keys(files),
        *_newlines(files),
    ]


def words() -> list[Lie]:
    """Return what the carrier may write as it likes: the office's word, as docs/proofs.md lists it."""
    files = unpack(SIGNED.file())
    told: dict[str, dict[str, Any]] = {
        "manifest.json": {
            "sealed_ms": 1_700_009_000_000,
            "subject.seller_name": "Autre brasserie",
            "subject.buyer_name": "Un autre client",
        },
        "keys.json": {"carrier_name": "Autre transporteur", "device_name": "Tablette 8"},
        "office.json": {
            "driver_name": "Quelqu’un d’autre",
            "run_name": "Rosemont",
            "place_name": "Ailleurs",
            "place_lines": ["1, rue Autre"],
            "timezone": "Europe/Zurich",
            "delivered_ms": 1_699_990_000_000,
            "uncertainty_s": 9,
            "received_ms": 1_700_008_000_000,
            "skewed": True,
            "consent": "",
            "corrections": msgspec.to_builtins(corrected_office().corrections),
        },
    }
    return [
        Lie(f"{name} {path}", _edited(files, name, path, value), None)
        for name, changes in told.items()
        for path, value in changes.items()
    ]


def _edited(files: Files, name: str, path: str, value: Any) -> bytes:
    return sealed_again(files | {name: _changed(files[name], path, value)})


def _changed(payload: bytes, path: str, value: Any) -> bytes:
    record = json.loads(payload)
    *outer, last = path.split(".")
    place = record
    for step in outer:
        place = place[step]
    place[last] = value
    return canonical_bytes(record)


def _subjects(files: Files) -> Iterator[Lie]:
    for field, value, check in (
        ("order_number", "C-9999", Check.TERMS),
        ("seller_id", OTHER_ID, Check.TERMS),
        ("buyer_id", OTHER_ID, Check.TERMS),
        ("order_id", OTHER_ID, Check.LEAVES),
        ("event_seq", 2, Check.ARCHIVE),
        ("day", "2023-11-14", Check.ARCHIVE),
    ):
        yield Lie(f"subject {field}", _edited(files, "manifest.json", f"subject.{field}", value), check)
    renamed = {name.replace("events/1", "events/2"): payload for name, payload in files.items()}
    yield Lie("event renumbered", _edited(renamed, "manifest.json", "subject.event_seq", 2), Check.EVENT)
    yield Lie("other format", _edited(files, "manifest.json", "format", "tournee-proof/2"), Check.ARCHIVE)
    yield Lie("missing and there", _edited(files, "manifest.json", "missing", [NAMES[0]]), Check.ATTACHMENTS)


def _entries(files: Files) -> Iterator[Lie]:
    leaves = next(name for name in files if name.startswith("leaves/"))
    for name, payload, check in (
        ("lisez-moi.txt", "La marchandise a été refusée.".encode(), Check.ARCHIVE),
        ("lisez-moi.json", b"{}", Check.ARCHIVE),
        ("events/0.json", files["events/1.json"], Check.ARCHIVE),
        ("terms/more.json", files["terms/goods.json"], Check.ARCHIVE),
        ("former/0/lisez-moi.txt", b"x", Check.ARCHIVE),
        ("former/0/office.json", files["office.json"], Check.FORMER),
        (f"attachments/{hashlib.sha256(b'x').hexdigest()}", b"x", Check.ATTACHMENTS),
    ):
        yield Lie(f"extra {name[:30]}", sealed_again(files | {name: payload}), check)
    moved = {("leaves/other.json" if name == leaves else name): payload for name, payload in files.items()}
    yield Lie("leaves renamed", sealed_again(moved), Check.ARCHIVE)
    first, second = (f"attachments/{name}" for name in NAMES[:2])
    swapped = files | {first: files[second], second: files[first]}
    yield Lie("swapped attachments", sealed_again(swapped), Check.ATTACHMENTS)


def _forms(files: Files) -> Iterator[Lie]:
    ways: dict[str, Callable[[Any], bytes]] = {
        "indented": lambda record: json.dumps(record, indent=1, ensure_ascii=False).encode(),
        "escaped": _escaped,
        "in another order": lambda record: _plain(dict(sorted(record.items(), reverse=True))),
        "a key doubled": _doubled,
        "a newline behind": lambda record: canonical_bytes(record) + b"\n",
    }
    for name in sorted(files):
        for way, written in ways.items():
            if name == "seal.json" or not name.endswith(".json"):
                continue
            if name == "manifest.json":
                payload = sealed_again(files, written=written)
            else:
                payload = sealed_again(files | {name: written(json.loads(files[name]))})
            yield Lie(f"{name.partition('-')[0]} {way}", payload, Check.ARCHIVE)


def _escaped(record: Any) -> bytes:
    """The first letter of the first key as an escape, as JSON allows and the canonical form does not."""
    written = canonical_bytes(record)
    return b'{"' + f"\\u{written[2]:04x}".encode() + written[3:]


def _plain(record: Any) -> bytes:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()


def _doubled(record: dict[str, Any]) -> bytes:
    """The first key once more in front, with another value: most readers keep the last one."""
    key = min(record)
    return b"{" + _plain({key: "another"})[1:-1] + b"," + canonical_bytes(record)[1:]


def _groups(files: Files) -> Iterator[Lie]:
    for key in ("carrier", f"order:{named_id('second')}"):
        leaves = ProofLeaves.of(SIGNED.tree.disclose(key))
        written = canonical_bytes(msgspec.to_builtins(leaves))
        name = f"leaves/{key.replace(':', '-')}.json"
        yield Lie(f"group {key[:8]}", sealed_again(files | {name: written}), Check.LEAVES)


def _offices(files: Files) -> Iterator[Lie]:
    told = {
        "from other counts": (correction(2, count(6, 4), count(8, 2)),),
        "out of balance": (correction(2, count(7, 3), count(8, 3)),),
    }
    for name, corrections in told.items():
        office = msgspec.to_builtins(corrected_office(*corrections).corrections)
        yield Lie(f"corrected {name}", _edited(files, "office.json", "corrections", office), Check.CORRECTIONS)
    gone = [{"sha256": NAMES[0], "purged_ms": 1, "kept_years": 6}]
    yield Lie("purged and there", _edited(files, "office.json", "purged", gone), Check.ATTACHMENTS)
    yield Lie("other statement", _edited(files, "office.json", "consent", "J’accepte tout."), Check.OFFICE)


def _keys(files: Files) -> Iterator[Lie]:
    keys = json.loads(files["keys.json"])
    yield Lie("other carrier", _edited(files, "keys.json", "carrier_id", OTHER_ID), Check.DEVICE)
    yield Lie("other device", _edited(files, "keys.json", "device_id", OTHER_ID), Check.DEVICE)
    yield Lie("other tablet key", _edited(files, "keys.json", "device_key", keys["server_key"]), Check.DEVICE)
    body = keys["receipt_body"].replace('"last_seq":1', '"last_seq":2')
    yield Lie("other receipt", _edited(files, "keys.json", "receipt_body", body), Check.RECEIPT)
    spaced = keys["receipt_body"] + " "
    signature = sign(SERVER, "receipt", hashlib.sha256(spaced.encode()).digest()).hex()
    written = canonical_bytes(keys | {"receipt_body": spaced, "receipt_signature": signature})
    yield Lie("receipt with a space", sealed_again(files | {"keys.json": written}), Check.RECEIPT)


def _newlines(files: Files) -> Iterator[Lie]:
    """A newline behind digits: what Python's own reading of them does not mind."""
    fields = {
        "manifest.json": ("subject.order_id", "subject.seller_id", "subject.buyer_id"),
        "events/1.json": ("hash", "signature"),
        "keys.json": (
            "carrier_id", "device_id", "device_key", "server_key", "attestation", "receipt_key", "receipt_signature",
        ),
    }  # fmt: skip
    for name, paths in fields.items():
        for path in paths:
            said = json.loads(files[name])
            for step in path.split("."):
                said = said[step]
            yield Lie(f"newline {path}", _edited(files, name, path, f"{said}\n"), Check.ARCHIVE)
    sealed = unpack(sealed_again(files))
    signature = json.loads(sealed["seal.json"])["signature"]
    written = _changed(sealed["seal.json"], "signature", f"{signature}\n")
    yield Lie("newline in the seal", pack(sealed | {"seal.json": written}), Check.ARCHIVE)
