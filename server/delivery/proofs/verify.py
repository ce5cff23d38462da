"""Is this proof untouched? Each step stands alone and says what it found."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import msgspec

from server.delivery.proofs.archive import BrokenArchive, unpack
from server.delivery.proofs.broken import Check, broken, require
from server.delivery.proofs.contents import (
    ATTESTATION_KIND,
    SEAL_KIND,
    ProofContents,
    ProofSeal,
    attestation_digest,
    read_proof,
)
from server.delivery.proofs.corrections import check_corrections
from server.delivery.proofs.day import BrokenDay, DayInclusion
from server.delivery.proofs.formers import FormerSeal, check_formers
from server.delivery.proofs.office import ProofCount
from server.delivery.proofs.trust import DISTRUSTED, Doubt, check_key_list, doubts_about, read_day
from shared.canonical import is_canonical
from shared.disclosure import padded_width
from shared.keyring import KeyLink, KeyList, follows
from shared.problems import Problem
from shared.sealing import is_signed_by, key_id
from shared.sealing_event import BrokenSeal, open_envelope, visit_of
from shared.visit import OrderFacts, UnreadableVisit, VisitFacts, containers_key, order_key, read_visit
from shared.wire.event import Envelope, LeafGroup, SealedEvent, VisitFinished
from shared.wire.terms import Goods, Prices, terms_hash


@dataclass(frozen=True, slots=True)
class VerifiedProof:
    """What an untouched proof says. ``is_key_known`` is false when nobody named the server's key beforehand.

    ``counted`` is each line as it counts once the office's corrections are made; ``order`` is what was signed.
    """

    contents: ProofContents
    envelope: Envelope
    finished: VisitFinished
    order: OrderFacts
    said: VisitFacts
    goods: Goods
    prices: Prices
    server_key: str
    is_key_known: bool
    manifest_sha256: str
    counted: Mapping[str, ProofCount]
    formers: tuple[FormerSeal, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    day: DayInclusion | None = None

    @property
    def is_trusted(self) -> bool:
        """Whether no revocation stands against it."""
        return not DISTRUSTED.intersection(self.doubts)


def verify_proof(
    payload: bytes, *, server_key: str | None = None, keys: KeyList | None = None, day: bytes | None = None
) -> VerifiedProof:
    """Return what the proof says once every hash, signature, path and leaf holds.

    ``server_key`` is a key of the carrier's, 64 hex digits: it sealed, or did before the proof was sealed anew.
    ``keys`` is its published list, already checked; without
    either, the key inside is used, which shows that nothing was changed since that key sealed it, but not whose key it
    is. ``day`` is the file beside the proof that ties it to the day's root.

    Raises:
        Problem: the first thing that does not hold; ``check_of`` names its step.
    """
    contents, _manifest, manifest_bytes, seal = read_proof(payload)
    _check_digits(contents)
    key = _check_seal(contents, manifest_bytes, seal)
    _check_device(contents, key)
    event = contents.event
    sealed = SealedEvent(body=event.body, hash=event.hash, signature=event.signature)
    envelope = open_envelope(sealed, bytes.fromhex(contents.keys.device_key))
    finished = visit_of(envelope)
    require(envelope.device_id == contents.keys.device_id, "keys.json", "autre appareil", "another device")
    require(envelope.seq == contents.subject.event_seq, "manifest.json", "autre événement", "another event")
    said = _read_leaves(contents, finished)
    order = said.order(contents.subject.order_id)
    if order is None:
        raise broken("leaves", "la commande n’y est pas", "the order is not there", Check.LEAVES)
    goods, prices = _read_terms(contents, order)
    _check_attachments(contents, finished, said)
    _check_office(contents, finished)
    counted = check_corrections(contents.office, order, goods)
    _check_receipt(contents, envelope)
    formers = check_formers(contents, unpack(payload)) if contents.former else ()
    trusted = {key, *(one.server_key for one in formers)}
    ours = server_key is None or keys is not None or server_key in trusted
    require(ours, "keys.json", "une autre clé de serveur", "another server key", Check.SEAL)
    check_key_list(contents, keys, formers)
    return VerifiedProof(
        contents=contents,
        envelope=envelope,
        finished=finished,
        order=order,
        said=said,
        goods=goods,
        prices=prices,
        server_key=key,
        is_key_known=server_key is not None or keys is not None,
        manifest_sha256=hashlib.sha256(manifest_bytes).hexdigest(),
        counted=counted,
        formers=formers,
        doubts=tuple(doubts_about(contents, keys, is_key_known=server_key is not None or keys is not None)),
        day=read_day(payload, day, contents, keys),
    )


def check_of(problem: Problem) -> Check:
    """Return the step that a refusal of ``verify_proof`` belongs to."""
    match problem:
        case BrokenArchive():
            return Check.ARCHIVE
        case BrokenSeal():
            return Check.EVENT
        case UnreadableVisit():
            return Check.LEAVES
        case BrokenDay():
            return Check.DAY
        case _:
            return Check(problem.members.get("check", Check.KEYS))


def _check_digits(contents: ProofContents) -> None:
    """Digits with nothing around them: ``bytes.fromhex`` and a pattern's ``$`` let a newline behind them pass."""
    subject, event, keys = contents.subject, contents.event, contents.keys
    for written in (
        subject.order_id, subject.seller_id, subject.buyer_id, event.hash, event.signature, keys.carrier_id,
        keys.device_id, keys.device_key, keys.server_key, keys.attestation, keys.receipt_key, keys.receipt_signature,
        *(text for link in keys.succession for text in (link.public_key, link.endorsement)),
        *(node for leaves in contents.leaves for node in (*leaves.padding, *leaves.path)),
        *(one.event_id for one in contents.office.corrections),
    ):  # fmt: skip
        require(written == written.strip(), written[:16], "un contenu inattendu", "another shape", Check.ARCHIVE)


