"""Orders over JSON: lists, drafts, and the decisions of their parties."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask_smorest import Blueprint
from sqlalchemy.orm import Session

from server.billing.service import publish_pending
from server.conversations import queries as talk_read
from server.conversations import service as talk
from server.conversations.model import ThreadSubject
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.core.web.import_doors import CSV_BODY, ImportQuery, ImportReportSchema, present_report, sent_bytes
from server.fulfilment import queries
from server.fulfilment.api.access import driver_limit, require_whole
from server.fulfilment.api.quoted import ExplainedQuoteSchema
from server.fulfilment.api.showing import (
    decide,
    listed,
    new_order,
    present_message,
    require_drafter,
    require_terms_right,
    revision,
    shown,
    shows_prices,
    speaker,
    today,
)
from server.fulfilment.service import orders as verbs
from server.fulfilment.service.importing import import_orders, preview_orders
from server.fulfilment.service.order_rows import read_orders
from server.fulfilment.service.quoting import Quote, quote_new
from server.identity.permissions import Permission
from server.orders import queries as orders_read
from server.orders import schemas
from server.orders import service as plain
from server.orders.listing import OrderFilter, filter_of, list_orders
from server.orders.presenting import parties_of, present_entry, present_order
from server.parties import queries as parties
from shared.problems import Text

orders = Blueprint("orders", __name__, url_prefix="/orders", description="Orders: lists, drafts, decisions, timeline")


@orders.route("", methods=["GET"])
@requires(Permission.ORDER_READ)
@orders.arguments(schemas.OrderQuery, location="query")
@orders.response(200, schemas.OrderPageSchema)
def list_page(asked: dict[str, Any]) -> dict[str, Any]:
    """List orders, newest first"""
    with transaction(actor().org_id) as session:
        found, total = list_orders(
            session, chosen=_filter(session, asked), today=today(session), offset=asked["offset"], limit=asked["limit"]
        )
        names = parties.names(session, org_ids=parties_of(one.order for one in found))
        page = [present_order(one, names=names, with_prices=shows_prices(one.order)) for one in found]
    return {"orders": page, "total": total, "offset": asked["offset"]}


@orders.route("", methods=["POST"])
@requires(Permission.ORDER_CREATE)
@orders.arguments(schemas.NewOrderSchema)
@orders.response(201, schemas.OrderSchema)
def create(asked: dict[str, Any]) -> dict[str, Any]:
    """Make a numbered draft order; a driver's is of its truck's goods, for a stop of its run on the road"""
    with transaction(actor().org_id) as session:
        wanted = new_order(asked)
        require_drafter(session, wanted)
        require_terms_right(asked)
        made = plain.create_order(session, stamp=stamp(), key=asked["key"], **wanted)
        return shown(session, made.id)


@orders.route("/import", methods=["POST"])
@requires(Permission.ORDER_ACCEPT)
@orders.doc(requestBody=CSV_BODY)
@orders.arguments(ImportQuery, location="query")
@orders.response(200, ImportReportSchema)
def take_file(asked: dict[str, Any]) -> dict[str, Any]:
    """Import orders from a CSV file, all of it or nothing; the same file again makes none"""
    now = stamp()
    found = read_orders(sent_bytes())
    with transaction(actor().org_id) as session:
        if asked["dry_run"]:
            return present_report(preview_orders(session, found=found, stamp=now), dry_run=True)
        report = import_orders(session, found=found, stamp=now)
        publish_pending(session, stamp=now)
        return present_report(report, dry_run=False)


@orders.route("/quote", methods=["POST"])
@requires(Permission.ORDER_CREATE)
@orders.arguments(schemas.NewOrderSchema)
@orders.response(200, ExplainedQuoteSchema)
def quote(asked: dict[str, Any]) -> Quote:
    """Say what a new order would come to; nothing is made"""
    with transaction(actor().org_id) as session:
        wanted = new_order(asked)
        require_whole(Permission.ORDER_CREATE)
        require_terms_right(asked)
        return quote_new(session, stamp=stamp(), **wanted)


@orders.route("/<uuid:order_id>", methods=["GET"])
@requires(Permission.ORDER_READ)
@orders.response(200, schemas.OrderSchema)
def read(order_id: UUID) -> dict[str, Any]:
    """Read an order with its lines"""
    with transaction(actor().org_id) as session:
        return shown(session, order_id)


@orders.route("/<uuid:order_id>/timeline", methods=["GET"])
@requires(Permission.ORDER_READ)
@orders.response(200, schemas.EntrySchema(many=True))
def timeline(order_id: UUID) -> list[dict[str, Any]]:
    """Read what happened to an order"""
    with transaction(actor().org_id) as session:
        with_prices = shows_prices(listed(session, order_id).order)
        entries = orders_read.timeline(session, order_id=order_id)
        return [present_entry(entry, with_prices=with_prices) for entry in entries]


@orders.route("/<uuid:order_id>/messages", methods=["GET"])
@requires(Permission.ORDER_CHAT)
@orders.response(200, schemas.MessageSchema(many=True))
def messages(order_id: UUID) -> list[dict[str, Any]]:
    """Read what was said on an order"""
    with transaction(actor().org_id) as session:
        listed(session, order_id)
        found = talk_read.messages(session, subject=ThreadSubject.ORDER, subject_id=order_id)
        return [present_message(one) for one in found]


@orders.route("/<uuid:order_id>/messages", methods=["POST"])
@requires(Permission.ORDER_CHAT)
@orders.arguments(schemas.MessageTextSchema)
@orders.response(201, schemas.MessageSchema)
def say(asked: dict[str, Any], order_id: UUID) -> dict[str, Any]:
    """Say something on an order, to its parties"""
    with transaction(actor().org_id) as session:
        order = listed(session, order_id).order
        said = talk.say(
            session,
            subject=ThreadSubject.ORDER,
            subject_id=order.id,
            text=Text(asked["text"], asked["text"]),
            readers=(order.owner_id, *order.party_ids),
            author_name=speaker(),
            key=asked["key"],
            stamp=stamp(),
        )
        return present_message(said)


@orders.route("/<uuid:order_id>/content", methods=["PUT"])
@requires(Permission.ORDER_EDIT)
@orders.arguments(schemas.RevisionSchema)
@orders.response(200, schemas.OrderSchema)
def revise(asked: dict[str, Any], order_id: UUID) -> dict[str, Any]:
    """Change what is ordered, until the goods leave or an invoice stands"""
    return decide(order_id, verbs.revise_order, Permission.ORDER_EDIT, **revision(asked))


@orders.route("/<uuid:order_id>/lots", methods=["PUT"])
@requires(Permission.ORDER_EDIT)
@orders.arguments(schemas.LotsSchema)
@orders.response(200, schemas.OrderSchema)
def note_lots(asked: dict[str, Any], order_id: UUID) -> dict[str, Any]:
    """Note the lots of an order's lines, at any time: proofs are found by them"""
    lots = {one["line_id"]: one["lots"] for one in asked["lines"]}
    return decide(order_id, plain.note_lots, Permission.ORDER_EDIT, lots=lots)


