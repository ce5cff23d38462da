"""Orders: the list with its buckets, and one order whole."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from flask import render_template

from server.billing.explaining import explain_order
from server.core.transaction import transaction
from server.core.web import actor, requires
from server.dashboard import standing
from server.dashboard.pages.blueprint import (
    asked_choice,
    asked_day,
    asked_id,
    asked_page,
    asked_words,
    driver_only,
    pages,
    same_list,
    today_in,
    turning,
    zone_here,
)
from server.dashboard.queries import orders as queries
from server.dashboard.standing import Bucket
from server.delivery.papers.service import papers as paper_proofs
from server.identity.permissions import Permission
from server.orders.pricing import explain_price


@pages.get("/commandes")
@requires(Permission.ORDER_READ)
def orders() -> str:
    """List the orders that the caller may read, narrowed by what the address says."""
    narrowed = queries.OrderFilter(
        day=asked_day(),
        bucket=asked_choice("livraison", Bucket),
        billing=asked_choice("facturation", Bucket),
        words=asked_words(),
        client_id=asked_id("client"),
        driver_id=driver_only(),
    )
    with transaction(actor().org_id) as session:
        today = today_in(zone_here(session))
        found = queries.list_orders(session, narrowed=narrowed, today=today, page=asked_page())
        counts = queries.bucket_counts(session, narrowed=replace(narrowed, bucket=None), today=today)
        return render_template(
            "dashboard/orders.html",
            found=found,
            counts=counts,
            narrowed=narrowed,
            standing=standing,
            turning=turning(),
            same_list=same_list,
        )


@pages.get("/commandes/<uuid:order_id>")
@requires(Permission.ORDER_READ)
def order(order_id: UUID) -> str:
    """Show one order: lines ordered and received, timeline, papers, money, history."""
    with transaction(actor().org_id) as session:
        zone = zone_here(session)
        whole = queries.order_whole(session, order_id=order_id, today=today_in(zone), driver_id=driver_only())
        papers = paper_proofs(session, order_id=order_id)
        return render_template(
            "dashboard/order.html",
            whole=whole,
            zone=zone,
            standing=standing,
            papers=papers,
            explain_price=explain_price,
            explained=explain_order(session, order_id=order_id)
            if Permission.INVOICE_READ in actor().permissions
            else None,
        )
