"""What a document was signed and decided by: its orders, its delivery, who signed, and the sealed proof."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.billing.explaining.steps import Source
from server.core.days import day_text
from server.delivery.model import Delivery, HandRecord, Proof
from server.orders.model import Order
from server.parties import queries as parties
from shared.problems import Text


def sources_of_order(session: Session, order: Order, *, delivery: Delivery | None) -> list[Source]:
    """Return the order and, once delivered, the delivery with its signer and its proof, as far as they may be read."""
    found = [
        Source(
            kind="order",
            id=order.id,
            text=Text(f"Commande {order.number}", f"Order {order.number}"),
            link=f"/commandes/{order.id}",
            billed=order.billing_type,
        )
    ]
    if delivery is not None:
        zone = parties.zone_of(session, org_id=order.owner_id)
        record = session.get(HandRecord, delivery.hand_record_id) if delivery.hand_record_id else None
        found.append(_delivery(delivery, delivery.delivered_at.astimezone(zone).date(), record))
        proof = session.scalars(select(Proof).where(Proof.delivery_id == delivery.id)).first()
        if proof is not None:
            seal = proof.file_sha256[:16]
            text = Text(f"Preuve scellée {seal}…", f"Sealed proof {seal}…")
            found.append(Source(kind="proof", id=proof.id, text=text, link=f"/preuves/{proof.id}"))
    return found


def orders_named(session: Session, order_ids: Iterable[UUID]) -> list[Order]:
    """Return these orders, those that may be read, by number."""
    return list(session.scalars(select(Order).where(Order.id.in_(set(order_ids))).order_by(Order.number)))


def _delivery(delivery: Delivery, day: date, record: HandRecord | None) -> Source:
    by_fr = f", signée par {delivery.signer_name}" if delivery.signer_name else ""
    by_en = f", signed by {delivery.signer_name}" if delivery.signer_name else ""
    if record is not None:
        day = record.delivered_on
        by_fr, by_en = f", consignée à la main par {record.by_name}", f", recorded by hand by {record.by_name}"
    corrected_fr = f", révision {delivery.revision}" if delivery.revision > 1 else ""
    corrected_en = f", revision {delivery.revision}" if delivery.revision > 1 else ""
    on = day_text(day)
    return Source(
        kind="delivery",
        id=delivery.id,
        text=Text(f"Livraison du {on.fr}{by_fr}{corrected_fr}", f"Delivery of {on.en}{by_en}{corrected_en}"),
        link=f"/livraisons/{delivery.id}" if record is not None else f"/commandes/{delivery.order_id}",
    )
