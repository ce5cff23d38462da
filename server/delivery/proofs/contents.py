"""What a proof file holds, as values: written and read back without loss."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server.delivery.proofs.archive import BrokenArchive, pack, unpack
from server.delivery.proofs.form import check_entries, check_written, entry_names, leaves_name
from server.delivery.proofs.office import ProofOffice
from shared.canonical import canonical_bytes
from shared.disclosure import Disclosure, Group
from shared.keyring import KeyLink
from shared.problems import Text
from shared.sealing import key_id, public_bytes, sign
from shared.wire.limits import Identifier, PublicKey, Sequence, Sha256, Short, Signature

FORMAT: Final = "tournee-proof/1"
SEAL_KIND: Final = "proof"
ATTESTATION_KIND: Final = "device"
FORMER: Final = "former/"


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Frozen, keyword-only, strict."""


class ProofEvent(_File, frozen=True, kw_only=True):
    """The sealed event, verbatim: ``body`` is canonical bytes; its leaves stand apart."""

    body: str
    hash: Sha256
    signature: Signature


class ProofLeaves(_File, frozen=True, kw_only=True):
    """One group of the visit's tree with the path to the signed root."""

    key: str
    leaves: tuple[str, ...]
    padding: tuple[Sha256, ...]
    position: int
    path: tuple[Sha256, ...]

    def disclosure(self) -> Disclosure:
        """Return the group with its path."""
        group = Group(
            self.key,
            tuple(leaf.encode() for leaf in self.leaves),
            tuple(bytes.fromhex(node) for node in self.padding),
        )
        return Disclosure(group, self.position, tuple(bytes.fromhex(node) for node in self.path))

    @classmethod
    def of(cls, disclosure: Disclosure) -> ProofLeaves:
        """Return the file's form of a disclosure."""
        return cls(
            key=disclosure.group.key,
            leaves=tuple(leaf.decode() for leaf in disclosure.group.leaves),
            padding=tuple(node.hex() for node in disclosure.group.padding),
            position=disclosure.position,
            path=tuple(node.hex() for node in disclosure.path),
        )


class ProofKeys(_File, frozen=True, kw_only=True):
    """Who sealed: the tablet's key, attested by the carrier's server, and the server's receipt for the event.

    ``attestation`` signs sha256 of canonical {device_id, carrier_id, public_key} as kind ``device``. ``receipt_key``
    gave the receipt; where the server's key changed between receipt and seal, ``succession`` leads from one to the
    other, each link endorsed by the key before.
    """

    carrier_id: Identifier
    carrier_name: Short
    device_id: Identifier
    device_name: Short
    device_key: PublicKey
    server_key: PublicKey
    attestation: Signature
    receipt_key: PublicKey
    receipt_body: str
    receipt_signature: Signature
    succession: tuple[KeyLink, ...] = ()

    @property
    def receipt(self) -> ProofReceipt:
        """What the receipt says.

        Raises:
            msgspec.DecodeError: it is not of a receipt's shape.
        """
        return msgspec.json.decode(self.receipt_body.encode(), type=ProofReceipt)


class ProofReceipt(_File, frozen=True, kw_only=True):
    """How far the server had the tablet's chain, at its own time."""

    device_id: Identifier
    epoch: Short
    last_seq: Sequence
    head: Sha256
    server_ms: int


class ProofSubject(_File, frozen=True, kw_only=True):
    """What the proof is about."""

    order_id: Identifier
    order_number: Short
    seller_id: Identifier
    seller_name: Short
    buyer_id: Identifier
    buyer_name: Short
    event_seq: Sequence


class ProofManifest(_File, frozen=True, kw_only=True):
    """The list of the files with their hashes, and when the server sealed it (Unix milliseconds).

    ``missing`` names attachments that are not inside: they had not arrived, or were purged as ``ProofOffice`` says.
    """

    format: str
    sealed_ms: int
    subject: ProofSubject
    files: dict[str, Sha256]
    missing: tuple[Sha256, ...]


class ProofSeal(_File, frozen=True, kw_only=True):
    """The server's signature of the manifest's sha256, as kind ``proof``."""

    key: Short
    signature: Signature


class ProofContents(_File, frozen=True, kw_only=True):
    """Everything inside one proof file; ``former`` are its files under ``former/``, for ``formers`` to read."""

    subject: ProofSubject
    event: ProofEvent
    leaves: tuple[ProofLeaves, ...]
    goods: bytes
    prices: bytes
    attachments: dict[Sha256, bytes]
    missing: tuple[Sha256, ...]
    keys: ProofKeys
    office: ProofOffice
    sealed_ms: int
    former: dict[str, bytes] = {}

    @property
    def purged(self) -> frozenset[str]:
        """The sha256 of what was purged: its bytes are gone, its hash stays signed."""
        return frozenset(one.sha256 for one in self.office.purged)


def attestation_digest(*, device_id: str, carrier_id: str, device_key: str) -> bytes:
    """Return what the server signs to vouch for a tablet's key."""
    record = {"device_id": device_id, "carrier_id": carrier_id, "public_key": device_key}
    return hashlib.sha256(canonical_bytes(record)).digest()


