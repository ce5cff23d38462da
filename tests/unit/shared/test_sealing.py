"""The chain, the signatures, and events that were touched on their way."""

import hashlib

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.canonical import NotCanonical, canonical_bytes
from shared.disclosure import seal_tree
from shared.sealing import GENESIS, chain_hash, is_signed_by, key_id, public_bytes, sign, signed_bytes
from shared.sealing_event import BrokenSeal, UnknownSchema, open_event, seal_event, visit_of
from shared.wire.event import SealedEvent
from tests.factories.visits import TABLET, make_departure, make_records, make_visit

KEY = public_bytes(TABLET)


def sealed_visit():
    envelope, tree = make_visit()
    return seal_event(envelope, TABLET, tree=tree)


def resealed(body):
    """The same signature key over another body, as a forger with the tablet's key alone could make it."""
    digest = chain_hash(GENESIS, body)
    return {"body": body.decode(), "hash": digest.hex(), "signature": sign(TABLET, "visit.finished", digest).hex()}


def test_a_hash_fixes_an_event_and_all_before_it():
    """G9: sha256(previous hash ‖ body)."""
    assert chain_hash(GENESIS, b"{}") == hashlib.sha256(bytes(32) + b"{}").digest()
    assert chain_hash(chain_hash(GENESIS, b"a"), b"b") != chain_hash(chain_hash(GENESIS, b"b"), b"a")


def test_a_signature_holds_for_its_kind_alone():
    """G9: what was signed as a receipt is no visit."""
    digest = hashlib.sha256(b"x").digest()
    signature = sign(TABLET, "receipt", digest)
    assert signed_bytes("receipt", digest) == b"tournee/1/receipt" + digest
    assert is_signed_by(KEY, "receipt", digest, signature)
    assert not is_signed_by(KEY, "visit.finished", digest, signature)
    assert not is_signed_by(KEY, "receipt", digest, signature[:-1])
    assert not is_signed_by(KEY[:-1], "receipt", digest, signature)


def test_a_key_is_named_by_its_hash():
    """G9: the name of a published key can be recomputed."""
    assert key_id(KEY) == hashlib.sha256(KEY).hexdigest()[:16]


def test_a_visit_opens_as_it_was_sealed():
    """R025: through the wire's JSON and back, body verbatim."""
    envelope, tree = make_visit()
    sent = msgspec.json.encode(seal_event(envelope, TABLET, tree=tree))
    received = msgspec.json.decode(sent, type=SealedEvent)
    assert open_event(received, KEY) == envelope
    assert visit_of(open_event(received)).signer_name == "Luce Tremblay"


def test_an_event_without_proof_is_chained_and_not_signed():
    """G9: the chain covers what no signature covers."""
    sealed = seal_event(make_departure(), TABLET)
    assert (sealed.signature, sealed.groups, sealed.group_padding) == ("", (), ())
    assert open_event(sealed, KEY).type == "run.departed"
    with pytest.raises(BrokenSeal):
        visit_of(open_event(sealed))


@pytest.mark.parametrize(
    "touched",
    [
        lambda sealed: {"body": sealed.body.replace("Luce", "Lucy")},
        lambda sealed: {"body": sealed.body + " "},
        lambda sealed: {"body": sealed.body.replace('{"boot_id"', '{ "boot_id"')},
        lambda sealed: {"body": "{"},
        lambda sealed: {"body": "\ud800"},
        lambda sealed: {"body": "x" * 70_000},
        lambda sealed: {"hash": "0" * 64},
        lambda sealed: {"signature": "0" * 128},
        lambda sealed: {"signature": ""},
        lambda sealed: {"groups": ()},
        lambda sealed: {"groups": sealed.groups[1:]},
        lambda sealed: {"groups": (), "group_padding": ()},
        lambda sealed: {"group_padding": sealed.group_padding[:-1]},
        lambda sealed: {"group_padding": ("0" * 64, *sealed.group_padding[1:])},
        lambda sealed: resealed(sealed.body.replace('"wall_ms":', '"wall_ns":').encode()),
        lambda sealed: resealed(sealed.body.replace('"plan_version":3', '"plan_version":"3"').encode()),
        lambda sealed: resealed(b'{"schema":1}'),
        lambda sealed: resealed(b"{}"),
    ],
)
def test_a_touched_event_is_found(touched):
    """G9: body, hash, signature, leaves and padding all hold together; the answer names the place."""
    sealed = sealed_visit()
    with pytest.raises(BrokenSeal) as refused:
        open_event(msgspec.structs.replace(sealed, **touched(sealed)), KEY)
    assert refused.value.where
    assert refused.value.detail.fr != refused.value.detail.en


def test_another_tablet_s_key_did_not_sign_it():
    """G9: the signature is checked against the device that the server knows."""
    stranger = public_bytes(Ed25519PrivateKey.from_private_bytes(bytes(32)))
    with pytest.raises(BrokenSeal) as refused:
        open_event(sealed_visit(), stranger)
    assert refused.value.where == "signature"


def test_a_later_version_is_told_apart_from_a_broken_seal():
    """A tablet newer than the server learns that the server must be updated."""
    envelope = make_departure()
    body = canonical_bytes(msgspec.to_builtins(envelope) | {"schema": 2, "news": "from tomorrow"})
    sealed = SealedEvent(body=body.decode(), hash=chain_hash(GENESIS, body).hex())
    with pytest.raises(UnknownSchema):
        open_event(sealed)


def test_leaves_travel_with_their_own_visit_only():
    """G9: neither a departure with leaves nor a visit without, nor with another's."""
    envelope, tree = make_visit()
    other = seal_tree(make_records())
    for wrong in ((make_departure(), tree), (envelope, None), (envelope, other)):
        with pytest.raises(BrokenSeal):
            seal_event(wrong[0], TABLET, tree=wrong[1])


def test_a_float_is_never_sealed():
    """G9: a value with several forms cannot be signed."""
    with pytest.raises(NotCanonical):
        seal_event(make_departure(payload={"km": 1.5}), TABLET)


def test_a_visit_of_another_shape_is_refused():
    """G9: what is signed and not understood is not applied."""
    envelope, tree = make_visit()
    odd = msgspec.structs.replace(envelope, payload=dict(envelope.payload, mood="good"))
    with pytest.raises(BrokenSeal, match="mood"):
        visit_of(open_event(seal_event(odd, TABLET, tree=tree), KEY))
