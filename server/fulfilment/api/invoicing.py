"""Invoices by hand over JSON: published, voided, published anew."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask_smorest import Blueprint

from server.billing.api import today
from server.billing.model import CreditNote
from server.billing.schemas import CreditNoteSchema, InvoiceSchema, VoidSchema
from server.billing.service import publish_pending
from server.billing.standing import InvoiceStanding, standing_of
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.fulfilment.service.invoicing import publish_by_hand, republish, void_by_hand, void_joined
from server.identity.permissions import Permission
from server.orders import queries as orders_read
from server.orders.schemas import SeenSchema

orders_invoiced = Blueprint("orders_invoiced", __name__, url_prefix="/orders", description="Orders invoiced by hand")
joined_by_hand = Blueprint("joined_by_hand", __name__, url_prefix="/joined-invoices", description="Invoices of a stop")
invoices_by_hand = Blueprint("invoices_by_hand", __name__, url_prefix="/invoices", description="Invoices by hand")


@orders_invoiced.route("/<uuid:order_id>/invoice", methods=["POST"])
@requires(Permission.INVOICE_PUBLISH)
@orders_invoiced.arguments(SeenSchema, required=False)
@orders_invoiced.response(200, InvoiceSchema)
def publish(asked: dict[str, Any], order_id: UUID) -> InvoiceStanding:
    """Publish the order's invoice by hand; asking again answers the same one"""
    now = stamp()
    with transaction(actor().org_id) as session:
        order = orders_read.order(session, order_id=order_id)
        invoice = publish_by_hand(session, order=order, stamp=now, seen_revision=asked["revision"])
        publish_pending(session, stamp=now)
        return standing_of(session, invoice, on=today(session))


@invoices_by_hand.route("/<uuid:invoice_id>/void", methods=["POST"])
@requires(Permission.INVOICE_VOID)
@invoices_by_hand.arguments(VoidSchema)
@invoices_by_hand.response(200, CreditNoteSchema)
def void(asked: dict[str, Any], invoice_id: UUID) -> CreditNote:
    """Void a published invoice by its mirror credit note; its number stays, its order opens again"""
    now = stamp()
    with transaction(actor().org_id) as session:
        note = void_by_hand(session, invoice_id=invoice_id, reason=asked["reason"], stamp=now)
        publish_pending(session, stamp=now)
        return note


@joined_by_hand.route("/<uuid:joined_id>/void", methods=["POST"])
@requires(Permission.INVOICE_VOID)
@joined_by_hand.arguments(VoidSchema)
@joined_by_hand.response(200, CreditNoteSchema(many=True))
def void_all(asked: dict[str, Any], joined_id: UUID) -> list[CreditNote]:
    """Void every section of one agent invoice by its mirror credit note; their orders open again"""
    now = stamp()
    with transaction(actor().org_id) as session:
        notes = void_joined(session, joined_id=joined_id, reason=asked["reason"], stamp=now)
        publish_pending(session, stamp=now)
        return notes


@invoices_by_hand.route("/<uuid:invoice_id>/republish", methods=["POST"])
@requires(Permission.INVOICE_VOID)
@invoices_by_hand.response(200, InvoiceSchema)
def publish_again(invoice_id: UUID) -> InvoiceStanding:
    """Replace a void invoice by a new one, or send a standing one again as it is"""
    now = stamp()
    with transaction(actor().org_id) as session:
        invoice = republish(session, invoice_id=invoice_id, stamp=now)
        publish_pending(session, stamp=now)
        return standing_of(session, invoice, on=today(session))
