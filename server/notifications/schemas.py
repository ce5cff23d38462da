"""JSON of the inbox."""

from __future__ import annotations

from marshmallow import fields

from server.core.web import Schema
from server.core.web.paging import PageQuerySchema


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