def _check_seal(contents: ProofContents, manifest_bytes: bytes, seal: ProofSeal) -> str:
    key = contents.keys.server_key
    public = bytes.fromhex(key)
    require(seal.key == key_id(public), "seal.json", "le nom de la clé est autre", "the key's name differs", Check.SEAL)
    digest = hashlib.sha256(manifest_bytes).digest()
    good = is_signed_by(public, SEAL_KIND, digest, bytes.fromhex(seal.signature))
    require(good, "seal.json", "le sceau du serveur ne tient pas", "the server's seal does not hold", Check.SEAL)
    return key


def _check_device(contents: ProofContents, server_key: str) -> None:
    keys = contents.keys
    digest = attestation_digest(device_id=keys.device_id, carrier_id=keys.carrier_id, device_key=keys.device_key)
    good = is_signed_by(bytes.fromhex(server_key), ATTESTATION_KIND, digest, bytes.fromhex(keys.attestation))
    require(
        good, "keys.json", "la clé de l’appareil n’est pas attestée", "the device's key is not vouched for",
        Check.DEVICE,
    )  # fmt: skip


def _read_leaves(contents: ProofContents, finished: VisitFinished) -> VisitFacts:
    root = bytes.fromhex(finished.root)
    for leaves in contents.leaves:
        fits = len(leaves.leaves) + len(leaves.padding) == padded_width(len(leaves.leaves))
        require(fits, leaves.key, "remplissage erroné", "wrong padding", Check.TREE)
        reaches = leaves.disclosure().leads_to(root)
        require(
            reaches, leaves.key, "les lignes ne mènent pas à la racine signée",
            "the lines do not reach the signed root", Check.TREE,
        )  # fmt: skip
    mine = {order_key(contents.subject.order_id), containers_key(contents.subject.seller_id)}
    for leaves in contents.leaves:  # neither another supplier's group, nor what only the carrier sees
        require(leaves.key in mine, leaves.key, "un groupe d’autrui", "a group of another's", Check.LEAVES)
    return read_visit(
        [LeafGroup(key=leaves.key, leaves=leaves.leaves, padding=leaves.padding) for leaves in contents.leaves]
    )


def _read_terms(contents: ProofContents, order: OrderFacts) -> tuple[Goods, Prices]:
    try:
        goods = msgspec.json.decode(contents.goods, type=Goods)
        prices = msgspec.json.decode(contents.prices, type=Prices)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise broken("terms", f"illisibles ({error})", f"unreadable ({error})", Check.TERMS) from error
    halves = (hashlib.sha256(half).digest() for half in (contents.goods, contents.prices))
    good = terms_hash(*halves) == order.leaf.terms_hash
    require(good, "terms", "ce ne sont pas les conditions citées", "these are not the cited terms", Check.TERMS)
    _check_subject(contents, order, goods, prices)
    return goods, prices


