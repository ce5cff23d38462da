"""JSON of tablets' streams and of the end of a run."""

from __future__ import annotations

from marshmallow import fields, validate

from server.core.web import Schema
from server.core.web.limits import printable

LEAST_REASON, MOST_REASON = 10, 1000


class SentenceSchema(Schema):
    """One sentence in French and English."""

    fr = fields.String(required=True)
    en = fields.String(required=True)


class StandingSchema(Schema):
    """A tablet's stream: how far the office has it, and how far the tablet said that it goes."""

    device_id = fields.UUID(required=True, attribute="device.id")
    name = fields.String(required=True, attribute="device.name")
    driver_name = fields.String(required=True, attribute="device.driver_name")
    revoked_at = fields.AwareDateTime(required=True, allow_none=True, attribute="device.revoked_at")
    state = fields.String(
        required=True,
        validate=validate.OneOf(("unheard", "open", "forked", "retired")),
    )
    last_seq = fields.Integer(required=True)
    announced_seq = fields.Integer(required=True)
    missing = fields.Integer(required=True)
    heard_at = fields.AwareDateTime(required=True, allow_none=True)
    parked = fields.Integer(required=True)
    strays = fields.Integer(required=True, metadata={"description": "quarantined batches of another branch"})
    strays_refused = fields.Integer(required=True, metadata={"description": "batches that found it full"})


class RetirementSchema(Schema):
    """Why one decides so, in one's own words."""

    note = fields.String(required=True, validate=[validate.Length(min=LEAST_REASON, max=MOST_REASON), printable])


class WaiverRequestSchema(Schema):
    """A written reason."""

    reason = fields.String(required=True, validate=[validate.Length(min=LEAST_REASON, max=MOST_REASON), printable])


class StraySchema(Schema):
    """A quarantined batch: ``push`` is the message as the tablet sent it."""

    id = fields.UUID(required=True)
    from_seq = fields.Integer(required=True)
    last_seq = fields.Integer(required=True)
    head = fields.String(required=True)
    sha256 = fields.String(required=True)
    size_bytes = fields.Integer(required=True)
    received_at = fields.AwareDateTime(required=True)


class RunTabletSchema(Schema):
    """A tablet that had a run, and why the run waits for it."""

    device_id = fields.UUID(required=True)
    name = fields.String(required=True)
    driver_name = fields.String(required=True)
    last_seq = fields.Integer(required=True)
    announced_seq = fields.Integer(required=True)
    missing = fields.Integer(required=True)
    heard_at = fields.AwareDateTime(required=True, allow_none=True)
    waits = fields.Nested(SentenceSchema, required=True, allow_none=True)


class WaiverSchema(Schema):
    """An administrator's word that the run does not wait."""

    reason = fields.String(required=True)
    missing = fields.List(fields.Nested(SentenceSchema), required=True)
    waived_by = fields.UUID(required=True)
    waived_at = fields.AwareDateTime(required=True)


class WholenessSchema(Schema):
    """Whether a run is all at the office."""

    is_whole = fields.Boolean(required=True)
    reasons = fields.List(fields.Nested(SentenceSchema), required=True)
    parked = fields.Integer(required=True)
    tablets = fields.List(fields.Nested(RunTabletSchema), required=True)
    waiver = fields.Nested(WaiverSchema, required=True, allow_none=True)
