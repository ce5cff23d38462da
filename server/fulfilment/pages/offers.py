"""A retailer's view: what its suppliers offer it, at its own prices, and how much of it is left to it."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from flask import Blueprint, render_template, request
from sqlalchemy.orm import Session

from server.catalog.offers import own_offer, suppliers
from server.catalog.pages.blueprint import asked_page, asked_words, turning
from server.catalog.prices.offering import OfferPage
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.fulfilment.allocated import left_of_allocations
from server.identity.permissions import Permission
from server.parties import queries as parties

offer_pages = Blueprint("offer_pages", __name__, template_folder="../templates")


@offer_pages.get("/offre")
@requires(Permission.ORDER_CREATE)
def offer() -> str:
    """Show what one of the caller's suppliers offers it; the first by name until one is chosen."""
    with transaction(actor().org_id) as session:
        known = suppliers(session)
        asked = request.args.get("fournisseur", "")
        seller = next((one for one in known if str(one.id) == asked), known[0] if known else None)
        found, left = _offer(session, seller.id) if seller else (None, {})
        return render_template(
            "fulfilment/offer.html",
            suppliers=known,
            seller=seller,
            found=found,
            left=left,
            words=asked_words(),
            turning=turning(),
            zone=parties.zone_or_ours(session, org_id=actor().org_id),
        )


def _offer(session: Session, seller_id: UUID) -> tuple[OfferPage, Mapping[UUID, int]]:
    found = own_offer(session, seller_id=seller_id, at=stamp().at, words=asked_words(), page=asked_page())
    left = left_of_allocations(session, seller_id=seller_id, buyer_id=actor().org_id, offered=found.rows)
    return found, left
