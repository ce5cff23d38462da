"""Is this proof untouched? Each step stands alone and says what it found."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from server.delivery.proofs.contents import (
    ATTESTATION_KIND,
    SEAL_KIND,
    ProofContents,
    ProofSeal,
    attestation_digest,
    read_proof,
)
from shared.problems import Problem, Text
from shared.sealing import is_signed_by, key_id
from shared.sealing_event import open_envelope, visit_of
from shared.visit import OrderFacts, VisitFacts, read_visit
from shared.wire.event import Envelope, LeafGroup, SealedEvent, VisitFinished
from shared.wire.terms import Goods, Prices, half_hash, terms_hash


class ProofBroken(Problem):
    """Something in the proof does not hold."""

    slug = "proof-broken"
    title = Text("Preuve altérée", "Altered proof")


@dataclass(frozen=True, slots=True)
class VerifiedProof:
    """What an untouched proof says. ``is_key_known`` is false when nobody named the server's key beforehand."""

    contents: ProofContents
    envelope: Envelope
    finished: VisitFinished
    order: OrderFacts
    said: VisitFacts
    goods: Goods
    prices: Prices
    server_key: str
    is_key_known: bool


def verify_proof(payload: bytes, *, server_key: str | None = None) -> VerifiedProof:
    """Return what the proof says once every hash, signature, path and leaf holds.

    ``server_key`` is the carrier's published key, 64 hex digits; without it the key inside is used, which shows
    that nothing was changed since that key sealed it, but not whose key it is.

    Raises:
        BrokenArchive, ProofBroken, BrokenSeal, UnreadableVisit: the first thing that does not hold.
    """
    contents, _manifest, manifest_bytes, seal = read_proof(payload)
    key = _check_seal(contents, manifest_bytes, seal, server_key)
    _check_device(contents, key)
    event = contents.event
    sealed = SealedEvent(body=event.body, hash=event.hash, signature=event.signature)
    envelope = open_envelope(sealed, bytes.fromhex(contents.keys.device_key))
    finished = visit_of(envelope)
    _require(envelope.device_id == contents.keys.device_id, "keys.json", "autre appareil", "another device")
    _require(envelope.seq == contents.subject.event_seq, "manifest.json", "autre événement", "another event")
    said = _read_leaves(contents, finished)
    order = said.order(contents.subject.order_id)
    if order is None:
        raise _broken("leaves", "la commande n’y est pas", "the order is not there")
    goods, prices = _read_terms(contents, order)
    _check_attachments(contents, finished, said)
    _check_receipt(contents, envelope, key)
    return VerifiedProof(contents, envelope, finished, order, said, goods, prices, key, server_key is not None)


def _check_seal(contents: ProofContents, manifest_bytes: bytes, seal: ProofSeal, server_key: str | None) -> str:
    key = server_key or contents.keys.server_key
    _require(contents.keys.server_key == key, "keys.json", "une autre clé de serveur", "another server key")
    public = bytes.fromhex(key)
    _require(seal.key == key_id(public), "seal.json", "le nom de la clé est autre", "the key's name differs")
    digest = hashlib.sha256(manifest_bytes).digest()
    good = is_signed_by(public, SEAL_KIND, digest, bytes.fromhex(seal.signature))
    _require(good, "seal.json", "le sceau du serveur ne tient pas", "the server's seal does not hold")
    return key


def _check_device(contents: ProofContents, server_key: str) -> None:
    keys = contents.keys
    digest = attestation_digest(device_id=keys.device_id, carrier_id=keys.carrier_id, device_key=keys.device_key)
    good = is_signed_by(bytes.fromhex(server_key), ATTESTATION_KIND, digest, bytes.fromhex(keys.attestation))
    _require(good, "keys.json", "la clé de l’appareil n’est pas attestée", "the device's key is not vouched for")


def _read_leaves(contents: ProofContents, finished: VisitFinished) -> VisitFacts:
    root = bytes.fromhex(finished.root)
    for leaves in contents.leaves:
        reaches = leaves.disclosure().leads_to(root)
        _require(
            reaches, leaves.key, "les lignes ne mènent pas à la racine signée", "the lines do not reach the signed root"
        )
    return read_visit(
        [LeafGroup(key=leaves.key, leaves=leaves.leaves, padding=leaves.padding) for leaves in contents.leaves]
    )


def _read_terms(contents: ProofContents, order: OrderFacts) -> tuple[Goods, Prices]:
    try:
        goods = msgspec.json.decode(contents.goods, type=Goods)
        prices = msgspec.json.decode(contents.prices, type=Prices)
    except msgspec.DecodeError as error:
        raise _broken("terms", f"illisibles ({error})", f"unreadable ({error})") from error
    good = terms_hash(half_hash(goods), half_hash(prices)) == order.leaf.terms_hash
    _require(good, "terms", "ce ne sont pas les conditions citées", "these are not the cited terms")
    return goods, prices


def _check_attachments(contents: ProofContents, finished: VisitFinished, said: VisitFacts) -> None:
    for sha256, payload in contents.attachments.items():
        good = hashlib.sha256(payload).hexdigest() == sha256
        _require(good, f"attachments/{sha256}", "le contenu a changé", "its content changed")
    demanded, present = set(demanded_attachments(finished, said)), set(contents.attachments)
    _require(
        demanded - present == set(contents.missing) and demanded >= present,
        "attachments",
        "une pièce manque sans être déclarée, ou est de trop",
        "one is missing without being declared, or is one too many",
    )


def demanded_attachments(finished: VisitFinished, said: VisitFacts) -> Iterator[str]:
    """Yield the sha256 of everything that the signed event and the shown lines name."""
    yield from (sha256 for sha256 in (finished.signature_sha256, finished.picture_sha256) if sha256)
    for order in said.orders:
        for line in order.lines:
            yield from line.photos


class _ReceiptBody(msgspec.Struct, frozen=True):
    device_id: str
    last_seq: int


def _check_receipt(contents: ProofContents, envelope: Envelope, server_key: str) -> None:
    body = contents.keys.receipt_body.encode()
    signature = bytes.fromhex(contents.keys.receipt_signature)
    good = is_signed_by(bytes.fromhex(server_key), "receipt", hashlib.sha256(body).digest(), signature)
    _require(good, "keys.json", "le reçu du serveur ne tient pas", "the server's receipt does not hold")
    receipt = msgspec.json.decode(body, type=_ReceiptBody)
    covers = receipt.device_id == envelope.device_id and receipt.last_seq >= envelope.seq
    _require(covers, "keys.json", "le reçu ne couvre pas cet événement", "the receipt does not cover this event")


def _require(holds: bool, where: str, reason_fr: str, reason_en: str) -> None:  # noqa: FBT001  # reads as a sentence
    if not holds:
        raise _broken(where, reason_fr, reason_en)


def _broken(where: str, reason_fr: str, reason_en: str) -> ProofBroken:
    return ProofBroken(
        Text(
            f"La preuve n’est pas intacte\u00a0: {reason_fr}. Demandez une nouvelle copie au transporteur.",
            f"The proof is not untouched: {reason_en}. Ask the carrier for a new copy.",
        ),
        where=where,
    )
