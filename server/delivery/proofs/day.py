"""The day's root: every proof of a day under one signature, which an outside clock may stamp.

The leaves are sha256(0x00 ‖ sha256 of a proof file), sorted, among random nodes up to a power of two, 1024 at least: a
path says nothing of whose other proofs the carrier made, and of their number only that it is below that power.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.canonical import canonical_bytes, is_canonical
from shared.disclosure import MAX_DEPTH, climb, leaf_hash, merkle_path, merkle_root
from shared.problems import Problem, Text
from shared.sealing import is_signed_by, public_bytes, sign
from shared.wire.limits import Identifier, PublicKey, Sequence, Sha256, Short, Signature

FORMAT: Final = "tournee-day/1"
DAY_KIND: Final = "day"
MIN_NODES: Final = 1024
MAX_PROOFS: Final = 1 << MAX_DEPTH
MAX_INCLUSION_BYTES: Final = 64 * 1024


class BrokenDay(Problem):
    """The file beside a proof does not tie it to a signed day."""

    slug = "broken-day"
    title = Text("Racine du jour altérée", "Altered root of the day")


class _Day(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Frozen, keyword-only, strict."""


class DayRoot(_Day, frozen=True, kw_only=True):
    """What the server signs for a carrier's day; ``made_ms`` in Unix milliseconds."""

    format: str
    carrier_id: Identifier
    day: Short
    made_ms: int
    root: Sha256


class DayInclusion(_Day, frozen=True, kw_only=True):
    """The file beside a proof: its way up to the signed root.

    ``body`` is the root's canonical bytes, signed under ``key`` as kind ``day``; ``token`` is the answer of a
    time-stamping authority over sha256(body), DER in hex (RFC 3161), empty without one.
    """

    proof_sha256: Sha256
    position: Sequence
    path: tuple[Sha256, ...]
    body: str
    key: PublicKey
    signature: Signature
    token: str

    @property
    def root(self) -> DayRoot:
        """What was signed.

        Raises:
            msgspec.DecodeError: it has another shape.
        """
        return msgspec.json.decode(self.body.encode(), type=DayRoot)


@dataclass(frozen=True, slots=True)
class DayTree:
    """One day's proofs with the signature over their root; ``nodes`` are in their order in the tree."""

    nodes: tuple[bytes, ...]
    body: bytes
    key: str
    signature: str

    @property
    def stamped_digest(self) -> bytes:
        """The 32 bytes that an outside clock stamps: sha256 of the signed body."""
        return hashlib.sha256(self.body).digest()

    def inclusion(self, proof_sha256: str, *, token: bytes = b"") -> bytes:
        """Return the file that stands beside this proof.

        Raises:
            ValueError: the proof is not of this day.
        """
        position = self.nodes.index(_leaf(proof_sha256))
        made = DayInclusion(
            proof_sha256=proof_sha256,
            position=position,
            path=tuple(node.hex() for node in merkle_path(self.nodes, position)),
            body=self.body.decode(),
            key=self.key,
            signature=self.signature,
            token=token.hex(),
        )
        return canonical_bytes(msgspec.to_builtins(made))


def seal_day(
    proofs: Iterable[str],
    *,
    carrier_id: str,
    day: date,
    made_ms: int,
    key: Ed25519PrivateKey,
    random: Callable[[int], bytes] = secrets.token_bytes,
) -> DayTree:
    """Return the signed tree over the sha256 of these proof files.

    Raises:
        ValueError: there are more than the paths may be long.
    """
    leaves = [_leaf(sha256) for sha256 in dict.fromkeys(proofs)]
    width = MIN_NODES
    while width < len(leaves):
        width *= 2
    if width > MAX_PROOFS:
        raise ValueError(f"{len(leaves)} proofs are more than a day's tree holds")
    nodes = tuple(sorted(leaves + [random(32) for _ in range(width - len(leaves))]))
    root = DayRoot(
        format=FORMAT, carrier_id=carrier_id, day=day.isoformat(), made_ms=made_ms, root=merkle_root(nodes).hex()
    )
    body = canonical_bytes(msgspec.to_builtins(root))
    signature = sign(key, DAY_KIND, hashlib.sha256(body).digest()).hex()
    return DayTree(nodes, body, public_bytes(key).hex(), signature)


def read_inclusion(payload: bytes, *, proof: bytes) -> DayInclusion:
    """Return the file beside ``proof`` once its path, root and signature hold under the key that it names.

    Whether that key is the carrier's is the caller's to ask; the outside stamp is checked by ``stamping``.

    Raises:
        BrokenDay: naming what does not hold.
    """
    _require(len(payload) <= MAX_INCLUSION_BYTES and is_canonical(payload), "form")
    try:
        found = msgspec.json.decode(payload, type=DayInclusion)
        root = found.root
        bytes.fromhex(found.token)
    except (msgspec.DecodeError, UnicodeEncodeError, ValueError) as error:
        raise _broken("form") from error
    body = found.body.encode()
    _require(is_canonical(body) and root.format == FORMAT, "form")
    _require(found.proof_sha256 == hashlib.sha256(proof).hexdigest(), "proof_sha256")
    _require(len(found.path) <= MAX_DEPTH and found.position < 1 << len(found.path), "path")
    reached = climb(_leaf(found.proof_sha256), found.position, [bytes.fromhex(node) for node in found.path])
    _require(reached.hex() == root.root, "path")
    digest = hashlib.sha256(body).digest()
    good = is_signed_by(bytes.fromhex(found.key), DAY_KIND, digest, bytes.fromhex(found.signature))
    _require(good, "signature")
    return found


def _leaf(proof_sha256: str) -> bytes:
    return leaf_hash(bytes.fromhex(proof_sha256))


def _require(holds: bool, where: str) -> None:  # noqa: FBT001  # reads as a sentence
    if not holds:
        raise _broken(where)


def _broken(where: str) -> BrokenDay:
    return BrokenDay(
        Text(
            "Le fichier du jour ne relie pas cette preuve à une racine signée. Demandez-le de nouveau au transporteur.",
            "The day’s file does not tie this proof to a signed root. Ask the carrier for it again.",
        ),
        where=where,
    )
