"""A client's own offer over JSON: prices, maximum, and what is left of what it was allocated."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint

from server.catalog import schemas
from server.catalog.listing import full_name
from server.catalog.offers import own_offer
from server.catalog.prices.offering import Offered
from server.catalog.prices.steps import PriceStep
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.fulfilment.allocated import left_of_allocations
from server.identity.permissions import Permission

offers = Blueprint("offers", __name__, url_prefix="/offers", description="What a client may order, at its own prices")


@offers.route("", methods=["GET"])
@requires(Permission.CATALOG_READ)
@offers.arguments(schemas.OfferQuery, location="query")
@offers.response(200, schemas.OfferPageSchema)
def read_offer(asked: dict[str, Any]) -> dict[str, Any]:
    """Read what the caller's organisation may order from a seller, at its own prices"""
    with transaction(actor().org_id) as session:
        found = own_offer(session, seller_id=asked["seller_id"], at=stamp().at, words=asked["q"], page=asked["page"])
        left = left_of_allocations(session, seller_id=asked["seller_id"], buyer_id=actor().org_id, offered=found.rows)
        return {"offered": [_offered(one, left.get(one.sold.id)) for one in found.rows], "total": found.total}


def _offered(one: Offered, left: int | None) -> dict[str, Any]:
    name, product = full_name(one.product, one.sold), one.product
    return {
        "format_id": one.sold.id,
        "name": {"fr": name.fr, "en": name.en},
        "description": {"fr": product.description_fr, "en": product.description_en},
        "style": product.style,
        "sales_unit": one.sold.sales_unit.value,
        "barcode": one.sold.barcode,
        "unit_price": f"{one.price.unit_price:.4f}",
        "base_price": f"{one.price.base_price:.4f}",
        "steps": [_step(step) for step in one.price.steps],
        "later": [{"quantity": quantity, "unit_price": f"{price.unit_price:.4f}"} for quantity, price in one.later],
        "deposit_cents": one.deposit_cents,
        "max_an_order": one.sold.max_an_order,
        "allocation": one.allocation.quantity if one.allocation else None,
        "allocation_left": left,
        "allocation_until": one.allocation.valid_until if one.allocation else None,
        "tax_codes": one.sold.tax_codes,
    }


def _step(step: PriceStep) -> dict[str, Any]:
    return {
        "kind": step.kind.value,
        "name": {"fr": step.name.fr, "en": step.name.en},
        "change": step.change,
        "unit_price": f"{step.unit_price:.4f}",
        "valid_from": step.valid_from,
        "valid_until": step.valid_until,
    }
