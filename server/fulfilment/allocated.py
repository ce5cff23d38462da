"""What is left to a client of the scarce formats that it was allocated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from server.catalog.prices.offering import Offered
from server.core.acting import acting_for
from server.orders import queries as orders


def left_of_allocations(
    session: Session, *, seller_id: UUID, buyer_id: UUID, offered: Sequence[Offered]
) -> Mapping[UUID, int]:
    """Return what a client may still order of each allocated format, by format; others are absent.

    It is what an order is held to: the allocation without all that the client ordered since it began, never negative.
    """
    known = {one.sold.id: one.allocation for one in offered if one.allocation is not None}
    with acting_for(session, seller_id):
        taken = orders.ordered_since(
            session,
            seller_id=seller_id,
            buyer_id=buyer_id,
            since={format_id: one.valid_from for format_id, one in known.items()},
        )
    return {format_id: max(0, one.quantity - taken.get(format_id, 0)) for format_id, one in known.items()}
