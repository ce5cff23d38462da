"""Purchase order numbers: one counter for each seller and year."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from server.orders.model import OrderNumber
from shared.ids import new_id


def hold_numbers(session: Session, *, seller_id: UUID, year: int) -> None:
    """Lock the seller's counter of a year and count nothing; the session acts for the seller.

    For who makes many orders and locks what they take first: the counter comes before the goods, as it does for one.
    """
    none = insert(OrderNumber).values(id=new_id(), owner_id=seller_id, party_ids=[], year=year, last=0)
    index = [OrderNumber.owner_id, OrderNumber.year]
    session.execute(none.on_conflict_do_update(index_elements=index, set_={"last": OrderNumber.last}))


def next_number(session: Session, *, seller_id: UUID, code: str, year: int) -> str:
    """Return the seller's next number, e.g. ``BDB-C-2026-000001``; the session acts for the seller.

    The counter's row stays locked until the transaction ends, so numbers have no gaps.

    Source: R038.
    """
    first = insert(OrderNumber).values(id=new_id(), owner_id=seller_id, party_ids=[], year=year, last=1)
    counted = first.on_conflict_do_update(
        index_elements=[OrderNumber.owner_id, OrderNumber.year], set_={"last": OrderNumber.last + 1}
    ).returning(OrderNumber.last)
    last = session.execute(counted).scalar_one()
    return f"{code}-C-{year}-{last:06}"
