"""What an order would come to over JSON, with what its total is made of."""

from __future__ import annotations

from marshmallow import fields

from server.billing.schemas import ExplanationSchema
from server.orders.schemas import QuoteSchema


class ExplainedQuoteSchema(QuoteSchema):
    """What an order would come to and why; nothing is kept of it."""

    explained = fields.Nested(ExplanationSchema, required=True)
