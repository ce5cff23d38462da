"""Sealing an event on the tablet, and opening it wherever it arrives."""

from __future__ import annotations

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.canonical import canonical_bytes, is_canonical
from shared.disclosure import VisitTree
from shared.problems import Problem, Text
from shared.sealing import chain_hash, is_signed_by, sign
from shared.visit import leaf_groups, tree_of
from shared.visit_facts import UnreadableVisit
from shared.wire.event import SCHEMA, Envelope, SealedEvent, VisitFinished
from shared.wire.limits import MAX_EVENT_BYTES

VISIT = "visit.finished"
SIGNED_TYPES = frozenset({VISIT})


class BrokenSeal(Problem):
    """An event is not what was sealed."""

    slug = "broken-seal"
    title = Text("Sceau brisé", "Broken seal")


class UnknownSchema(BrokenSeal):
    """The event was written by a version that this one does not know."""

    slug = "unknown-schema"
    title = Text("Version d’événement inconnue", "Unknown event version")


def seal_event(envelope: Envelope, key: Ed25519PrivateKey, *, tree: VisitTree | None = None) -> SealedEvent:
    """Return the event in canonical bytes with its hash in the chain, its leaves beside it.

    A visit is signed and comes with the tree whose root it holds; other events have neither.

    Raises:
        BrokenSeal: a visit without its tree, a tree of another root, leaves beside another event, or too large.
        NotCanonical: the payload holds a float or another value without a canonical form.
    """
    _require_tree(envelope, tree)
    body = canonical_bytes(msgspec.to_builtins(envelope))
    _require(len(body) <= MAX_EVENT_BYTES, "body", "l’événement est trop long", "the event is too long")
    digest = chain_hash(bytes.fromhex(envelope.prev_hash), body)
    return SealedEvent(
        body=body.decode(),
        hash=digest.hex(),
        signature=sign(key, envelope.type, digest).hex() if envelope.type in SIGNED_TYPES else "",
        groups=leaf_groups(tree) if tree else (),
        group_padding=tuple(node.hex() for node in tree.padding) if tree else (),
    )


def open_event(sealed: SealedEvent, public_key: bytes | None = None) -> Envelope:
    """Return what a sealed event says, once everything in it agrees.

    Without ``public_key`` the signature is not checked; its presence on a visit is.

    Raises:
        BrokenSeal: body not canonical, hash or signature wrong, or leaves that do not lead to the signed root.
        UnknownSchema: the event's version is not this one's.
    """
    envelope = open_envelope(sealed, public_key)
    _require_tree(envelope, _tree(sealed))
    return envelope


def open_envelope(sealed: SealedEvent, public_key: bytes | None = None) -> Envelope:
    """Return what a sealed event says, its leaves left aside: a proof holds only some of them.

    Raises:
        BrokenSeal: body not canonical, or hash or signature wrong.
        UnknownSchema: the event's version is not this one's.
    """
    body = _body(sealed)
    envelope = _decode(body)
    digest = chain_hash(bytes.fromhex(envelope.prev_hash), body)
    _require(digest.hex() == sealed.hash, "hash", "l’empreinte ne correspond pas", "the hash does not match")
    is_signed = bool(sealed.signature)
    _require(is_signed or envelope.type not in SIGNED_TYPES, "signature", "il manque la signature", "it is not signed")
    if is_signed and public_key is not None:
        good = is_signed_by(public_key, envelope.type, digest, bytes.fromhex(sealed.signature))
        _require(good, "signature", "la signature n’est pas celle de l’appareil", "the signature is not the device's")
    return envelope


def visit_of(envelope: Envelope) -> VisitFinished:
    """Return the payload of a visit.

    Raises:
        BrokenSeal: the event is no visit, or its payload has another shape.
    """
    _require(envelope.type == VISIT, "type", "ce n’est pas une visite", "it is no visit")
    try:
        return msgspec.convert(envelope.payload, VisitFinished)
    except msgspec.ValidationError as error:
        raise _broken("payload", f"contenu inattendu ({error})", f"unexpected content ({error})") from error


def _body(sealed: SealedEvent) -> bytes:
    try:
        body = sealed.body.encode()
    except UnicodeEncodeError as error:
        raise _broken("body", "le texte contient un demi-caractère", "the text holds half a character") from error
    _require(len(body) <= MAX_EVENT_BYTES, "body", "l’événement est trop long", "the event is too long")
    _require(is_canonical(body), "body", "la forme n’est pas canonique", "the form is not canonical")
    return body


class _Version(msgspec.Struct):
    schema: int


def _decode(body: bytes) -> Envelope:
    try:
        _require_schema(msgspec.json.decode(body, type=_Version).schema)
        return msgspec.json.decode(body, type=Envelope)
    except msgspec.DecodeError as error:
        raise _broken("body", f"contenu inattendu ({error})", f"unexpected content ({error})") from error


def _require_schema(schema: int) -> None:
    if schema != SCHEMA:
        raise UnknownSchema(
            Text(
                f"La version {schema} de l’événement n’est pas connue ici\u00a0: mettre à jour.",
                f"The event’s version {schema} is not known here: update.",
            ),
            where="schema",
        )


def _tree(sealed: SealedEvent) -> VisitTree | None:
    if not sealed.groups and not sealed.group_padding:
        return None
    try:
        return tree_of(sealed.groups, sealed.group_padding)
    except UnreadableVisit as unreadable:
        raise BrokenSeal(unreadable.detail, where=unreadable.where) from unreadable


def _require_tree(envelope: Envelope, tree: VisitTree | None) -> None:
    if envelope.type != VISIT:
        _require(tree is None, "groups", "des feuilles sans visite", "leaves without a visit")
        return
    _require(tree is not None, "groups", "les feuilles manquent", "the leaves are missing")
    root = "" if tree is None else tree.root.hex()
    _require(envelope.payload.get("root") == root, "groups", "autre racine que signée", "root differs from the signed")


def _require(is_true: bool, where: str, reason_fr: str, reason_en: str) -> None:  # noqa: FBT001 - an assertion
    if not is_true:
        raise _broken(where, reason_fr, reason_en)


def _broken(where: str, reason_fr: str, reason_en: str) -> BrokenSeal:
    return BrokenSeal(
        Text(
            f"L’événement n’est pas tel que scellé\u00a0: {reason_fr}. Le renvoyer sans y toucher.",
            f"The event is not as it was sealed: {reason_en}. Send it again untouched.",
        ),
        where=where,
    )
