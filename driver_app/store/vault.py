"""Encryption of what the store holds about people: the file alone tells a thief nothing."""

from __future__ import annotations

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.problems import Problem, Text

KEY_BYTES = 32
_NONCE_BYTES = 12


class Unreadable(Problem):
    """A stored row does not open: another key, or bytes that changed on the flash."""

    slug = "tablet-row-unreadable"
    title = Text("Donnée illisible sur la tablette", "Unreadable record on the tablet")


class Vault:
    """AES-256-GCM under a key that the platform keeps. ``place`` ties a value to its row."""

    def __init__(self, key: bytes) -> None:
        """Take the 32-byte key."""
        self._cipher = AESGCM(key)

    def close(self, plain: bytes, place: str) -> bytes:
        """Return nonce ‖ ciphertext, good for ``place`` alone."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, place.encode())

    def open(self, sealed: bytes, place: str) -> bytes:
        """Return the plain bytes.

        Raises:
            Unreadable: the key, the place or the bytes are not those of the writing.
        """
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], place.encode())
        except (InvalidTag, ValueError) as error:
            raise Unreadable(
                Text(
                    "Cette donnée ne s’ouvre plus. Exportez le diagnostic et appelez le répartiteur.",
                    "This record no longer opens. Export the diagnostic and call the dispatcher.",
                ),
                where=place,
            ) from error
