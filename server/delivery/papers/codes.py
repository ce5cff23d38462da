"""Which order a paper's QR code names: the one place that reads it."""

from __future__ import annotations

import re
from typing import Final
from uuid import UUID

_UUID: Final = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_ORDER: Final = re.compile(rf"(?:[a-z]+://[^/?#]+)?(?:/[^?#]*)?/q/(?:commande|bon)/({_UUID})")
MAX_CODE: Final = 512


def order_of_code(text: str) -> UUID | None:
    """Return the order that a purchase order's or a delivery slip's code names, None of any other text.

    The office's address in the code is not looked at, and a code is a name, never a permission.
    """
    found = _ORDER.fullmatch(text) if len(text) <= MAX_CODE else None
    return UUID(found[1]) if found else None
