"""Orders are made by whoever makes them, accepted by their group or by hand."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from server.billing.service import publish_pending
from server.catalog.model import Product, ProductFormat
from server.core.acting import acting_for
from server.core.stamp import Stamp
from server.core.transaction import transaction
from server.example.cast import CARRIER_ID, ORDERED_AT, RUN_DAY, org_id, retailer_code
from server.example.catalogue import ITEMS
from server.example.orders import WantedOrder
from server.fulfilment.service.orders import accept_order, submit_order
from server.orders import service as orders
from server.orders.model import Order
from server.parties.model import Site
from shared.states import OrderState

_STAMP: Final = Stamp(by=None, at=ORDERED_AT)


def place_order(wanted: WantedOrder) -> None:
    """Make an order, submit it, and accept it by hand where its group does not; one that is there goes on."""
    seller_id, buyer_id = org_id(wanted.supplier), org_id(retailer_code(wanted.place.name))
    makers = {"retailer": buyer_id, "supplier": seller_id, "distributor": CARRIER_ID}
    with transaction(acting=makers[wanted.maker]) as session:
        if _standing(session, seller_id, buyer_id) is None:
            order = _create(session, wanted, seller_id, buyer_id)
            submit_order(session, order=order, stamp=_STAMP)
            publish_pending(session, stamp=_STAMP)
    with transaction(acting=seller_id) as session:
        made = _standing(session, seller_id, buyer_id)
        if made is not None and made.state is OrderState.PENDING:
            accept_order(session, order=made, stamp=_STAMP)
            publish_pending(session, stamp=_STAMP)


def _create(session: Session, wanted: WantedOrder, seller_id: UUID, buyer_id: UUID) -> Order:
    formats = formats_of(wanted.supplier)
    return orders.create_order(
        session,
        parties_of=orders.OrderParties(
            seller_id=seller_id, buyer_id=buyer_id, site_id=_site_of(session, buyer_id), carrier_id=CARRIER_ID
        ),
        items=[
            orders.OrderItem(format_id=formats[line.item], quantity=line.quantity, discount_cents=line.discount_cents)
            for line in wanted.lines
        ],
        document_discount_cents=wanted.document_discount_cents,
        planned_on=None if wanted.maker == "retailer" else RUN_DAY,
        wanted_on=RUN_DAY if wanted.maker == "retailer" else None,  # the cycle plans it once it is accepted
        stamp=_STAMP,
    )


def _standing(session: Session, seller_id: UUID, buyer_id: UUID) -> Order | None:
    return session.scalars(
        select(Order)
        .where(
            Order.owner_id == seller_id,
            Order.buyer_id == buyer_id,
            (Order.planned_on == RUN_DAY) | (Order.wanted_on == RUN_DAY),
            Order.supplement_of_id.is_(None),
        )
        .options(selectinload(Order.lines))
    ).one_or_none()


def _site_of(session: Session, buyer_id: UUID) -> UUID:
    with acting_for(session, buyer_id):
        return session.scalars(select(Site.id).where(Site.owner_id == buyer_id)).one()


def formats_of(supplier: str) -> tuple[UUID, ...]:
    """Return the formats of a supplier in the order of its items."""
    with transaction(acting=org_id(supplier)) as session:
        rows = session.execute(
            select(Product.name_fr, ProductFormat.name_fr, ProductFormat.id).join(
                ProductFormat, ProductFormat.product_id == Product.id
            )
        ).all()
    known = {(drink, package): format_id for drink, package, format_id in rows}
    return tuple(known[item.drink_fr, item.shape.name_fr] for item in ITEMS[supplier])
