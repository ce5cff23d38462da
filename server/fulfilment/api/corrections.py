"""Corrections of deliveries over JSON, entered at the office."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask_smorest import Blueprint
from marshmallow import fields, validate

from server.billing.service import publish_pending
from server.core.transaction import transaction
from server.core.web import Schema, actor, requires, stamp
from server.delivery import queries as delivered
from server.delivery.reasons import REASONS
from server.delivery.schemas import DeliverySchema
from server.fulfilment.api.access import require_corrector
from server.fulfilment.service.correcting import correct_by_hand
from server.identity.permissions import Permission
from server.orders import queries as orders
from shared.delivered_line import DeliveredLine
from shared.wire.limits import MAX_LINES_AN_ORDER

corrections = Blueprint(
    "corrections", __name__, url_prefix="/deliveries", description="Corrections of received deliveries"
)
MOST_UNITS = 1_000_000


def _count() -> fields.Integer:
    return fields.Integer(load_default=0, validate=validate.Range(min=0, max=MOST_UNITS))


class CountedLineSchema(Schema):
    """One line as it really was: ordered = delivered + not_shipped + lost + returned; extra stands on top."""

    order_line_id = fields.UUID(required=True)
    ordered = fields.Integer(required=True, validate=validate.Range(min=0, max=MOST_UNITS))
    delivered = fields.Integer(required=True, validate=validate.Range(min=0, max=MOST_UNITS))
    not_shipped = _count()
    lost = _count()
    returned = _count()
    extra = _count()
    reason = fields.String(load_default="", validate=validate.OneOf(["", *(one.code for one in REASONS)]))


class NewCorrectionSchema(Schema):
    """A correction of every line of one delivery. ``key`` makes a repeated request one correction."""

    key = fields.UUID(required=True)
    reason = fields.String(required=True, validate=validate.Length(min=3, max=500))
    lines = fields.List(
        fields.Nested(CountedLineSchema), required=True, validate=validate.Length(min=1, max=MAX_LINES_AN_ORDER)
    )


class IssuedSchema(Schema):
    """A document that the correction made; a credit to be approved shows no amount."""

    order_id = fields.String(required=True)
    kind = fields.String(required=True)
    number = fields.String(required=True)
    total_cents = fields.Integer(required=True)


class CorrectedSchema(Schema):
    """The delivery's new revision, and what was issued for it; nothing when the key was known."""

    delivery = fields.Nested(DeliverySchema, required=True)
    documents = fields.List(fields.Nested(IssuedSchema), required=True)


@corrections.route("/<uuid:delivery_id>/corrections", methods=["POST"])
@requires(Permission.STOP_CORRECT, Permission.ORDER_ACCEPT)
@corrections.arguments(NewCorrectionSchema)
@corrections.response(200, CorrectedSchema)
def correct(asked: dict[str, Any], delivery_id: UUID) -> dict[str, Any]:
    """Correct a received delivery, with a reason"""
    now = stamp()
    with transaction(actor().org_id) as session:
        standing = delivered.delivery(session, delivery_id)
        require_corrector(orders.order(session, order_id=standing.order_id), standing)
        corrected = correct_by_hand(
            session,
            delivery_id=delivery_id,
            lines=[_line(line) for line in asked["lines"]],
            reason=asked["reason"],
            key=asked["key"],
            stamp=now,
        )
        publish_pending(session, stamp=now)
        return {
            "delivery": corrected.delivery,
            "documents": [one.as_message() for one in corrected.issued],
        }


def _line(asked: dict[str, Any]) -> DeliveredLine:
    return DeliveredLine(
        line_id=str(asked["order_line_id"]),
        **{
            name: asked[name] for name in ("ordered", "delivered", "not_shipped", "lost", "returned", "extra", "reason")
        },
    )
