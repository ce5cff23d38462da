"""Hash chain and signatures of what a tablet seals and a server acknowledges."""

from __future__ import annotations

import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

GENESIS = bytes(32)
DOMAIN = b"tournee/1/"


def chain_hash(prev_hash: bytes, body: bytes) -> bytes:
    """Return sha256(prev_hash ‖ canonical bytes): 32 bytes that fix an event and all before it."""
    return hashlib.sha256(prev_hash + body).digest()


def signed_bytes(kind: str, digest: bytes) -> bytes:
    """Return what Ed25519 signs: the domain, the record's kind and its sha256."""
    return DOMAIN + kind.encode() + digest


def sign(key: Ed25519PrivateKey, kind: str, digest: bytes) -> bytes:
    """Return the 64-byte signature of a 32-byte digest under its kind."""
    return key.sign(signed_bytes(kind, digest))


def is_signed_by(public_key: bytes, kind: str, digest: bytes, signature: bytes) -> bool:
    """Say whether ``signature`` is the key's over this kind and digest; malformed input is simply False."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, signed_bytes(kind, digest))
    except (InvalidSignature, ValueError):
        return False
    return True


def public_bytes(key: Ed25519PrivateKey) -> bytes:
    """Return the 32 raw bytes of the public key."""
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def key_id(public_key: bytes) -> str:
    """Return the short name of a key: the first 16 hex digits of its sha256."""
    return hashlib.sha256(public_key).hexdigest()[:16]
