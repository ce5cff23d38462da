"""Passwords: argon2id, and never more at once than the machine can bear."""

from __future__ import annotations

from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from server.core.problems import Problem, Text

SHORTEST = 10
LONGEST = 200
_hasher = PasswordHasher(2, 19456, 1)
_turns = BoundedSemaphore(2)
_NOBODYS = _hasher.hash("nobody’s password")


class WeakPassword(Problem):
    """A password of the wrong length."""

    slug = "weak-password"
    title = Text("Mot de passe à changer", "Change the password")


def hash_password(password: str) -> str:
    """Return the argon2id hash that is kept instead of the password; takes tens of milliseconds.

    Raises:
        WeakPassword: shorter than ``SHORTEST`` or longer than ``LONGEST`` characters.

    Source: OWASP Password Storage (19 MiB, 2 passes, 1 lane).
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise WeakPassword(
            Text(
                f"Il faut de {SHORTEST} à {LONGEST} caractères.",
                f"It takes from {SHORTEST} to {LONGEST} characters.",
            ),
            where="password",
        )
    with _turns:
        return _hasher.hash(password)


def is_password(password_hash: str | None, password: str) -> bool:
    """Say whether the password fits; an unknown account takes as long as a known one."""
    try:
        with _turns:
            _hasher.verify(password_hash or _NOBODYS, password[:LONGEST])
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None