def _check_subject(contents: ProofContents, order: OrderFacts, goods: Goods, prices: Prices) -> None:
    """What the manifest says the proof is about is what was signed; names alone are the office's word."""
    told = contents.subject
    named = (told.order_id, told.order_number, told.seller_id, told.buyer_id)
    signed = (goods.order_id, goods.order_number, goods.seller_id, goods.buyer_id)
    require(
        named == signed and prices.order_id == goods.order_id, "manifest.json",
        "une autre commande que celle qui a été signée", "another order than the one that was signed", Check.TERMS,
    )  # fmt: skip
    ordered = {line.line_id: line.ordered for line in order.lines}
    require(
        ordered == {line.line_id: line.quantity for line in goods.lines}, "terms",
        "d’autres lignes que celles des conditions", "other lines than those of the terms", Check.TERMS,
    )  # fmt: skip


def _check_attachments(contents: ProofContents, finished: VisitFinished, said: VisitFacts) -> None:
    for sha256, payload in contents.attachments.items():
        good = hashlib.sha256(payload).hexdigest() == sha256
        require(good, f"attachments/{sha256}", "le contenu a changé", "its content changed", Check.ATTACHMENTS)
    demanded, present = set(demanded_attachments(finished, said)), set(contents.attachments)
    require(
        sorted(demanded - present) == list(contents.missing) and demanded >= present,
        "attachments",
        "une pièce manque sans être déclarée, ou est de trop",
        "one is missing without being declared, or is one too many",
        Check.ATTACHMENTS,
    )
    named = contents.purged <= set(contents.missing) and len(contents.purged) == len(contents.office.purged)
    require(
        named, "office.json", "une pièce purgée que rien n’a nommée", "a purged piece that nothing named",
        Check.ATTACHMENTS,
    )  # fmt: skip


def demanded_attachments(finished: VisitFinished, said: VisitFacts) -> Iterator[str]:
    """Yield the sha256 of everything that the signed event and the shown lines name."""
    yield from (sha256 for sha256 in (finished.signature_sha256, finished.picture_sha256) if sha256)
    for order in said.orders:
        for line in order.lines:
            yield from line.photos


def _check_office(contents: ProofContents, finished: VisitFinished) -> None:
    said = contents.office.consent
    same = not said or hashlib.sha256(said.encode()).hexdigest() == finished.consent_sha256
    require(same, "office.json", "une autre déclaration", "another statement", Check.OFFICE)


def _check_receipt(contents: ProofContents, envelope: Envelope) -> None:
    keys, body = contents.keys, contents.keys.receipt_body.encode()
    signature = bytes.fromhex(keys.receipt_signature)
    good = is_signed_by(bytes.fromhex(keys.receipt_key), "receipt", hashlib.sha256(body).digest(), signature)
    require(good, "keys.json", "le reçu du serveur ne tient pas", "the server's receipt does not hold", Check.RECEIPT)
    require(is_canonical(body), "keys.json", "reçu illisible", "unreadable receipt", Check.RECEIPT)
    require(
        _succeeds(contents), "keys.json", "la clé du reçu n’est pas celle du transporteur",
        "the receipt's key is not the carrier's", Check.RECEIPT,
    )  # fmt: skip
    try:
        receipt = keys.receipt
    except msgspec.DecodeError as error:
        raise broken("keys.json", "reçu illisible", "unreadable receipt", Check.RECEIPT) from error
    covers = receipt.device_id == envelope.device_id and receipt.last_seq >= envelope.seq
    same = receipt.last_seq > envelope.seq or receipt.head == contents.event.hash
    require(
        covers and same, "keys.json", "le reçu ne couvre pas cet événement",
        "the receipt does not cover this event", Check.RECEIPT,
    )  # fmt: skip


def _succeeds(contents: ProofContents) -> bool:
    """The receipt's key is the one that sealed, or endorsed it through the keys between."""
    keys = contents.keys
    first = KeyLink(public_key=keys.receipt_key, from_ms=min([link.from_ms for link in keys.succession], default=0))
    chain = (first, *keys.succession)
    return chain[-1].public_key == keys.server_key and follows(chain)
