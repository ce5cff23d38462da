"""JSON of the inbox."""

from __future__ import annotations

from marshmallow import fields, validate

from server.core.web import QuerySchema, Schema
from server.core.web.limits import printable
from server.core.web.paging import PageQuerySchema
from server.notifications.model import SendingState

MOST_CHOICES = 50


class InboxMessageSchema(Schema):
    """Something that the organisation should know."""

    id = fields.UUID(required=True)
    kind = fields.String(required=True)
    subject_id = fields.UUID(required=True)
    title_fr = fields.String(required=True)
    title_en = fields.String(required=True)
    text_fr = fields.String(required=True)
    text_en = fields.String(required=True)
    link = fields.String(required=True)
    arrived_at = fields.AwareDateTime(required=True)
    read_at = fields.AwareDateTime(required=True, allow_none=True)


class InboxQuerySchema(PageQuerySchema):
    """Pages, of unread messages alone if asked."""

    unread = fields.Boolean(load_default=False)


class ChoiceSchema(Schema):
    """Whether one hears of an event, in the application and by e-mail."""

    event = fields.String(required=True, validate=[validate.Length(max=60), printable])
    in_app = fields.Boolean(load_default=True)
    by_email = fields.Boolean(required=True)


class ChoicesSchema(Schema):
    """One's own choices, and those of the organisation's address."""

    mine = fields.List(fields.Nested(ChoiceSchema), load_default=list, validate=validate.Length(max=MOST_CHOICES))
    organisation = fields.List(
        fields.Nested(ChoiceSchema), load_default=list, validate=validate.Length(max=MOST_CHOICES)
    )


class NewEndpointSchema(Schema):
    """Where to call."""

    url = fields.String(required=True, validate=[validate.Length(min=1, max=500), printable])


class EndpointSchema(Schema):
    """A webhook; suspended after three calls in a row were given up."""

    id = fields.UUID(required=True)
    url = fields.String(required=True)
    rotated_at = fields.AwareDateTime(required=True, allow_none=True)
    suspended_at = fields.AwareDateTime(required=True, allow_none=True)
    disabled_at = fields.AwareDateTime(required=True, allow_none=True)


class EndpointSecretsSchema(EndpointSchema):
    """A webhook with the secrets that sign its calls."""

    secret = fields.String(required=True)
    former_secret = fields.String(required=True, allow_none=True)
    former_good_until = fields.AwareDateTime(required=True, allow_none=True)


class CallSchema(Schema):
    """One call of a webhook; ``key`` is its Idempotency-Key."""

    id = fields.UUID(required=True)
    endpoint_id = fields.UUID(required=True)
    key = fields.String(required=True)
    event = fields.String(required=True)
    state = fields.Enum(SendingState, by_value=True, required=True)
    tries = fields.Integer(required=True)
    next_try_at = fields.AwareDateTime(required=True)
    last_try_at = fields.AwareDateTime(required=True, allow_none=True)
    last_status = fields.Integer(required=True, allow_none=True)
    last_error_fr = fields.String(required=True)
    last_error_en = fields.String(required=True)
    made_at = fields.AwareDateTime(required=True)
    sent_at = fields.AwareDateTime(required=True, allow_none=True)


class CallPageSchema(Schema):
    """Calls, newest first; ``before`` asks for the next page, and is null on the last one."""

    calls = fields.List(fields.Nested(CallSchema), required=True)
    before = fields.UUID(required=True, allow_none=True)


class CallQuerySchema(QuerySchema):
    """Which calls to show."""

    webhook_id = fields.UUID()
    state = fields.Enum(SendingState, by_value=True)
    event = fields.String(validate=[validate.Length(max=60), printable])
    before = fields.UUID()
    limit = fields.Integer(load_default=50, validate=validate.Range(min=1, max=200))


class RetriedSchema(Schema):
    """How many calls are tried again."""

    retried = fields.Integer(required=True)
