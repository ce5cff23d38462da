"""A tablet's way in: a one-time code makes its key known, a signed challenge gets a token of 15 minutes."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from shared.wire.limits import Identifier, Kept, Long, PublicKey, Short, Signature


class _Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a tablet asks: a field that the office does not know is refused."""


class _Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What the office answers: a field that the tablet does not know is passed over."""


class EnrolRequest(_Request, frozen=True, kw_only=True):
    """``code`` is the QR code's 128 bits in hex; ``proof`` signs sha256(code ‖ public key) as kind ``enrol``."""

    code: Annotated[str, Meta(pattern=r"^[0-9a-f]{32}$(?!\n)")]
    public_key: PublicKey
    name: Kept
    proof: Signature


class Attestation(_Answer, frozen=True, kw_only=True):
    """The office's word that it enrolled a tablet, for the same office restored to before it did.

    It stands in an answer and in a request. ``body`` is canonical bytes that only the office reads; ``signature`` is
    its own, of their sha256 as ``enrolled``.
    """

    body: Long
    signature: Signature


class EnrolAnswer(_Answer, frozen=True, kw_only=True):
    """``server_key`` checks receipts from now on; ``attestation`` is kept for an office that lost the tablet."""

    device_id: Identifier
    carrier_id: Identifier
    carrier_name: Short
    driver_id: Identifier
    driver_name: Short
    server_key: PublicKey
    epoch: Short
    attestation: Attestation | None = None


class ChallengeRequest(_Request, frozen=True, kw_only=True):
    """Ask for a nonce to sign."""

    device_id: Identifier


class ChallengeAnswer(_Answer, frozen=True, kw_only=True):
    """``nonce`` is 32 random bytes in hex, good once and for a minute."""

    nonce: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$(?!\n)")]


class TokenRequest(_Request, frozen=True, kw_only=True, omit_defaults=True):
    """``signature`` signs sha256(nonce) as kind ``token``; ``attestation`` is for an office that refused without."""

    device_id: Identifier
    nonce: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$(?!\n)")]
    signature: Signature
    attestation: Attestation | None = None


class TokenAnswer(_Answer, frozen=True, kw_only=True):
    """A bearer token; offline work needs none."""

    token: Short
    expires_in_s: int
