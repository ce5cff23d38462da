"""Invoices by hand from their pages, and the orders that their supplier still has to invoice outside."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from server.billing.service import publish_pending
from server.core.problems import BadRequest, Text
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.fulfilment.pages.order_reading import seen_revision
from server.fulfilment.queries import orders_to_invoice_outside
from server.fulfilment.service.invoicing import publish_by_hand, republish, void_by_hand, void_joined
from server.identity.permissions import Permission
from server.orders import queries as orders_read
from server.orders import service as orders
from server.orders.listing import Today
from server.parties import queries as parties

pages = Blueprint("invoicing", __name__, template_folder="../templates")
_LONGEST_PAGE = 4


@pages.post("/commandes/<uuid:order_id>/facturer")
@requires(Permission.INVOICE_PUBLISH)
def publish(order_id: UUID) -> Response:
    """Publish the order's invoice by hand and show it."""
    now = stamp()
    with transaction(actor().org_id) as session:
        order = orders_read.order(session, order_id=order_id)
        invoice = publish_by_hand(session, order=order, seen_revision=seen_revision(request.form), stamp=now)
        publish_pending(session, stamp=now)
        return redirect(f"/factures/{invoice.id}", code=303)


@pages.post("/factures/<uuid:invoice_id>/annuler")
@requires(Permission.INVOICE_VOID)
def void(invoice_id: UUID) -> Response:
    """Void an invoice with a reason; its credit note is on its page."""
    now = stamp()
    with transaction(actor().org_id) as session:
        void_by_hand(session, invoice_id=invoice_id, reason=_reason(), stamp=now)
        publish_pending(session, stamp=now)
    return redirect(f"/factures/{invoice_id}", code=303)


@pages.post("/factures/uniques/<uuid:joined_id>/annuler")
@requires(Permission.INVOICE_VOID)
def void_all(joined_id: UUID) -> Response:
    """Void every section of one agent invoice with a reason; the credit notes are on their pages."""
    now = stamp()
    with transaction(actor().org_id) as session:
        void_joined(session, joined_id=joined_id, reason=_reason(), stamp=now)
        publish_pending(session, stamp=now)
    return redirect(f"/factures/{joined_id}", code=303)


@pages.post("/factures/<uuid:invoice_id>/republier")
@requires(Permission.INVOICE_VOID)
def publish_again(invoice_id: UUID) -> Response:
    """Replace a void invoice, or send a standing one again, and show what came of it."""
    now = stamp()
    with transaction(actor().org_id) as session:
        invoice = republish(session, invoice_id=invoice_id, stamp=now)
        publish_pending(session, stamp=now)
        return redirect(f"/factures/{invoice.id}", code=303)


@pages.get("/a-facturer")
@requires(Permission.INVOICE_PUBLISH)
def to_invoice() -> str:
    """List the delivered orders that the caller invoices in its own system, with what was received."""
    raw = request.args.get("page", "1")
    page = max(int(raw), 1) if raw.isascii() and raw.isdigit() and len(raw) < _LONGEST_PAGE else 1
    with transaction(actor().org_id) as session:
        zone = parties.zone_of(session, org_id=actor().org_id)
        found = orders_to_invoice_outside(session, today=Today.of(stamp().at, zone), page=page)
        return render_template("fulfilment/to_invoice.html", found=found, zone=zone, today=stamp().at.astimezone(zone))


@pages.post("/commandes/<uuid:order_id>/facture-externe")
@requires(Permission.INVOICE_PUBLISH)
def invoiced_outside(order_id: UUID) -> Response:
    """Note the number and day of the invoice made outside, or correct them; the order leaves the list."""
    with transaction(actor().org_id) as session:
        order = orders_read.order(session, order_id=order_id)
        number = request.form.get("number", "").replace("\x00", "")
        orders.mark_invoiced_outside(session, order=order, number=number, on=_asked_day(), stamp=stamp())
    return redirect("/a-facturer" if request.form.get("list") else f"/commandes/{order_id}", code=303)


def _asked_day() -> date:
    try:
        return date.fromisoformat(request.form.get("issued_on", ""))
    except ValueError as error:
        raise BadRequest(
            Text("Ce jour ne se lit pas. Écrivez-le AAAA-MM-JJ.", "This day cannot be read. Write it YYYY-MM-DD."),
            where="issued_on",
        ) from error


def _reason() -> str:
    """Return why, as the form says it: a line of at most 500 characters."""
    return request.form.get("reason", "").replace("\x00", "").strip()[:500]
