"""The terms by which a delivery is settled: those that it cites, as long as who bills the order bills by them."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from server.billing.queries import live_invoice
from server.billing.service.holding import issuing
from server.core.problems import Conflict, Text
from server.delivery.model import Delivery, Terms
from server.delivery.service import read_terms
from server.orders.model import Order
from server.parties.model import BillingType
from shared.wire.terms import Goods, Prices

_SAID: Final = {
    BillingType.PLATFORM: Text("par son vendeur sur la plateforme", "by its seller on the platform"),
    BillingType.EXTERNAL: Text("dans le système du vendeur", "in the seller’s own system"),
    BillingType.AGENT: Text("par un agent facturant", "by a billing agent"),
}
_ANOTHER_AGENT: Final = Text("par un autre agent", "by another agent")
_BILL_HERE: Final = Text(
    "Comparer avec ce qui fut signé, puis facturer ce qui fut livré, ou créditer la différence, depuis la page de la "
    "commande; ce qui la dépasse devient alors une commande supplémentaire.",
    "Compare with what was signed, then bill what was delivered, or credit the difference, from the order’s page; what "
    "is beyond it then becomes a supplementary order.",
)
_BILL_OUTSIDE: Final = Text(
    "Comparer avec ce qui fut signé, le facturer dans ce système, ce qui dépasse la commande compris, et inscrire la "
    "facture à la page de la commande.",
    "Compare with what was signed, bill it in that system, what is beyond the order included, and note the invoice on "
    "the order’s page.",
)


class IssuerChanged(Conflict):
    """Another bills the order now than by the terms that its delivery cites; who signed saw nothing of it."""

    slug = "issuer-changed"
    title = Text("Facturation changée depuis le départ", "Billing changed since the departure")


def agreed_for(order: Order, terms: Terms) -> tuple[Goods, Prices]:
    """Return what binds the settlement of an order's delivery: its goods and prices, as they were frozen.

    Raises:
        IssuerChanged: its billing was chosen anew since; a person bills it by hand.

    Source: R012, C28; ADR 0060.
    """
    goods, prices = read_terms(terms)
    if bills_otherwise(order, terms):
        raise _changed(order, BillingType(goods.billing_type))
    return goods, prices


def bills_otherwise(order: Order, terms: Terms) -> bool:
    """Say whether another bills an order now, or elsewhere, than the terms of its delivery name."""
    goods, _prices = read_terms(terms)
    return (goods.billing_type, goods.issuer_id) != (order.billing_type.value, str(order.issuer_id or order.owner_id))


def leaves_nothing_to_bill(
    session: Session, order: Order, terms: Terms, *, delivery: Delivery, before: Delivery | None = None
) -> bool:
    """Say whether another bills an order now and has nothing to decide of a delivery, or of a correction of ``before``.

    A correction of reasons bills nothing else, and where nobody accepted anything there is nothing to bill, unless an
    invoice stands. Lines must be loaded.

    Raises:
        NoIssuer, OrderChanged: as ``publish_for_order``.

    Source: C27; ADR 0060.
    """
    if not bills_otherwise(order, terms):
        return False
    if before is not None and _accepted(before) == _accepted(delivery):
        return True
    if _accepted(delivery):
        return False
    if order.billing_type is BillingType.EXTERNAL:
        return True
    with issuing(session, order):
        return live_invoice(session, order_id=order.id) is None


def _accepted(delivery: Delivery) -> dict[UUID, tuple[int, int]]:
    counted = {line.order_line_id: (line.delivered, line.extra) for line in delivery.lines}
    return {line_id: units for line_id, units in counted.items() if any(units)}


def _changed(order: Order, left: BillingType) -> IssuerChanged:
    before, now = _SAID[left], _SAID[order.billing_type]
    if left is order.billing_type:
        now = _ANOTHER_AGENT
    remedy = _BILL_OUTSIDE if order.billing_type is BillingType.EXTERNAL else _BILL_HERE
    return IssuerChanged(
        Text(
            f"La commande {order.number} était à facturer {before.fr} d’après les conditions de sa livraison, et l’est "
            f"maintenant {now.fr}\u00a0: rien de cette livraison n’est facturé ni crédité. {remedy.fr}",
            f"Order {order.number} was to be billed {before.en} by the terms of its delivery, and is now {now.en}: "
            f"nothing of this delivery is billed or credited. {remedy.en}",
        ),
        where=order.number,
    )
