"""Holding an order: acting for its seller, with its row locked and read again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import inspect
from sqlalchemy.orm import Session

from server.core.acting import acting_for, acting_org
from server.core.problems import Forbidden, Text
from server.orders.model import Order
from server.parties.model import Agreement

_COLUMNS = [column.key for column in inspect(Order).column_attrs]


@contextmanager
def held(session: Session, order: Order) -> Iterator[Order]:
    """Lock the order for its seller inside the block; what was read of it before is read again."""
    with acting_for(session, order.owner_id):
        session.refresh(order, attribute_names=_COLUMNS, with_for_update=True)
        yield order


def require_seller_side(session: Session, order: Order) -> None:
    """Let the seller, its agent or its billing agent decide, and nobody else.

    Raises:
        Forbidden: the buyer acts (R045), or a carrier that does not bill for the seller.

    Source: section 3 (accept, reject, restore, cancel: the distributor only if agreed).
    """
    refuse_buyer(session, order)
    me = acting_org(session)
    if me in {order.owner_id, order.agent_id, order.issuer_id}:
        return
    with acting_for(session, order.owner_id):
        agreement = session.get(Agreement, order.agreement_id) if order.agreement_id else None
    if agreement is None or agreement.billing_agent_id != me:
        raise Forbidden(
            Text(
                "Seuls le vendeur et ses agents répondent à cette commande.",
                "Only the seller and its agents answer this order.",
            ),
            where=order.number,
        )


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
