"""A driver's draft at a stop: what a customer wants of the goods on the truck, for its seller's side to submit."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, redirect, render_template
from werkzeug.wrappers import Response

from server.core.problems import Problem, Text
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.core.web.forms import form_id, form_whole
from server.fulfilment.api.showing import speaker
from server.fulfilment.service.off_truck import draft_off_truck, off_truck
from server.identity.permissions import Permission
from server.orders.service.lines import MAX_QUANTITY
from server.parties import queries as parties
from shared.ids import new_id

off_truck_pages = Blueprint("off_truck", __name__, template_folder="../templates")


class NothingAsked(Problem):
    """No quantity was written."""

    slug = "nothing-asked"
    title = Text("Aucune quantité", "No quantity")


@off_truck_pages.get("/tournees/arrets/<uuid:stop_id>/brouillon")
@requires(Permission.ORDER_CREATE)
def show(stop_id: UUID) -> str:
    """Show what is on the truck, to be ordered for the customer of a stop."""
    with transaction(actor().org_id) as session:
        here = off_truck(session, stop_id=stop_id, driver_id=actor().user_id)
        site = parties.site(session, site_id=here.stop.site_id)
        return render_template("fulfilment/off_truck.html", truck=here, site=site, most=MAX_QUANTITY, key=new_id())


@off_truck_pages.post("/tournees/arrets/<uuid:stop_id>/brouillon")
@requires(Permission.ORDER_CREATE)
def draft(stop_id: UUID) -> Response:
    """Keep a draft for each seller whose goods are asked for."""
    with transaction(actor().org_id) as session:
        here = off_truck(session, stop_id=stop_id, driver_id=actor().user_id)
        told = {one.format_id: form_whole(f"n-{one.format_id}", most=MAX_QUANTITY) for one in here.goods}
        wanted = {format_id: quantity for format_id, quantity in told.items() if quantity}
        if not wanted:
            raise NothingAsked(Text("Écrire au moins une quantité.", "Write one quantity at least."), where="quantity")
        made = draft_off_truck(
            session, here=here, quantities=wanted, maker_name=speaker(), key=form_id("key"), stamp=stamp()
        )
    return redirect(f"/commandes/{made[0].id}" if len(made) == 1 else "/commandes", code=303)
