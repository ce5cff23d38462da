"""Small files for a machine without hands or camera."""

from __future__ import annotations

from functools import cache
from random import Random

from driver_app.actions.signing import Signing
from driver_app.strokes import draw_signing

_JPEG = b"\xff\xd8\xff\xe0rehearsed\x00"
_LONG_BYTES = 150_000  # more than one chunk
_SHARED = 4


@cache
def signing(name: str) -> Signing:
    """Return a signing; the same name signs the same each time."""
    return draw_signing(name, "commis")


def photo(random: Random) -> bytes:
    """Return a photo's bytes: now and then one that another stop has too, now and then one of several chunks."""
    if random.random() < 0.3:
        return _JPEG + bytes([random.randrange(_SHARED)]) * 900
    size = _LONG_BYTES if random.random() < 0.05 else random.randint(600, 3000)
    return _JPEG + random.randbytes(16) * (size // 16)