@orders.route("/<uuid:order_id>/submit", methods=["POST"])
@requires(Permission.ORDER_CREATE)
@orders.arguments(schemas.SeenSchema, required=False)
@orders.response(200, schemas.OrderSchema)
def submit(asked: dict[str, Any], order_id: UUID) -> dict[str, Any]:
    """Submit a draft; its group may accept it at once"""
    return decide(order_id, verbs.submit_order, Permission.ORDER_CREATE, seen_revision=asked["revision"])


@orders.route("/<uuid:order_id>/accept", methods=["POST"])
@requires(Permission.ORDER_ACCEPT)
@orders.arguments(schemas.AcceptSchema)
@orders.response(200, schemas.OrderSchema)
def accept(asked: dict[str, Any], order_id: UUID) -> dict[str, Any]:
    """Accept a pending order; emission on acceptance publishes its invoice"""
    require_terms_right(asked)
    return decide(
        order_id,
        verbs.accept_order,
        Permission.ORDER_ACCEPT,
        billing_type=asked["billing_type"],
        one_invoice_a_stop=asked["one_invoice_a_stop"],
        wanted_on=asked["wanted_on"],
        seen_revision=asked["revision"],
    )


@orders.route("/<uuid:order_id>/reject", methods=["POST"])
@requires(Permission.ORDER_ACCEPT)
@orders.arguments(schemas.GivenReasonSchema)
@orders.response(200, schemas.OrderSchema)
def reject(asked: dict[str, Any], order_id: UUID) -> dict[str, Any]:
    """Reject a pending order, with the reason"""
    return decide(order_id, plain.reject, Permission.ORDER_ACCEPT, reason=asked["reason"])


@orders.route("/<uuid:order_id>/restore", methods=["POST"])
@requires(Permission.ORDER_ACCEPT)
@orders.arguments(schemas.SeenSchema, required=False)
@orders.response(200, schemas.OrderSchema)
def restore(asked: dict[str, Any], order_id: UUID) -> dict[str, Any]:
    """Give a pending order the content that was submitted"""
    return decide(order_id, plain.restore, Permission.ORDER_ACCEPT, seen_revision=asked["revision"])


@orders.route("/<uuid:order_id>/cancel", methods=["POST"])
@requires(Permission.ORDER_CANCEL)
@orders.arguments(schemas.GivenReasonSchema)
@orders.response(200, schemas.OrderSchema)
def cancel(asked: dict[str, Any], order_id: UUID) -> dict[str, Any]:
    """Cancel an order that has not left, with the reason"""
    return decide(order_id, verbs.cancel_order, Permission.ORDER_CANCEL, reason=asked["reason"])


@orders.route("/<uuid:order_id>/replan", methods=["POST"])
@requires(Permission.RUN_PLAN)
@orders.response(200, schemas.OrderSchema)
def replan(order_id: UUID) -> dict[str, Any]:
    """Put an order that was not delivered back among those to plan"""
    return decide(order_id, verbs.replan_order, Permission.RUN_PLAN)


@orders.route("/<uuid:order_id>/outside-invoice", methods=["POST"])
@requires(Permission.INVOICE_PUBLISH)
@orders.arguments(schemas.OutsideInvoiceSchema)
@orders.response(200, schemas.OrderSchema)
def outside_invoice(asked: dict[str, Any], order_id: UUID) -> dict[str, Any]:
    """Note the invoice that the seller made in its own system, or correct its number and day"""
    return decide(
        order_id,
        plain.mark_invoiced_outside,
        Permission.INVOICE_PUBLISH,
        number=asked["number"],
        on=asked["issued_on"],
    )


def _filter(session: Session, asked: dict[str, Any]) -> OrderFilter:
    driver_id = driver_limit()
    ridden = queries.orders_of_driver(session, driver_id=driver_id) if driver_id else None
    return filter_of(asked, order_ids=ridden)
