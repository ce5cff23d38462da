"""Holding an order: acting for its seller, with its row locked and read again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import inspect
from sqlalchemy.orm import Session

from server.core.acting import acting_for, acting_org
from server.core.problems import Forbidden, Text
from server.orders.model import Order

_COLUMNS = [column.key for column in inspect(Order).column_attrs]


@contextmanager
def held(session: Session, order: Order) -> Iterator[Order]:
    """Lock the order for its seller inside the block; what was read of it before is read again."""
    with acting_for(session, order.owner_id):
        session.refresh(order, attribute_names=_COLUMNS, with_for_update=True)
        yield order


def refuse_buyer(session: Session, order: Order) -> None:
    """Refuse changes by the retailer in every state after creation.

    Raises:
        Forbidden: the buyer acts.

    Source: R045; the buyer asks through the order's chat (C13).
    """
    if acting_org(session) == order.buyer_id:
        raise Forbidden(
            Text(
                "Le détaillant ne modifie ni n’annule une commande. Le demander au vendeur dans le clavardage.",
                "A retailer neither changes nor cancels an order. Ask the seller in the order’s chat.",
            ),
            where=order.number,
        )
