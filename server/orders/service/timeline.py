"""An order's timeline: what happened, in words, readable by its parties (R053)."""

from __future__ import annotations

from sqlalchemy.orm import Session

from server.core.stamp import Stamp
from server.orders.model import Order, OrderEntry
from shared.problems import Text


def enter(session: Session, order: Order, kind: str, text: Text, stamp: Stamp) -> OrderEntry:
    """Return a new entry of the order's timeline; the session acts for the seller."""
    entry = OrderEntry(
        **order.kin(), order_id=order.id, kind=kind, text_fr=text.fr, text_en=text.en, by=stamp.by, at=stamp.at
    )
    session.add(entry)
    return entry
