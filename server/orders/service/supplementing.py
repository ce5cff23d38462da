"""What a customer took beyond an order becomes an order of its own (R023)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from server.core import facts
from server.core.acting import acting_for
from server.core.stamp import Stamp
from server.orders import events
from server.orders.model import Order, OrderLine
from server.orders.pricing import reprice
from server.orders.service.lines import BadOrder, tax_rules_for
from server.orders.service.numbering import next_number
from server.orders.service.timeline import enter
from server.parties import queries as parties
from shared.ids import new_id
from shared.money import half_up_ratio
from shared.problems import Text
from shared.states import BillingState, OrderState

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
    "settlement_policy",
    "credit_threshold_cents",
    "net_days",
    "currency",
    "taxed",
    "with_deposits",
    "planned_on",
    "created_for_id",
)
_SAME_OF_LINE: Final = (
    "kind",
    "format_id",
    "description_fr",
    "description_en",
    "sales_unit",
    "unit_price",
    "price_steps",
    "tax_codes",
    "container_class_id",
    "container_code",
    "containers_a_unit",
    "deposit_unit_cents",
    "deposit_taxable",
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
    session: Session, *, order: Order, delivery: DeliveryMade, extras: Mapping[str, int], stamp: Stamp
) -> Order:
    """Return the delivered, uninvoiced order of what was accepted beyond ``order``, by line id.

    Prices, taxes and deposits are the order's own; ``order.lines`` must be loaded. One delivery makes at most one:
    asking again returns the first.

    Raises:
        BadOrder: nothing extra, a negative quantity, or a line that is not the order's.

    Source: R023, C21; its totals equal ``shared.pricing.price_extra``.
    """
    with acting_for(session, order.owner_id):
        if (known := _known(session, delivery.id)) is not None:
            return known
        supplement = _copy_of(session, order, delivery, stamp)
        supplement.lines = _extra_lines(supplement, order, extras)
        on = delivery.delivered_at.astimezone(parties.zone_of(session, org_id=order.owner_id)).date()
        taxes = tax_rules_for(session, issuer_id=order.issuer_id or order.owner_id, on=on)
        reprice(supplement, taxes=taxes, on=on)
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
        delivered_at=delivery.delivered_at,
        supplement_of_id=order.id,
        supplement_of_delivery_id=delivery.id,
    )


def _extra_lines(supplement: Order, order: Order, extras: Mapping[str, int]) -> list[OrderLine]:
    wanted = {str(line_id): quantity for line_id, quantity in extras.items() if quantity}
    lines = [line for line in order.lines if str(line.id) in wanted]
    if not lines or len(lines) != len(wanted) or min(wanted.values()) < 0:
        raise BadOrder(
            Text(
                "Un supplément a au moins une ligne de la commande, en quantité positive.",
                "A supplement has at least one line of the order, in a positive quantity.",
            ),
            where="extras",
        )
    return [
        OrderLine(
            **supplement.kin(),
            **{name: getattr(line, name) for name in _SAME_OF_LINE},
            id=new_id(),
            order_id=supplement.id,
            position=position,
            quantity=wanted[str(line.id)],
            rebate_cents=0,
            discount_cents=half_up_ratio(line.less_cents * wanted[str(line.id)], line.quantity),
        )
        for position, line in enumerate(lines, start=1)
    ]


def _tell(session: Session, supplement: Order, order: Order, stamp: Stamp) -> None:
    made = Text(f"Supplément de {order.number}.", f"Supplement of {order.number}.")
    enter(session, supplement, "supplement", made, stamp)
    linked = Text(f"Supplément créé\u00a0: {supplement.number}.", f"Supplement made: {supplement.number}.")
    enter(session, order, "supplemented", linked, stamp)
    facts.record(session, events.SUPPLEMENT_MADE, supplement.id, stamp, readers=tuple(supplement.party_ids))
