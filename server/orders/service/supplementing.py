"""What a customer took beyond an order becomes an order of its own (R023)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Protocol
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from server.core import facts
from server.core.acting import acting_for
from server.core.stamp import Stamp
from server.orders import events
from server.orders.model import Order, OrderLine
from server.orders.pricing import reprice
from server.orders.service.lines import BadOrder
from server.orders.service.numbering import next_number
from server.orders.service.timeline import enter
from server.parties import queries as parties
from shared.ids import new_id
from shared.money import half_up_ratio
from shared.problems import Text
from shared.states import BillingState, OrderState
from shared.wire.terms import Goods, GoodsLine, PriceLine, Prices

_SAME: Final = (
    "buyer_id",
    "site_id",
    "carrier_id",
    "agent_id",
    "issuer_id",
    "agreement_id",
    "distribution",
    "billing_type",
    "emission",
    "deliver_with",
    "one_invoice_a_stop",
    "settlement_policy",
    "credit_threshold_cents",
    "agent_fee_bp",
    "net_days",
    "currency",
    "planned_on",
    "created_for_id",
)
_SAME_OF_LINE: Final = (
    "kind",
    "format_id",
    "description_fr",
    "description_en",
    "sales_unit",
    "container_class_id",
    "weight_g",
    "barcode",
)


class DeliveryMade(Protocol):
    """The delivery that brought more than was ordered."""

    @property
    def id(self) -> UUID:
        """Its identity: one delivery makes one supplement at most."""

    @property
    def delivered_at(self) -> datetime:
        """When it was accepted."""


def create_supplement(
    session: Session,
    *,
    order: Order,
    delivery: DeliveryMade,
    agreed: tuple[Goods, Prices],
    extras: Mapping[str, int],
    stamp: Stamp,
) -> Order:
    """Return the delivered, uninvoiced order of what was accepted beyond ``order``, by line id.

    Prices, discounts, taxes and deposits are the ``agreed`` terms', which the signer saw, whatever the order has become
    since; ``order.lines`` must be loaded. One delivery makes at most one: asking again returns the first.

    Raises:
        BadOrder: nothing extra, a negative quantity, or a line that is not of the terms.

    Source: R023, C21; its totals equal ``shared.pricing.price_extra``.
    """
    with acting_for(session, order.owner_id):
        if (known := _known(session, delivery.id)) is not None:
            return known
        supplement = _copy_of(session, order, delivery, stamp)
        supplement.lines = _extra_lines(supplement, order, agreed, extras)
        on = delivery.delivered_at.astimezone(parties.zone_of(session, org_id=order.owner_id)).date()
        _goods, prices = agreed
        supplement.taxed, supplement.with_deposits = bool(prices.taxes), True
        reprice(supplement, taxes=prices.taxes, on=on)
        session.add(supplement)
        session.flush()
        _tell(session, supplement, order, stamp)
    return supplement


def _known(session: Session, delivery_id: UUID) -> Order | None:
    made = select(Order).where(Order.supplement_of_delivery_id == delivery_id).options(selectinload(Order.lines))
    return session.scalars(made).one_or_none()


def _copy_of(session: Session, order: Order, delivery: DeliveryMade, stamp: Stamp) -> Order:
    seller = parties.organisation(session, org_id=order.owner_id)
    year = stamp.at.astimezone(parties.zone_of(session, org_id=seller.id)).year
    return Order(
        **order.kin(),
        **{name: getattr(order, name) for name in _SAME},
        id=new_id(),
        number=next_number(session, seller_id=seller.id, code=seller.code, year=year),
        state=OrderState.DELIVERED,
        billing_state=BillingState.UNINVOICED,
        created_by=stamp.by,
        created_by_org_id=order.carrier_id or order.owner_id,
        submitted_at=stamp.at,
        accepted_at=stamp.at,
        accepted_by_system=True,
        document_discount_cents=0,
        note="",  # the order's own stands on its own invoice
        delivered_at=delivery.delivered_at,
        supplement_of_id=order.id,
        supplement_of_delivery_id=delivery.id,
    )


def _extra_lines(
    supplement: Order, order: Order, agreed: tuple[Goods, Prices], extras: Mapping[str, int]
) -> list[OrderLine]:
    goods, prices = agreed
    wanted = {line_id: quantity for line_id, quantity in extras.items() if quantity}
    lines = [line for line in goods.lines if line.line_id in wanted]
    if not lines or len(lines) != len(wanted) or min(wanted.values()) < 0:
        raise BadOrder(
            Text(
                "Un supplément a au moins une ligne de la commande, en quantité positive.",
                "A supplement has at least one line of the order, in a positive quantity.",
            ),
            where="extras",
        )
    standing, priced = {str(line.id): line for line in order.lines}, {line.line_id: line for line in prices.lines}
    return [
        OrderLine(
            **supplement.kin(),
            **_as_ordered(line, standing.get(line.line_id)),
            **_as_priced(priced[line.line_id], standing.get(line.line_id)),
            id=new_id(),
            order_id=supplement.id,
            position=position,
            quantity=wanted[line.line_id],
            rebate_cents=0,
            discount_cents=half_up_ratio(priced[line.line_id].discount_cents * wanted[line.line_id], line.quantity),
        )
        for position, line in enumerate(lines, start=1)
    ]


def _as_ordered(agreed: GoodsLine, standing: OrderLine | None) -> dict[str, Any]:
    """What the goods are: as the order's line says, or in the terms' words when the order has lost it since."""
    if standing is not None:
        return {name: getattr(standing, name) for name in _SAME_OF_LINE}
    return {
        "description_fr": agreed.description_fr,
        "description_en": agreed.description_en,
        "sales_unit": agreed.unit,
        "barcode": agreed.barcode,
    }


def _as_priced(agreed: PriceLine, standing: OrderLine | None) -> dict[str, Any]:
    """What a unit costs; containers without a deposit are lent all the same."""
    price = Decimal(agreed.unit_price)
    columns: dict[str, Any] = {"unit_price": price, "tax_codes": list(agreed.tax_codes), "deposit_unit_cents": 0}
    columns["price_steps"] = []
    if standing is not None:
        columns |= {name: getattr(standing, name) for name in ("container_code", "containers_a_unit")}
        columns["price_steps"] = standing.price_steps if standing.unit_price == price else []
    for deposit in agreed.deposits[:1]:
        columns |= {
            "container_code": deposit.container_class,
            "containers_a_unit": deposit.containers,
            "deposit_unit_cents": deposit.unit_cents,
            "deposit_taxable": deposit.taxable,
        }
    return columns


def _tell(session: Session, supplement: Order, order: Order, stamp: Stamp) -> None:
    made = Text(f"Supplément de {order.number}.", f"Supplement of {order.number}.")
    enter(session, supplement, "supplement", made, stamp)
    linked = Text(f"Supplément créé\u00a0: {supplement.number}.", f"Supplement made: {supplement.number}.")
    enter(session, order, "supplemented", linked, stamp)
    facts.record(session, events.SUPPLEMENT_MADE, supplement.id, stamp, readers=tuple(supplement.party_ids))
