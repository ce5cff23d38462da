"""JSON of papers."""

from __future__ import annotations

from marshmallow import fields

from server.core.web import Schema
from server.core.web.paging import PageQuerySchema


class DocumentSchema(Schema):
    """One paper: frozen bytes under their sha256."""

    id = fields.UUID(required=True)
    kind = fields.String(required=True)
    subject_id = fields.UUID(required=True)
    order_id = fields.UUID(required=True, allow_none=True)
    run_id = fields.UUID(required=True, allow_none=True)
    language = fields.String(required=True)
    revision = fields.Integer(required=True)
    name = fields.String(required=True)
    media_type = fields.String(required=True)
    sha256 = fields.String(required=True)
    size_bytes = fields.Integer(required=True)
    made_at = fields.AwareDateTime(required=True)


class DocumentQuerySchema(PageQuerySchema):
    """Pages, of one order or run if named."""

    order_id = fields.UUID()
    run_id = fields.UUID()
