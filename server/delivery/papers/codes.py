"""Which order a scanned paper's QR code names."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from shared.codes import PaperKind, UnreadableCode, read_paper_code

_OF_ORDERS: Final = frozenset({PaperKind.PURCHASE_ORDER, PaperKind.DELIVERY_SLIP})


def order_of_code(text: str) -> UUID | None:
    """Return the order that a purchase order's or a delivery slip's code names, None of any other text.

    A code is a name, never a permission: whoever matches by it asks whether the reader may see that order.
    """
    try:
        code = read_paper_code(text)
    except UnreadableCode:
        return None
    return code.subject_id if code.kind in _OF_ORDERS else None
