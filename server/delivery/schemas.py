"""JSON of deliveries, proofs and discrepancies."""

from __future__ import annotations

from marshmallow import fields, validate

from server.core.web import Schema
from server.core.web.paging import PageQuerySchema


class DeliveryLineSchema(Schema):
    """One line: ordered = delivered + not_shipped + lost + returned; extra stands on top."""

    order_line_id = fields.UUID(required=True)
    ordered = fields.Integer(required=True)
    delivered = fields.Integer(required=True)
    not_shipped = fields.Integer(required=True)
    lost = fields.Integer(required=True)
    returned = fields.Integer(required=True)
    extra = fields.Integer(required=True)
    reason = fields.String(required=True)


class TakenContainersSchema(Schema):
    """Empties of one class that came back, at the deposit of the day; each side reads its own."""

    container_owner_id = fields.UUID(required=True)
    creditor_id = fields.UUID(required=True)
    class_code = fields.String(required=True)
    units = fields.Integer(required=True, attribute="quantity")
    unit_cents = fields.Integer(required=True)


class TakenMoneySchema(Schema):
    """Money that was paid at the door for one issuer; its payment waits for that issuer's accounting."""

    issuer_id = fields.UUID(required=True)
    method = fields.String(required=True)
    amount_cents = fields.Integer(required=True)
    rounding_cents = fields.Integer(required=True, metadata={"description": "what five-cent coins add or leave"})
    reference = fields.String(required=True)


class HandRecordSchema(Schema):
    """Who says, at the office, what a tablet did not see: nobody signed it and nothing seals it."""

    by_name = fields.String(required=True)
    delivered_on = fields.Date(required=True, metadata={"description": "all that is known of an earlier day's hour"})
    words = fields.String(required=True)
    recorded_at = fields.AwareDateTime(required=True)
    containers = fields.List(fields.Nested(TakenContainersSchema), required=True)
    collections = fields.List(fields.Nested(TakenMoneySchema), required=True)


class DeliverySchema(Schema):
    """What a customer accepted of one order."""

    id = fields.UUID(required=True)
    order_id = fields.UUID(required=True)
    revision = fields.Integer(required=True, metadata={"description": "a correction is a further revision"})
    seller_id = fields.UUID(required=True)
    buyer_id = fields.UUID(required=True)
    outcome = fields.String(required=True)
    signer_name = fields.String(required=True)
    delivered_at = fields.AwareDateTime(required=True)
    received_at = fields.AwareDateTime(required=True)
    by_hand = fields.Nested(
        HandRecordSchema,
        required=True,
        allow_none=True,
        metadata={"description": "null where a tablet's visit says so"},
    )
    lines = fields.List(fields.Nested(DeliveryLineSchema), required=True)


class DeliveryQuerySchema(PageQuerySchema):
    """Pages, of one order if named."""

    order_id = fields.UUID()


class DiscrepancySchema(Schema):
    """Something that a dispatcher must look at; the delivery itself stands."""

    id = fields.UUID(required=True)
    kind = fields.String(required=True)
    subject_id = fields.UUID(required=True)
    run_id = fields.UUID(required=True, allow_none=True)
    stop_id = fields.UUID(required=True, allow_none=True)
    text_fr = fields.String(required=True)
    text_en = fields.String(required=True)
    state = fields.String(required=True)
    opened_at = fields.AwareDateTime(required=True)
    decided_at = fields.AwareDateTime(required=True, allow_none=True)
    decision = fields.String(required=True)


class DecisionSchema(Schema):
    """What was decided, in words."""

    decision = fields.String(required=True, validate=validate.Length(min=3, max=500))


class DiscrepancyQuerySchema(PageQuerySchema):
    """Pages, of one state if named."""

    state = fields.String(validate=validate.OneOf(["open", "decided"]))
