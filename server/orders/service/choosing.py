"""What each party may choose of an order: terms, days, prices (section 3; R001, R012, R013, R063, R074, C22)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from server.core.acting import acting_org
from server.core.problems import Forbidden, Text
from server.orders.model import DistributionMethod, LineKind, Order
from server.orders.service.between import OrderParties, sells
from server.orders.service.holding import is_seller_side
from server.orders.service.lines import BadOrder, OrderItem
from server.orders.service.rebates import Rebate
from server.parties import queries as parties
from server.parties.terms import ChosenTerms

HORIZON_DAYS: Final = 366
"""How far ahead of the seller's business day an order's day may be."""
_BILLING: Final = ("billing_type", "emission", "one_invoice_a_stop")


def require_choices(
    session: Session, named: OrderParties, distribution: DistributionMethod, *, chosen: ChosenTerms
) -> None:
    """Let the seller's side say how an order is billed, and its carrier too which paper goes along.

    Raises:
        Forbidden: the buyer chooses terms, or a carrier that does not bill chooses how the order is billed.

    Source: section 3 (set billing type; choose deliver_with), R001, R012, R013.
    """
    billing = [name for name in _BILLING if getattr(chosen, name) is not None]
    wanted = [*billing, "deliver_with"] if chosen.deliver_with is not None else billing
    if not wanted or sells(session, named, distribution):
        return
    if billing or acting_org(session) != named.carrier_id:
        raise Forbidden(
            Text(
                "Le vendeur et qui facture pour lui choisissent la facturation d’une commande; "
                "le distributeur, le document de livraison. Laisser ce champ vide\u00a0: l’entente décide.",
                "The seller and who bills for it choose how an order is billed; the distributor, the paper that "
                "goes along. Leave this field out: the agreement decides.",
            ),
            where=wanted[0],
        )


def require_days(
    session: Session,
    named: OrderParties,
    distribution: DistributionMethod,
    *,
    planned_on: date | None,
    wanted_on: date | None,
    at: datetime,
) -> None:
    """Accept a wanted day from anybody, and from the seller's side or the carrier the day that dates follow.

    A wish is from the seller's business day on; a planned day may be past, when the order is noted afterwards. Both
    are at most ``HORIZON_DAYS`` ahead.

    Raises:
        Forbidden: the buyer plans the day, on which due date and tax date would follow.
        BadOrder: a day is out of these bounds.

    Source: R074-R076 (the base of the due date is the carrier's planned delivery).
    """
    if planned_on is None and wanted_on is None:
        return
    may_plan = acting_org(session) == named.carrier_id or sells(session, named, distribution)
    if planned_on is not None and not may_plan:
        raise Forbidden(
            Text(
                "Le distributeur planifie le jour de livraison. Donner le jour souhaité («\u00a0wanted_on\u00a0»).",
                "The distributor plans the day of delivery. Give the wanted day (“wanted_on”).",
            ),
            where="planned_on",
        )
    if wanted_on is not None:
        require_wanted_day(session, seller_id=named.seller_id, wanted_on=wanted_on, at=at)
    last = _today(session, named.seller_id, at) + timedelta(days=HORIZON_DAYS)
    if planned_on is not None and planned_on > last:
        raise BadOrder(
            Text(
                f"Le jour prévu est au plus tard le {last}. En choisir un autre.",
                f"The planned day is {last} at the latest. Choose another.",
            ),
            where="planned_on",
        )


def require_wanted_day(session: Session, *, seller_id: UUID, wanted_on: date, at: datetime) -> None:
    """Accept a day from the seller's business day on, at most ``HORIZON_DAYS`` ahead.

    Raises:
        BadOrder: it is past, or too far ahead.
    """
    today = _today(session, seller_id, at)
    last = today + timedelta(days=HORIZON_DAYS)
    if not today <= wanted_on <= last:
        raise BadOrder(
            Text(
                f"Le jour souhaité va du {today} au {last}. En choisir un autre.",
                f"The wanted day is from {today} to {last}. Choose another.",
            ),
            where="wanted_on",
        )


def _today(session: Session, seller_id: UUID, at: datetime) -> date:
    return at.astimezone(parties.zone_of(session, org_id=seller_id)).date()


def has_own_terms(item: OrderItem) -> bool:
    """Say whether an item names a price, a discount or taxes of its own, as goods in words always do."""
    is_priced = item.unit_price is not None or bool(item.discount_cents) or item.tax_codes is not None
    return is_priced or not item.with_discounts or item.kind is not LineKind.GOODS


def require_plain_prices(
    session: Session, order: Order, *, items: Sequence[OrderItem], rebates: Sequence[Rebate]
) -> None:
    """Let a carrier that does not bill order at the seller's prices alone; ``order`` is new.

    Raises:
        Forbidden: it names a price, a discount, taxes or a charge, or leaves out taxes or deposits.

    Source: R063, C22.
    """
    relieved = bool(rebates) or order.document_discount_cents or not order.taxed or not order.with_deposits
    if (relieved or has_priced_items(items)) and not is_seller_side(session, order):
        raise prices_are_the_sellers(order)


def has_priced_items(items: Sequence[OrderItem]) -> bool:
    """Say whether one of the items that come to an order names terms of its own."""
    return any(has_own_terms(item) for item in items if item.line_id is None)


def prices_are_the_sellers(order: Order) -> Forbidden:
    """Return the refusal of who says a price without being of the seller's side.

    Source: R052, R062, R063, C22; section 3 (remove tax, deposit, discount: the distributor under agent billing).
    """
    return Forbidden(
        Text(
            "Seuls le vendeur et ses agents fixent ou retirent un prix, un rabais, une taxe ou une consigne. "
            "Le distributeur change les quantités et les articles du catalogue.",
            "Only the seller and its agents set or remove a price, a discount, a tax or a deposit. "
            "The distributor changes quantities and items of the catalogue.",
        ),
        where=order.number,
    )
