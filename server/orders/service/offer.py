"""What a buyer may order by itself: what it is offered, within its allocation and the maximum, at the seller's prices.

A seller goes beyond all of it: it is its own to give.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import ClassVar
from uuid import UUID

from sqlalchemy.orm import Session

from server.catalog.prices import offering, resolving
from server.core.problems import Forbidden, Problem, Text
from server.orders import queries
from server.orders.model import Order
from server.orders.service.choosing import has_own_terms
from server.orders.service.lines import OrderItem
from server.orders.service.rebates import Rebate


class NotOffered(Problem):
    """The seller does not offer this format to the buyer, or not any more."""

    slug = "not-offered"
    status: ClassVar[int] = 409
    title = Text("Produit non offert", "Product not offered")


class OverMaximum(Problem):
    """The buyer orders more of a format than one order may have."""

    slug = "over-maximum"
    status: ClassVar[int] = 409
    title = Text("Maximum par commande dépassé", "Over the maximum of one order")


class OverAllocation(Problem):
    """The buyer orders more of a scarce format than it was allocated."""

    slug = "over-allocation"
    status: ClassVar[int] = 409
    title = Text("Allocation dépassée", "Over the allocation")


def require_within_offer(
    session: Session, order: Order, *, items: Sequence[OrderItem], on: date, rebates: Sequence[Rebate] = ()
) -> None:
    """Refuse what the buyer may not order by itself; the session acts for the seller, ``order.lines`` are made.

    Raises:
        Forbidden: it names a price or a discount of its own, or leaves out taxes or deposits (C22).
        NotOffered: a format that the buyer is not shown.
        OverMaximum, OverAllocation: too much of a format.
    """
    _refuse_own_prices(order, items, rebates)
    wanted = Counter[UUID]()
    for item in items:
        if item.format_id is not None:  # goods in words have a price of their own, refused above
            wanted[item.format_id] += item.quantity
    _require_offered(session, order, wanted)
    _require_allocated(session, order, wanted, on)


def _refuse_own_prices(order: Order, items: Sequence[OrderItem], rebates: Sequence[Rebate]) -> None:
    relieved = bool(rebates) or order.document_discount_cents or not order.taxed or not order.with_deposits
    if relieved or any(has_own_terms(item) for item in items):
        raise Forbidden(
            Text(
                "L’acheteur commande aux prix, taxes et consignes du vendeur. "
                "En demander d’autres dans le clavardage de la commande.",
                "A buyer orders at the seller’s prices, taxes and deposits. Ask for others in the order’s chat.",
            ),
            where="items",
        )


def _require_offered(session: Session, order: Order, wanted: Counter[UUID]) -> None:
    offered = offering.offered_formats(
        session, seller_id=order.owner_id, buyer_id=order.buyer_id, format_ids=tuple(wanted)
    )
    for format_id, quantity in wanted.items():
        sold = offered.get(format_id)
        if sold is None:
            raise NotOffered(
                Text(
                    "Le vendeur ne vous offre pas ce format. Le retirer de la commande, ou lui écrire.",
                    "The seller does not offer you this format. Take it off the order, or write to them.",
                ),
                where=str(format_id),
            )
        if sold.max_an_order is not None and quantity > sold.max_an_order:
            raise OverMaximum(
                Text(
                    f"Une commande a {sold.max_an_order} «\u00a0{sold.name_fr}\u00a0» au plus.",
                    f"An order has {sold.max_an_order} “{sold.name_en}” at most.",
                ),
                where=str(format_id),
            )


def _require_allocated(session: Session, order: Order, wanted: Counter[UUID], on: date) -> None:
    allocations = resolving.allocations_for(
        session, seller_id=order.owner_id, buyer_id=order.buyer_id, format_ids=tuple(wanted), on=on
    )
    for format_id, allocation in sorted(allocations.items()):
        session.refresh(allocation, with_for_update=True)
        taken = queries.ordered_by(session, order=order, format_id=format_id, since=allocation.valid_from)
        left = max(0, allocation.quantity - taken)
        if wanted[format_id] > left:
            raise OverAllocation(
                Text(
                    f"Il vous reste {left} de {allocation.quantity} jusqu’au {allocation.valid_until}.",
                    f"You have {left} of {allocation.quantity} left until {allocation.valid_until}.",
                ),
                where=str(format_id),
            )