def write_proof(contents: ProofContents, *, key: Ed25519PrivateKey) -> bytes:
    """Return the proof file; the same contents and key always give the same bytes."""
    files = files_of(contents)
    manifest = ProofManifest(
        format=FORMAT,
        sealed_ms=contents.sealed_ms,
        subject=contents.subject,
        files={name: hashlib.sha256(payload).hexdigest() for name, payload in files.items()},
        missing=contents.missing,
    )
    manifest_bytes = _encode(manifest)
    signature = sign(key, SEAL_KIND, hashlib.sha256(manifest_bytes).digest()).hex()
    seal = ProofSeal(key=key_id(public_bytes(key)), signature=signature)
    return pack(files | {"manifest.json": manifest_bytes, "seal.json": _encode(seal)})


def manifest_sha256(payload: bytes) -> str:
    """Return a proof file's fingerprint, 64 hex digits: the hash that its seal signs and its paper carries.

    Raises:
        BrokenArchive: the archive's form does not hold, or it has no manifest.
    """
    files = unpack(payload)
    if "manifest.json" not in files:
        raise _refuse("Un fichier manque.", "A file is missing.", "manifest.json")
    return hashlib.sha256(files["manifest.json"]).hexdigest()


def read_proof(payload: bytes) -> tuple[ProofContents, ProofManifest, bytes, ProofSeal]:
    """Return contents, manifest, the manifest's bytes and the seal, with every file's hash and form checked.

    Raises:
        BrokenArchive: the archive, a file's hash or its form does not hold, or there is an entry too many.
    """
    files = unpack(payload)
    try:
        manifest_bytes = files.pop("manifest.json")
        seal = read_seal(files.pop("seal.json"))
        manifest = msgspec.json.decode(manifest_bytes, type=ProofManifest)
        _check_files(manifest, files)
        check_written(files | {"manifest.json": manifest_bytes})
        contents = _contents(manifest, files)
        check_entries(files, _called_for(contents))
    except KeyError as error:
        raise _refuse("Un fichier manque.", "A file is missing.", str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _refuse("Un fichier est illisible.", "A file cannot be read.", str(error)) from error
    return contents, manifest, manifest_bytes, seal


def read_seal(payload: bytes) -> ProofSeal:
    """Return a seal: the one file that no signature covers has one form only.

    Raises:
        BrokenArchive: it is not in that form.
        msgspec.DecodeError: it is no seal.
    """
    seal = msgspec.json.decode(payload, type=ProofSeal)
    if _encode(seal) != payload or seal.signature != seal.signature.strip():
        raise _refuse("Le sceau n’est pas dans sa forme.", "The seal is not in its form.", "seal.json")
    return seal


def files_of(contents: ProofContents) -> dict[str, bytes]:
    """Return every file of the proof by its name, but for manifest and seal."""
    files = {
        f"events/{contents.subject.event_seq}.json": _encode(contents.event),
        "terms/goods.json": contents.goods,
        "terms/prices.json": contents.prices,
        "keys.json": _encode(contents.keys),
        "office.json": _encode(contents.office),
    }
    files |= {leaves_name(leaves.key): _encode(leaves) for leaves in contents.leaves} | contents.former
    return files | {f"attachments/{sha256}": payload for sha256, payload in contents.attachments.items()}


def _contents(manifest: ProofManifest, files: Mapping[str, bytes]) -> ProofContents:
    return ProofContents(
        subject=manifest.subject,
        event=msgspec.json.decode(files[f"events/{manifest.subject.event_seq}.json"], type=ProofEvent),
        leaves=tuple(
            msgspec.json.decode(files[name], type=ProofLeaves) for name in sorted(files) if name.startswith("leaves/")
        ),
        goods=files["terms/goods.json"],
        prices=files["terms/prices.json"],
        attachments={
            name.removeprefix("attachments/"): files[name] for name in files if name.startswith("attachments/")
        },
        missing=manifest.missing,
        keys=msgspec.json.decode(files["keys.json"], type=ProofKeys),
        office=msgspec.json.decode(files["office.json"], type=ProofOffice),
        sealed_ms=manifest.sealed_ms,
        former={name: files[name] for name in files if name.startswith(FORMER)},
    )


def _check_files(manifest: ProofManifest, files: Mapping[str, bytes]) -> None:
    if manifest.format != FORMAT:
        raise _refuse(
            "Cette version de preuve n’est pas connue.", "This version of proof is not known.", manifest.format
        )
    found = {name: hashlib.sha256(payload).hexdigest() for name, payload in files.items()}
    if found != manifest.files:
        different = sorted({name for name, _ in found.items() ^ manifest.files.items()})
        raise _refuse("Un fichier a changé.", "A file changed.", ", ".join(different[:5]))


def _called_for(contents: ProofContents) -> set[str]:
    groups = [leaves.key for leaves in contents.leaves]
    return entry_names(event_seq=contents.subject.event_seq, groups=groups, attachments=contents.attachments)


def _encode(value: msgspec.Struct) -> bytes:
    return canonical_bytes(msgspec.to_builtins(value))


def _refuse(fr: str, en: str, where: str) -> BrokenArchive:
    return BrokenArchive(
        Text(f"{fr} Demandez une nouvelle copie au transporteur.", f"{en} Ask the carrier for a new copy."), where=where
    )
