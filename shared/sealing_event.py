"""Sealing an event on the tablet, and opening it wherever it arrives."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.canonical import canonical_bytes, is_canonical
from shared.disclosure import VisitTree
from shared.problems import Problem, Text
from shared.sealing import chain_hash, is_signed_by, sign
from shared.visit import leaf_groups, tree_of
from shared.visit_facts import UnreadableVisit
from shared.wire.event import SCHEMA, Envelope, LeafGroup, SealedEvent, VisitFinished
from shared.wire.limits import MAX_EVENT_BYTES

VISIT = "visit.finished"
SIGNED_TYPES = frozenset({VISIT})


class BrokenSeal(Problem):
    """An event is not what was sealed."""

    slug = "broken-seal"
    title = Text("Sceau brisé", "Broken seal")


class BrokenBeside(BrokenSeal):
    """What travels beside the chained bytes does not fit them: the signature, the leaves, their keys or padding.

    The chain does not cover these, so that this alone tells damage on the way; ``where`` is one of their fields.
    """


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
        BrokenBeside: a signature that is wrong or missing, or leaves that do not lead to the signed root.
        BrokenSeal: body not canonical, or hash wrong.
        UnknownSchema: the event's version is not this one's.
    """
    envelope = open_envelope(sealed, public_key)
    try:
        _require_tree(envelope, _tree(sealed))
        _require_keys(sealed.groups)
    except BrokenSeal as broken:
        raise BrokenBeside(broken.detail, where=broken.where) from broken
    return envelope


def open_envelope(sealed: SealedEvent, public_key: bytes | None = None) -> Envelope:
    """Return what a sealed event says, its leaves left aside: a proof holds only some of them.

    Raises:
        BrokenBeside: a signature that is wrong or missing.
        BrokenSeal: body not canonical, or hash wrong.
        UnknownSchema: the event's version is not this one's.
    """
    body = _body(sealed)
    envelope = _decode(body)
    digest = chain_hash(bytes.fromhex(envelope.prev_hash), body)
    _require(digest.hex() == sealed.hash, "hash", "l’empreinte ne correspond pas", "the hash does not match")
    _require_signature(sealed, envelope.type, digest, public_key)
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


def _require_signature(sealed: SealedEvent, kind: str, digest: bytes, public_key: bytes | None) -> None:
    if not sealed.signature:
        if kind in SIGNED_TYPES:
            raise BrokenBeside(_words("il manque la signature", "it is not signed"), where="signature")
    elif public_key is not None and not is_signed_by(public_key, kind, digest, bytes.fromhex(sealed.signature)):
        words = _words("la signature n’est pas celle de l’appareil", "the signature is not the device's")
        raise BrokenBeside(words, where="signature")


def _require_keys(groups: Sequence[LeafGroup]) -> None:
    """A group's key is not hashed: what its first leaf names is what it was sealed as."""
    for group in groups:
        kind, _, named = group.key.partition(":")
        if named and group.leaves:
            is_good = _named_by(group.leaves[0], kind) in {None, named}
            _require(is_good, "groups", "une clé contredit ses feuilles", "a key contradicts its leaves")


class _Named(msgspec.Struct):
    """Whose group a leaf stands in, by what it says itself."""

    order_id: str = ""
    owner_id: str = ""


def _named_by(leaf: str, kind: str) -> str | None:
    """Return the id that a leaf gives its group, None where it says none: what was sealed is read elsewhere."""
    try:
        said = msgspec.json.decode(leaf.encode(), type=_Named)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return None
    return (said.order_id if kind == "order" else said.owner_id) or None


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
    return BrokenSeal(_words(reason_fr, reason_en), where=where)


def _words(reason_fr: str, reason_en: str) -> Text:
    return Text(
        f"L’événement n’est pas tel que scellé\u00a0: {reason_fr}. Le renvoyer sans y toucher.",
        f"The event is not as it was sealed: {reason_en}. Send it again untouched.",
    )
