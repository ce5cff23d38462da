"""The office's keys over the years: who may seal when, how a new key follows an old one, and what was revoked.

The list is public and signed by its newest key, so that it can be held offline. Each key but the first is endorsed by
the one before: whoever trusts an old key can follow to a new one. A key list says nothing about what happened after it
was made, and an endorsement by a stolen key is worth nothing: after a theft, compare the fingerprint anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.canonical import canonical_bytes, is_canonical
from shared.problems import Problem, Text
from shared.sealing import is_signed_by, public_bytes, sign
from shared.wire.limits import Identifier, OptionalIdentifier, OptionalSignature, PublicKey, Signature

FORMAT: Final = "tournee-keys/1"
LIST_KIND: Final = "keys"
SUCCESSION_KIND: Final = "key"
MAX_KEYS: Final = 400
MAX_LIST_BYTES: Final = 4 * 1024 * 1024


class BrokenKeyList(Problem):
    """A key list that its newest key did not sign, or whose keys do not follow from each other."""

    slug = "broken-key-list"
    title = Text("Liste de clés altérée", "Altered key list")


class _Listed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Frozen, keyword-only, strict."""


class KeyLink(_Listed, frozen=True, kw_only=True):
    """A key and the former key's word for it.

    ``endorsement`` signs sha256 of canonical {from_ms, public_key} as kind ``key``; the first key has none.
    """

    public_key: PublicKey
    from_ms: int
    endorsement: OptionalSignature = ""

    @property
    def digest(self) -> bytes:
        """What the former key signs."""
        record = {"from_ms": self.from_ms, "public_key": self.public_key}
        return hashlib.sha256(canonical_bytes(record)).digest()


class ServerKey(_Listed, frozen=True, kw_only=True):
    """One of the office's keys. It seals from ``from_ms`` on, until ``until_ms`` (0: still), Unix milliseconds.

    ``revoked_ms`` is not 0 when it may be in somebody else's hands: what it sealed proves nothing by itself.
    """

    link: KeyLink
    until_ms: int = 0
    revoked_ms: int = 0


class RevokedDevice(_Listed, frozen=True, kw_only=True):
    """A tablet that is not trusted any more: what the office received from ``revoked_ms`` on is in doubt."""

    device_id: Identifier
    public_key: PublicKey
    revoked_ms: int


class KeyList(_Listed, frozen=True, kw_only=True):
    """What an office publishes, oldest key first. ``carrier_id`` is empty where no carrier's tablets are listed."""

    format: str
    issued_ms: int
    carrier_id: OptionalIdentifier
    server_keys: tuple[ServerKey, ...]
    revoked_devices: tuple[RevokedDevice, ...]

    def find(self, public_key: str) -> ServerKey | None:
        """Return the office's key of these 64 hex digits, or None."""
        return next((one for one in self.server_keys if one.link.public_key == public_key), None)

    def revocation_of(self, device_key: str) -> RevokedDevice | None:
        """Return when this tablet's key was revoked, or None."""
        return next((one for one in self.revoked_devices if one.public_key == device_key), None)


class SignedKeyList(_Listed, frozen=True, kw_only=True):
    """The list as it is published: ``body`` is canonical bytes, signed by its newest key as kind ``keys``."""

    body: str
    signature: Signature


def endorse(link: KeyLink, former: Ed25519PrivateKey) -> KeyLink:
    """Return the link with the former key's word for it."""
    return msgspec.structs.replace(link, endorsement=sign(former, SUCCESSION_KIND, link.digest).hex())


def sign_list(listed: KeyList, key: Ed25519PrivateKey) -> bytes:
    """Return the published file; ``key`` is the newest of the list.

    Raises:
        BrokenKeyList: it is another key.
    """
    _require(listed.server_keys[-1].link.public_key == public_bytes(key).hex(), "server_keys")
    body = canonical_bytes(msgspec.to_builtins(listed))
    signature = sign(key, LIST_KIND, hashlib.sha256(body).digest()).hex()
    return canonical_bytes(msgspec.to_builtins(SignedKeyList(body=body.decode(), signature=signature)))


def read_list(payload: bytes, *, anchor: str | None = None) -> KeyList:
    """Return a published list once its signature and every endorsement hold.

    ``anchor`` is a key that the reader already trusts, 64 hex digits: the list must contain it. Without one, the list
    shows only that its newest key made it.

    Raises:
        BrokenKeyList: naming what does not hold.
    """
    _require(len(payload) <= MAX_LIST_BYTES and is_canonical(payload), "form")
    try:
        signed = msgspec.json.decode(payload, type=SignedKeyList)
        body = signed.body.encode()
        listed = msgspec.json.decode(body, type=KeyList)
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        raise _broken("form") from error
    _require(is_canonical(body) and listed.format == FORMAT, "form")
    _require(1 <= len(listed.server_keys) <= MAX_KEYS, "server_keys")
    newest = bytes.fromhex(listed.server_keys[-1].link.public_key)
    digest = hashlib.sha256(body).digest()
    _require(is_signed_by(newest, LIST_KIND, digest, bytes.fromhex(signed.signature)), "signature")
    _require(follows([one.link for one in listed.server_keys]), "server_keys")
    _require(anchor is None or listed.find(anchor) is not None, "anchor")
    return listed


def follows(links: Sequence[KeyLink]) -> bool:
    """Say whether each key is endorsed by the one before and starts no earlier."""
    return all(
        before.from_ms <= after.from_ms
        and is_signed_by(
            bytes.fromhex(before.public_key), SUCCESSION_KIND, after.digest, bytes.fromhex(after.endorsement)
        )
        for before, after in pairwise(links)
    )


def links_between(links: Sequence[KeyLink], old: str, new: str) -> tuple[KeyLink, ...]:
    """Return the links behind ``old`` up to ``new``, both 64 hex digits; nothing where they are the same key.

    Raises:
        KeyError: one of them is not there, or ``new`` is the older.
    """
    names = [link.public_key for link in links]
    if old not in names or new not in names or names.index(old) > names.index(new):
        raise KeyError(new)
    return tuple(links[names.index(old) + 1 : names.index(new) + 1])


def _require(holds: bool, where: str) -> None:  # noqa: FBT001  # reads as a sentence
    if not holds:
        raise _broken(where)


def _broken(where: str) -> BrokenKeyList:
    return BrokenKeyList(
        Text(
            "La liste de clés n’est pas celle du transporteur, ou elle a changé. Prenez-la de nouveau à son adresse "
            "publique.",
            "The key list is not the carrier’s, or it changed. Take it again from its public address.",
        ),
        where=where,
    )
