"""Empties and money of a delivery that no tablet saw, as somebody reads them off a slip: what may be told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

import msgspec
from sqlalchemy.orm import Session

from server.billing.letterhead import letterhead
from server.billing.service import BilledOutside, UnknownContainer
from server.catalog.queries import ContainerOffer, offers_on
from server.core.acting import acting_for
from server.core.problems import Problem, Text
from server.delivery.model import Terms
from server.delivery.service import read_terms
from server.ledger.queries import balance_cents
from server.orders.model import Order
from server.orders.service import BadOrder
from server.parties.model import BillingType
from shared.delivery import DeliveredLine, preview_settlement
from shared.money import cash_rounding
from shared.visit import VisitCollection, VisitContainers


class MoreThanOwed(Problem):
    """More money is told than the customer owes its issuer with this delivery."""

    slug = "more-than-owed"
    status: ClassVar[int] = 422
    title = Text("Plus que ce qui est dû", "More than is owed")


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedEmpties:
    """So many empty containers of a class that came back."""

    class_id: UUID
    units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedMoney:
    """What was paid at the door; cash is rounded to five cents beside it, as a tablet does (T7)."""

    method: Literal["cash", "cheque"]
    amount_cents: int
    reference: str = ""


def empties_offered(session: Session, order: Order, *, on: date) -> tuple[ContainerOffer, ...]:
    """Return what may come back with an order: its carrier's and its seller's classes, at the deposits of the day."""
    return offers_on(session, {order.owner_id, order.carrier_id or order.owner_id}, on=on)


def containers_told(
    session: Session, order: Order, counted: Sequence[CountedEmpties], *, on: date
) -> tuple[VisitContainers, ...]:
    """Return the empties as a visit's are said: their owner, who credits them, and the deposit of the day.

    Raises:
        UnknownContainer: a class of neither the carrier nor the seller, or without a deposit on that day.
        BadOrder: a class is counted twice.

    Source: C30.
    """
    _require_once([one.class_id for one in counted], "containers")
    offers = {one.container.id: one for one in empties_offered(session, order, on=on)} if counted else {}
    return tuple(_container(order, offers.get(one.class_id), one) for one in counted if one.units)


def money_told(order: Order, received: Sequence[ReceivedMoney]) -> tuple[VisitCollection, ...]:
    """Return the money as a visit's is said: for the order's issuer.

    Raises:
        BilledOutside: the order is invoiced in its seller's own system, which takes the money.
        BadOrder: one way of paying is told twice.

    Source: C29, T7.
    """
    _require_once([one.method for one in received], "collections")
    if received and order.billing_type is BillingType.EXTERNAL:
        raise BilledOutside(
            Text(
                f"La commande {order.number} est facturée à l’externe\u00a0: l’argent s’inscrit dans le système du "
                "vendeur. Consigner la livraison sans lui.",
                f"Order {order.number} is invoiced outside: its money is recorded in the seller’s own system. "
                "Record the delivery without it.",
            ),
            where="collections",
        )
    return tuple(_collection(order, one) for one in received)


def require_owed(
    session: Session, order: Order, terms: Terms, lines: Sequence[DeliveredLine], told: Sequence[VisitCollection]
) -> None:
    """Refuse more money than the customer owes its issuer before this delivery, and for it.

    Raises:
        MoreThanOwed: a slip was misread, or the rest belongs to the account, where any payment is recorded.
    """
    if not told:
        return
    issuer_id = order.issuer_id or order.owner_id
    with acting_for(session, issuer_id):
        currency = letterhead(session, org_id=issuer_id).currency
        before = balance_cents(session, issuer_id=issuer_id, customer_id=order.buyer_id, currency=currency)
    if sum(one.amount_cents for one in told) > max(before, 0) + _comes_to(terms, lines):
        raise MoreThanOwed(
            Text(
                "C’est plus que ce que le client doit, cette livraison comprise. Revoir le montant; ce qui est payé en "
                "plus s’inscrit à son compte, par la comptabilité de qui facture.",
                "This is more than the client owes, this delivery included. Check the amount; what is paid beyond it "
                "is recorded on its account, by the accounting of who invoices.",
            ),
            where="collections",
        )


def _comes_to(terms: Terms, lines: Sequence[DeliveredLine]) -> int:
    """What the delivery adds to the account: its invoice, unless that stands already, and what is beyond the order."""
    goods, prices = read_terms(terms)
    preview = preview_settlement(msgspec.structs.replace(goods, deliver_with="invoice"), prices, lines)
    invoice = preview.invoice if prices.invoice_standing != "published" else None
    return sum(one.total_cents for one in (invoice, preview.supplement) if one is not None)


def _container(order: Order, offer: ContainerOffer | None, counted: CountedEmpties) -> VisitContainers:
    if offer is None:
        raise UnknownContainer(
            Text(
                "Ce contenant n’est ni au distributeur ni au fournisseur de la commande, ou n’a pas de consigne ce "
                "jour-là. Choisir dans la liste, ou compléter la table des consignes.",
                "This container is neither the distributor’s nor the supplier’s of the order, or has no deposit on "
                "that day. Choose from the list, or complete the table of deposits.",
            ),
            where="containers",
        )
    return VisitContainers(
        owner_id=str(offer.container.owner_id),
        creditor_id=str(_creditor(order, offer.container.owner_id)),
        container_class=offer.container.code,
        returned=counted.units,
        unit_cents=offer.unit_cents,
    )


def _creditor(order: Order, owner_id: UUID) -> UUID:
    """The owner credits if it invoices here; else the carrier, or the order's issuer where no carrier is named."""
    if owner_id == order.carrier_id or order.billing_type is BillingType.PLATFORM:
        return owner_id
    return order.carrier_id or order.issuer_id or order.owner_id


def _collection(order: Order, received: ReceivedMoney) -> VisitCollection:
    return VisitCollection(
        issuer_id=str(order.issuer_id or order.owner_id),
        method=received.method,
        amount_cents=received.amount_cents,
        rounding_cents=cash_rounding(received.amount_cents) if received.method == "cash" else 0,
        reference=received.reference,
    )


def _require_once(names: Sequence[object], where: str) -> None:
    if len(set(names)) != len(names):
        raise BadOrder(
            Text(
                "Chaque contenant et chaque façon de payer se dit une fois. Les additionner.",
                "Each container and each way of paying is told once. Add them up.",
            ),
            where=where,
        )
