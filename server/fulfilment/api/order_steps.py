"""Further doors of an order: what a change would come to, requests of its retailer, its paper."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.fulfilment.api.access import require_whole
from server.fulfilment.api.orders import orders
from server.fulfilment.api.quoted import ExplainedQuoteSchema
from server.fulfilment.api.showing import decide, listed, require_terms_right, revision, speaker
from server.fulfilment.service import orders as verbs
from server.fulfilment.service.quoting import Quote, quote_revised
from server.fulfilment.service.relieving import relieve_order
from server.identity.permissions import Permission
from server.orders import queries as orders_read
from server.orders import schemas
from server.orders import service as plain
from server.orders.model import OrderRequest


@orders.route("/<uuid:order_id>/quote", methods=["POST"])
@requires(Permission.ORDER_EDIT)
@orders.arguments(schemas.RevisionSchema)
@orders.response(200, ExplainedQuoteSchema)
def quote_change(asked: dict[str, Any], order_id: UUID) -> Quote:
    """Say what an order would come to if it were changed so; nothing is changed"""
    with transaction(actor().org_id) as session:
        order = orders_read.order(session, order_id=order_id)
        require_whole(Permission.ORDER_EDIT)
        return quote_revised(session, order=order, stamp=stamp(), **revision(asked))


@orders.route("/<uuid:order_id>/relief", methods=["PUT"])
@requires(Permission.ORDER_RELIEVE)
@orders.arguments(schemas.ReliefSchema)
@orders.response(200, schemas.OrderSchema)
def relieve(asked: dict[str, Any], order_id: UUID) -> dict[str, Any]:
    """Take taxes or deposits off an order, or put them back; everything else stays as it is"""
    return decide(order_id, relieve_order, Permission.ORDER_RELIEVE, seen_revision=asked.pop("revision"), **asked)


@orders.route("/<uuid:order_id>/deliver-with", methods=["PUT"])
@requires(Permission.DELIVER_WITH_CHOOSE)
@orders.arguments(schemas.DeliverWithSchema)
@orders.response(200, schemas.OrderSchema)
def deliver_with(asked: dict[str, Any], order_id: UUID) -> dict[str, Any]:
    """Choose the paper that goes along: purchase order or invoice"""
    return decide(order_id, verbs.choose_paper, Permission.DELIVER_WITH_CHOOSE, deliver_with=asked["deliver_with"])


@orders.route("/<uuid:order_id>/billing", methods=["PUT"])
@requires(Permission.TERMS_SET)
@orders.arguments(schemas.BillingSchema)
@orders.response(200, schemas.OrderSchema)
def billing(asked: dict[str, Any], order_id: UUID) -> dict[str, Any]:
    """Choose how an order is billed, until an invoice stands for it or it rides on a run"""
    require_terms_right(asked)
    return decide(order_id, verbs.choose_billing, Permission.TERMS_SET, seen_revision=asked.pop("revision"), **asked)


@orders.route("/<uuid:order_id>/requests", methods=["GET"])
@requires(Permission.ORDER_CHAT)
@orders.response(200, schemas.RequestSchema(many=True))
def requests(order_id: UUID) -> Sequence[OrderRequest]:
    """Read what the retailer asked for"""
    with transaction(actor().org_id) as session:
        listed(session, order_id)
        return orders_read.requests(session, order_id=order_id)


@orders.route("/<uuid:order_id>/requests", methods=["POST"])
@requires(Permission.ORDER_CHAT)
@orders.arguments(schemas.AskSchema)
@orders.response(201, schemas.RequestSchema)
def ask(asked: dict[str, Any], order_id: UUID) -> OrderRequest:
    """Ask the seller to change or cancel one's order"""
    with transaction(actor().org_id) as session:
        order = orders_read.order(session, order_id=order_id)
        return verbs.ask_change(
            session, order=order, kind=asked["kind"], words=asked["words"], by_name=speaker(), stamp=stamp()
        )


@orders.route("/<uuid:order_id>/requests/<uuid:request_id>/decline", methods=["POST"])
@requires(Permission.ORDER_ACCEPT)
@orders.arguments(schemas.AnswerSchema)
@orders.response(200, schemas.RequestSchema)
def decline(asked: dict[str, Any], order_id: UUID, request_id: UUID) -> OrderRequest:
    """Decline what the retailer asked for, with the reason"""
    with transaction(actor().org_id) as session:
        order = orders_read.order(session, order_id=order_id)
        require_whole(Permission.ORDER_ACCEPT)
        return plain.decline(session, order=order, request_id=request_id, answer=asked["answer"], stamp=stamp())
