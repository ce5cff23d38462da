"""An order's timeline: what happened, in words, readable by its parties (R053)."""

from __future__ import annotations

from typing import Final

from sqlalchemy.orm import Session

from server.core.gathering import write_later
from server.core.stamp import Stamp
from server.orders.model import Order, OrderEntry
from shared.ids import new_id
from shared.problems import Text

RESHARED: Final = "reshared"
TELLS_PRICES: Final = ("revised", RESHARED)
"""Entries whose first sentence alone may be read without prices (C29)."""


def enter(session: Session, order: Order, kind: str, text: Text, stamp: Stamp) -> None:
    """Write a new entry of the order's timeline; the session acts for the seller."""
    row = {
        **order.kin(), "id": new_id(), "order_id": order.id, "kind": kind, "text_fr": text.fr, "text_en": text.en,
        "by": stamp.by, "at": stamp.at,
    }  # fmt: skip
    write_later(session, OrderEntry, [row])
