"""Taking taxes or deposits off an order, and putting them back (R052)."""

from __future__ import annotations

from typing import Final

from sqlalchemy.orm import Session

from server.core.problems import Conflict, Text
from server.core.stamp import Stamp
from server.fulfilment.service.by_hand import require_off_runs
from server.fulfilment.service.leaving import let_provisional_go
from server.fulfilment.service.orders import revise_order
from server.orders import service as orders
from server.orders.model import Order
from server.orders.service.holding import held, require_seen, require_seller_side
from shared.states import OrderState

_LEFT: Final = (OrderState.SHIPPED, OrderState.DELIVERED, OrderState.PARTLY_DELIVERED)


def relieve_order(
    session: Session,
    *,
    order: Order,
    taxed: bool,
    with_deposits: bool,
    stamp: Stamp,
    seen_revision: int | None = None,
) -> Order:
    """Take taxes or deposits off an order, or put them back; everything else stays as it is. It is logged.

    Of an order that has left, only taxes, until an invoice is published: its containers are out with their deposits. A
    provisional invoice that charged them is let go then; saying what stands lets nothing go. ``order.lines`` must be
    loaded; with ``seen_revision`` the order must still be as the caller read it.

    Raises:
        StaleOrder: it was changed since.
        RidesOnRun: a tablet has its terms; what will be signed there is billed.
        Conflict: an invoice stands, or deposits of an order that has left.
        Forbidden, BadOrder, TermsMismatch: as ``revise_order``, or neither the seller's side acts.

    Source: R052, T8, C22; ADR 0048.
    """
    require_seller_side(session, order)
    with held(session, order):  # what stays as it is, is what stands under the lock
        require_seen(session, order, seen_revision)
        items = [
            orders.OrderItem(line_id=line.id, quantity=line.quantity, discount_cents=line.discount_cents)
            for line in order.lines
        ]
    if order.state in _LEFT:
        return _of_taxes(session, order, taxed=taxed, with_deposits=with_deposits, stamp=stamp)
    return revise_order(
        session,
        order=order,
        stamp=stamp,
        items=items,
        document_discount_cents=order.document_discount_cents,
        rebates=orders.rebates_of(order),
        taxed=taxed,
        with_deposits=with_deposits,
    )


def _of_taxes(session: Session, order: Order, *, taxed: bool, with_deposits: bool, stamp: Stamp) -> Order:
    if with_deposits != order.with_deposits:
        raise Conflict(
            Text(
                f"Les contenants de la commande {order.number} sont partis\u00a0: ses consignes restent. "
                "Seules ses taxes s’enlèvent encore.",
                f"The containers of order {order.number} have left: its deposits stay. Only its taxes still come off.",
            ),
            where=order.number,
        )
    if taxed == order.taxed:
        return order
    require_off_runs(session, order)
    let_provisional_go(session, order, stamp=stamp)
    return orders.relieve_of_taxes(session, order=order, taxed=taxed, stamp=stamp)
