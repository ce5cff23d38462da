"""A retailer's view: what its suppliers offer it, at its own prices."""

from __future__ import annotations

from flask import render_template, request

from server.catalog.offers import own_offer, suppliers
from server.catalog.pages.blueprint import asked_page, asked_words, pages, turning
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.identity.permissions import Permission
from server.parties import queries as parties


@pages.get("/offre")
@requires(Permission.ORDER_CREATE)
def offer() -> str:
    """Show what one of the caller's suppliers offers it; the first by name until one is chosen."""
    with transaction(actor().org_id) as session:
        known = suppliers(session)
        asked = request.args.get("fournisseur", "")
        seller = next((one for one in known if str(one.id) == asked), known[0] if known else None)
        found = (
            own_offer(session, seller_id=seller.id, at=stamp().at, words=asked_words(), page=asked_page())
            if seller
            else None
        )
        return render_template(
            "catalog/offer.html",
            suppliers=known,
            seller=seller,
            found=found,
            words=asked_words(),
            turning=turning(),
            zone=parties.zone_or_ours(session, org_id=actor().org_id),
        )
