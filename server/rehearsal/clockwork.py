"""One time and one chance for both sides: virtual milliseconds, and every random byte from one seed."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from random import Random

import driver_app.store.vault
import driver_app.tablet
import server.core.clock
import server.identity.service.devices
import server.identity.tokens
import shared.disclosure
import shared.ids
from server.rehearsal.patches import Patch, patched

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
_MAKE_SECRETS = (
    shared.ids,
    shared.disclosure,
    driver_app.tablet,
    driver_app.store.vault,
    server.identity.tokens,
    server.identity.service.devices,
)


class WorldTime:
    """The true time, which only moves when somebody does something."""

    def __init__(self, now_ms: int) -> None:
        """Start at a Unix time in milliseconds."""
        self.now_ms = now_ms

    def advance(self, duration_ms: int) -> None:
        """Let time pass."""
        self.now_ms += duration_ms

    def instant(self) -> datetime:
        """Return the true time as the office reads it."""
        return datetime.fromtimestamp(self.now_ms / 1000, UTC)

    def time_ns(self) -> int:
        """Return the true time as identifiers hold it."""
        return self.now_ms * 1_000_000


class SeededSecrets:
    """Stands in for the module ``secrets``: the same seed gives the same keys, salts, nonces and identifiers."""

    def __init__(self, seed: str) -> None:
        """Begin the sequence of ``seed``."""
        self._random = Random(seed)

    def randbits(self, bits: int) -> int:
        """Return as ``secrets.randbits``."""
        return self._random.getrandbits(bits)

    def token_bytes(self, count: int = 32) -> bytes:
        """Return as ``secrets.token_bytes``."""
        return self._random.randbytes(count)

    def token_hex(self, count: int = 32) -> str:
        """Return as ``secrets.token_hex``."""
        return self._random.randbytes(count).hex()

    def token_urlsafe(self, count: int = 32) -> str:
        """Return as ``secrets.token_urlsafe``."""
        return base64.urlsafe_b64encode(self._random.randbytes(count)).rstrip(b"=").decode()


@contextmanager
def under(time: WorldTime, seed: str) -> Iterator[None]:
    """Let both sides live under ``time`` and take their random bytes from ``seed`` inside the block."""
    secrets = SeededSecrets(seed)
    patches = [Patch(module, "secrets", secrets) for module in _MAKE_SECRETS]
    patches += [Patch(shared.ids, "time", time), Patch(server.core.clock, "now", time.instant)]
    with patched(patches):
        yield
