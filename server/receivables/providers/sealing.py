"""An issuer's secrets at its provider, sealed under a key that is derived and never stored."""

from __future__ import annotations

import secrets
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from server.core.keys import derived_secret
from server.core.problems import Problem, Text

_NONCE: Final = 12


class SealBroken(Problem):
    """A sealed secret does not open: the secrets folder is not the one under which it was sealed."""

    slug = "provider-seal-broken"
    status = 500
    title = Text("Clé de paiement illisible", "Unreadable payment key")


def seal(owner_id: UUID, purpose: str, secret: str) -> bytes:
    """Return a secret sealed for one issuer and purpose: another issuer's row, or another column, never opens it."""
    nonce = secrets.token_bytes(_NONCE)
    return nonce + _box(owner_id).encrypt(nonce, secret.encode(), purpose.encode())


def unseal(owner_id: UUID, purpose: str, sealed: bytes) -> str:
    """Return a sealed secret.

    Raises:
        SealBroken: it was sealed for another issuer or purpose, or under another root key.
    """
    try:
        return _box(owner_id).decrypt(sealed[:_NONCE], sealed[_NONCE:], purpose.encode()).decode()
    except InvalidTag as error:
        raise SealBroken(
            Text(
                "La clé du fournisseur de paiement ne s’ouvre plus. L’inscrire de nouveau.",
                "The payment provider’s key does not open any more. Enter it again.",
            )
        ) from error


def _box(owner_id: UUID) -> AESGCM:
    return AESGCM(derived_secret(f"payment-provider:{owner_id}"))
