"""Orders: the list with its buckets, and one order whole."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Redirect

from server.billing.explaining import explain_order
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.dashboard import standing, tastes
from server.dashboard.pages.blueprint import (
    asked_choice,
    asked_day,
    asked_id,
    asked_words,
    day_in,
    driver_only,
    pages,
    same_list,
    zone_here,
)
from server.dashboard.queries import orders as queries
from server.delivery.papers.service import papers as paper_proofs
from server.documents.filing.service import files_of
from server.identity.permissions import Permission
from server.orders import queries as orders_read
from server.orders.listing import Bucket
from server.orders.pricing import explain_price
from server.orders.service import is_seller_side, why_fixed

CHOICES = frozenset({"q", "jour", "livraison", "facturation", "client", "vendeur"})
"""What of an address narrows the list; a saved view keeps these."""


def narrowed_here() -> queries.OrderFilter:
    """Return what the address narrows the list of orders to."""
    return queries.OrderFilter(
        day=asked_day(),
        bucket=asked_choice("livraison", Bucket),
        billing=asked_choice("facturation", Bucket),
        words=asked_words(),
        client_id=asked_id("client"),
        seller_id=asked_id("vendeur"),
        driver_id=driver_only(),
    )


@pages.get("/commandes")
@requires(Permission.ORDER_READ)
def orders() -> str:
    """List the orders that the caller may read, narrowed by what the address says, as the caller likes to see them."""
    narrowed, who = narrowed_here(), actor()
    with transaction(who.org_id) as session:
        today = day_in(zone_here(session))
        found = queries.list_orders(session, narrowed=narrowed, today=today, after=request.args.get("apres", ""))
        delivery, billing = queries.bucket_counts(session, narrowed=narrowed, today=today)
        return render_template(
            "dashboard/orders.html",
            found=found,
            delivery=delivery,
            billing=billing,
            narrowed=narrowed,
            choices=tastes.choices_of(request.args.items(), CHOICES),
            hidden=tastes.hidden_columns(session, user_id=who.user_id),
            columns=tastes.COLUMNS,
            views=tastes.views(session, user_id=who.user_id),
            standing=standing,
            same_list=same_list,
            here_after="apres" in request.args,
        )


@pages.post("/commandes/colonnes")
@requires(Permission.ORDER_READ)
def order_columns() -> Redirect:
    """Remember which columns of the list the caller wants to see (R032)."""
    with transaction(actor().org_id) as session:
        tastes.hide_columns(session, user_id=actor().user_id, shown=request.form.getlist("colonne"))
    return _back_to_list()


@pages.post("/commandes/vues")
@requires(Permission.ORDER_READ)
def keep_order_view() -> Redirect:
    """Keep the list as it is narrowed, under a name."""
    with transaction(actor().org_id) as session:
        tastes.keep_view(
            session,
            user_id=actor().user_id,
            name=request.form.get("nom", "").replace("\x00", ""),
            choices=tastes.choices_of(request.form.items(), CHOICES),
            shared="partagee" in request.form,
            stamp=stamp(),
        )
    return _back_to_list()


@pages.post("/commandes/vues/<uuid:view_id>/retirer")
@requires(Permission.ORDER_READ)
def drop_order_view(view_id: UUID) -> Redirect:
    """Remove a view of one's own."""
    with transaction(actor().org_id) as session:
        tastes.drop_view(session, user_id=actor().user_id, view_id=view_id)
    return _back_to_list()


def _back_to_list() -> Redirect:
    choices: dict[str, Any] = dict(tastes.choices_of(request.form.items(), CHOICES))
    return redirect(url_for("dashboard.orders", **choices), code=303)


@pages.get("/commandes/<uuid:order_id>")
@requires(Permission.ORDER_READ)
def order(order_id: UUID) -> str:
    """Show one order: lines ordered and received, timeline, papers, money, history."""
    with transaction(actor().org_id) as session:
        zone = zone_here(session)
        whole = queries.order_whole(session, order_id=order_id, today=day_in(zone), driver_id=driver_only())
        papers = paper_proofs(session, order_id=order_id)
        files = files_of(session, order_id=order_id)
        requests = orders_read.requests(session, order_id=order_id)
        return render_template(
            "dashboard/order.html",
            whole=whole,
            zone=zone,
            standing=standing,
            papers=papers,
            files=files,
            requests=requests,
            fixed=why_fixed(whole.row.order),
            sells=is_seller_side(session, whole.row.order),
            today=day_in(zone).day,
            explain_price=explain_price,
            explained=explain_order(session, order_id=order_id)
            if Permission.INVOICE_READ in actor().permissions
            else None,
        )
