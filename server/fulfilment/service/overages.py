"""What was accepted beyond an order: one supplementary order stands, or none, whatever corrections say."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from server.billing.service import agreed_beside, publish_beyond, void_supplement
from server.core.acting import acting_for
from server.core.stamp import Stamp
from server.delivery.model import Delivery, Terms
from server.delivery.queries import revisions_of
from server.delivery.service import read_terms
from server.fulfilment.issued import Issued
from server.orders.model import Order
from server.orders.queries import supplements_standing
from server.orders.service import create_supplement, withdraw_supplement
from shared.wire.terms import Goods, Prices


def supply(session: Session, *, delivery: Delivery, order: Order, terms: Terms, stamp: Stamp) -> Iterator[Issued]:
    """Make the order of what was accepted beyond another, and its invoice where emission is automatic.

    It costs what the cited ``terms`` say. Nothing beyond makes nothing.

    Source: R005, R023, R041.
    """
    yield from _supply(session, delivery, order, read_terms(terms), stamp, place_id=delivery.visit_id)


def _supply(
    session: Session,
    delivery: Delivery,
    order: Order,
    agreed: tuple[Goods, Prices],
    stamp: Stamp,
    *,
    place_id: UUID | None,
) -> Iterator[Issued]:
    extras = _extras(delivery)
    if not extras:
        return
    made = create_supplement(session, order=order, delivery=delivery, agreed=agreed, extras=extras, stamp=stamp)
    yield Issued(order.id, made)
    invoice = publish_beyond(
        session,
        supplement=made,
        agreed=agreed[1],
        delivered_at=delivery.delivered_at,
        place_id=place_id,
        stamp=stamp,
    )
    if invoice is not None:
        yield Issued(order.id, invoice)


def replace_supplements(
    session: Session, *, before: Delivery, delivery: Delivery, order: Order, terms: Terms, stamp: Stamp
) -> Iterator[Issued]:
    """Withdraw the order of a former overage, its invoice voided, and make the one of the corrected overage.

    An equal overage leaves everything as it is. One of which a signer saw the amounts costs what was shown; any other
    bears the taxes of the order's invoice, if one stands. Its invoice is of the first visit's, as the order's is (C15).
    Yields the credit of a voided invoice, the new order and its invoice.

    Source: R023, R052; C6, C15; law 19; ADR 0048.
    """
    if _extras(delivery) == _extras(before):
        return
    for supplement in standing_supplements(session, order):
        credit = void_supplement(session, supplement=supplement, stamp=stamp)
        withdraw_supplement(session, supplement=supplement, stamp=stamp)
        if credit is not None:
            yield Issued(supplement.id, credit)
    agreed = read_terms(terms)
    if delivery.shown == "none":
        agreed = agreed_beside(session, order=order, agreed=agreed, delivered_at=delivery.delivered_at)
    first, _correction = revisions_of(session, before)[0]
    yield from _supply(session, delivery, order, agreed, stamp, place_id=first.visit_id)


def supply_unsettled(session: Session, *, delivery: Delivery, order: Order, terms: Terms, stamp: Stamp) -> None:
    """Make the order of what was accepted beyond one that is billed by hand, unless its settlement made it.

    A refused settlement made none. It costs what the cited ``terms`` say, under the taxes of the order's invoice, and
    is invoiced where emission is automatic; its goods moved with the delivery. ``order.lines`` are loaded.

    Source: R003, R023; C28; law 19; ADR 0060.
    """
    if not _extras(delivery) or standing_supplements(session, order):
        return
    agreed = agreed_beside(session, order=order, agreed=read_terms(terms), delivered_at=delivery.delivered_at)
    deque(_supply(session, delivery, order, agreed, stamp, place_id=None), maxlen=0)


def _extras(delivery: Delivery) -> dict[str, int]:
    return {str(line.order_line_id): line.extra for line in delivery.lines if line.extra}


def standing_supplements(session: Session, order: Order) -> Sequence[Order]:
    """Return the orders of what was accepted beyond another that stand, with their lines, by number."""
    with acting_for(session, order.owner_id):
        return supplements_standing(session, order_id=order.id)
