"""Steps of an order that no tablet follows: it left, it was delivered line by line, it came back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from marshmallow import fields, validate

from server.billing.service import publish_pending
from server.core.transaction import transaction
from server.core.web import Schema, actor, requires, stamp
from server.core.web.limits import day, line, whole
from server.delivery.reasons import FAILURES, REASONS
from server.delivery.service.revising import MAX_REASON
from server.fulfilment.api.access import require_teller
from server.fulfilment.api.corrections import MOST_UNITS
from server.fulfilment.api.orders import orders
from server.fulfilment.api.showing import decide, shown, speaker
from server.fulfilment.service.by_hand import deliver_by_hand, ship_by_hand
from server.fulfilment.service.told_lines import Counted, Told
from server.fulfilment.service.told_taken import CountedEmpties, ReceivedMoney
from server.identity.permissions import Permission
from server.orders import queries as orders_read
from server.orders import schemas
from server.receivables.service.payments import MAX_PAYMENT_CENTS, MAX_REFERENCE
from shared.ids import new_id
from shared.wire.limits import MAX_LINES_AN_ORDER

_KEY = {"description": "makes a repeated request one delivery; without it a second one is refused"}
_DAY = {"description": "the carrier’s business day, today when null"}


class ToldLineSchema(Schema):
    """One line as it is counted: ``ordered`` as it was read; ``reason``, of the tablet's list, where fewer came."""

    order_line_id = fields.UUID(required=True)
    ordered = whole(least=0, most=MOST_UNITS, required=True)
    delivered = whole(least=0, most=MOST_UNITS, required=True)
    extra = whole(least=0, most=MOST_UNITS, load_default=0)
    reason = fields.String(load_default="", validate=validate.OneOf(["", *(one.code for one in REASONS)]))


class EmptiesSchema(Schema):
    """Empties of one container class that came back, counted; the deposit of the day is credited by who owes it."""

    class_id = fields.UUID(required=True)
    units = whole(least=1, most=MOST_UNITS, required=True)


class MoneySchema(Schema):
    """What was paid for the order's issuer: it waits for its accounting; cash is rounded to five cents beside it."""

    method = fields.String(required=True, validate=validate.OneOf(["cash", "cheque"]))
    amount_cents = whole(least=1, most=MAX_PAYMENT_CENTS, required=True)
    reference = line(longest=MAX_REFERENCE, load_default="")


class CameBackSchema(Schema):
    """Why nothing was accepted, of the tablet's list; ``words`` say what else the parties should know.

    ``containers`` came back and ``collections`` were paid all the same.
    """

    key = fields.UUID(load_default=None, allow_none=True, metadata=_KEY)
    failure = fields.String(required=True, validate=validate.OneOf([one.code for one in FAILURES]))
    delivered_on = day(load_default=None, allow_none=True, metadata=_DAY)
    words = line(longest=MAX_REASON, load_default="")
    revision = whole(least=1, most=schemas.MAX_CENTS, load_default=None, allow_none=True)
    containers = fields.List(
        fields.Nested(EmptiesSchema), load_default=list, validate=validate.Length(max=MAX_LINES_AN_ORDER)
    )
    collections = fields.List(fields.Nested(MoneySchema), load_default=list, validate=validate.Length(max=2))


class ToldSchema(CameBackSchema):
    """What was accepted of every line; without ``lines`` all of it was, with a ``failure`` nothing.

    ``words`` say why no tablet saw it: the carrier of an order gives them, a seller that ships it may.
    """

    failure = fields.String(load_default="", validate=validate.OneOf(["", *(one.code for one in FAILURES)]))
    lines = fields.List(
        fields.Nested(ToldLineSchema), load_default=None, allow_none=True,
        validate=validate.Length(min=1, max=MAX_LINES_AN_ORDER),
    )  # fmt: skip


@orders.route("/<uuid:order_id>/ship", methods=["POST"])
@requires(Permission.ORDER_ACCEPT)
@orders.response(200, schemas.OrderSchema)
def ship(order_id: UUID) -> dict[str, Any]:
    """Say that an order left by courier, or waits at the counter"""
    return decide(order_id, ship_by_hand, Permission.ORDER_ACCEPT)


@orders.route("/<uuid:order_id>/deliver", methods=["POST"])
@requires(Permission.ORDER_ACCEPT, Permission.DELIVERY_RECORD)
@orders.arguments(ToldSchema, required=False)
@orders.response(200, schemas.OrderSchema)
def deliver(asked: dict[str, Any], order_id: UUID) -> dict[str, Any]:
    """Record by hand what was accepted of an order that no tablet follows, and settle it"""
    return _tell(order_id, asked)


@orders.route("/<uuid:order_id>/fail", methods=["POST"])
@requires(Permission.ORDER_ACCEPT, Permission.DELIVERY_RECORD)
@orders.arguments(CameBackSchema)
@orders.response(200, schemas.OrderSchema)
def fail(asked: dict[str, Any], order_id: UUID) -> dict[str, Any]:
    """Record by hand that nothing of an order was accepted, and why"""
    return _tell(order_id, asked)


def _tell(order_id: UUID, asked: dict[str, Any]) -> dict[str, Any]:
    now = stamp()
    with transaction(actor().org_id) as session:
        order = orders_read.order(session, order_id=order_id)
        require_teller(order)
        deliver_by_hand(session, order=order, told=_told(asked), stamp=now)
        publish_pending(session, stamp=now)
        return shown(session, order_id)


def _told(asked: dict[str, Any]) -> Told:
    return Told(
        key=asked["key"] or new_id(),
        by_name=speaker(),
        lines=[_counted(one) for one in asked.get("lines") or ()],
        failure=asked["failure"],
        delivered_on=asked["delivered_on"],
        words=asked["words"],
        seen_revision=asked["revision"],
        containers=[CountedEmpties(**one) for one in asked["containers"]],
        collections=[ReceivedMoney(**one) for one in asked["collections"]],
    )


def _counted(asked: dict[str, Any]) -> Counted:
    counts = {name: asked[name] for name in ("ordered", "delivered", "extra", "reason")}
    return Counted(line_id=asked["order_line_id"], **counts)
