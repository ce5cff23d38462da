"""Whether the seller's warehouse covers an order (C9)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import ClassVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.catalog.model import ProductFormat
from server.core.problems import Problem, Text
from server.orders import queries
from server.orders.model import Order
from server.stock import queries as stock


class OutOfStock(Problem):
    """The warehouse does not cover what the order takes."""

    slug = "out-of-stock"
    status: ClassVar[int] = 409
    title = Text("Stock insuffisant", "Not enough stock")


def is_covered(session: Session, *, order: Order) -> bool:
    """Say whether stock less reservations covers the order; formats without limit always do.

    The session acts for the seller; the counted formats stay locked, so two orders cannot take the same stock. What is
    on a truck still counts, as do the orders that it carries.
    """
    wanted = Counter[UUID]()
    for line in order.lines:
        if line.format_id is not None:
            wanted[line.format_id] += line.quantity
    counted = lock_counted(session, format_ids=wanted.keys())
    if not counted:
        return True
    in_hand = stock.in_hand(session, format_ids=counted)
    reserved = queries.reserved(session, format_ids=counted)
    return all(wanted[one] <= in_hand.get(one, 0) - reserved.get(one, 0) for one in counted)


def lock_counted(session: Session, *, format_ids: Collection[UUID]) -> list[UUID]:
    """Lock those of the acting seller's formats that are counted until the transaction ends, and return them.

    In ascending order; who takes the stock of several orders locks what all of them take first.
    """
    counted = select(ProductFormat.id).where(ProductFormat.id.in_(format_ids), ProductFormat.unlimited.is_(False))
    return list(session.scalars(counted.order_by(ProductFormat.id).with_for_update()))


def require_cover(session: Session, order: Order) -> None:
    """Refuse an order that the warehouse does not cover.

    Raises:
        OutOfStock: at least one format is short.
    """
    if not is_covered(session, order=order):
        raise OutOfStock(
            Text(
                "Le stock ne couvre pas cette commande. Réduire les quantités ou recevoir du stock.",
                "The stock does not cover this order. Reduce the quantities or receive stock.",
            ),
            where=order.number,
        )
