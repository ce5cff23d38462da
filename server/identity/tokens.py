"""Secrets that callers carry; only their hash is kept."""

from __future__ import annotations

import hashlib
import secrets


def new_token() -> str:
    """Return 256 random bits as text."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """Return the sha256 under which a token is found; guessing 256 bits needs no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()
