"""JSON of stock: levels, movements, transfers, container accounts."""

from __future__ import annotations

from marshmallow import fields, validate

from server.catalog.schemas import SaidSchema
from server.core.web import QuerySchema, Schema
from server.core.web.limits import PageQuery, line, whole
from server.stock.model import StockPlace, StockReason, TransferState
from server.stock.service.keeping import MAX_NOTE
from server.stock.service.moving import MAX_MOVED
from server.stock.service.transferring import MAX_LINES

_KEEPER = {"description": "who keeps the warehouse; null is the seller itself"}
_SELLER = {"description": "whose goods; a supplier's own without it"}


class StockQuery(QuerySchema):
    """Whose stock."""

    seller_id = fields.UUID(load_default=None, metadata=_SELLER)


class KeptSchema(Schema):
    """What one keeper's warehouse has."""

    keeper_id = fields.UUID(required=True, allow_none=True, metadata=_KEEPER)
    quantity = fields.Integer(required=True)


class LevelSchema(Schema):
    """What there is of a format in sales units; ``in_hand`` = ``reserved`` + ``available``."""

    format_id = fields.UUID(required=True)
    name = fields.Nested(SaidSchema, required=True)
    unlimited = fields.Boolean(required=True)
    kept = fields.List(fields.Nested(KeptSchema), required=True)
    on_trucks = fields.Integer(required=True)
    in_transit = fields.Integer(required=True)
    in_hand = fields.Integer(required=True)
    reserved = fields.Integer(required=True)
    available = fields.Integer(required=True, metadata={"description": "negative when more is promised than there is"})


class AdjustmentSchema(Schema):
    """What happened to a format where it is kept. A repeated ``key`` adjusts once.

    ``quantity`` is what is there for a count, what came for ``received``, what went for breakage, expiry and samples,
    and either, by its sign, for ``other``, which says why in its note.
    """

    key = fields.UUID(required=True)
    seller_id = fields.UUID(load_default=None, metadata=_SELLER)
    format_id = fields.UUID(required=True)
    keeper_id = fields.UUID(load_default=None, allow_none=True, metadata=_KEEPER)
    reason = fields.Enum(StockReason, by_value=True, required=True)
    quantity = whole(least=-MAX_MOVED, most=MAX_MOVED, required=True)
    note = line(longest=MAX_NOTE, load_default="")


class AdjustedSchema(Schema):
    """The change that an adjustment made, and what there is now."""

    change = fields.Integer(required=True)
    level = fields.Nested(LevelSchema, required=True)


class MovesQuery(PageQuery):
    """Which movements."""

    format_id = fields.UUID(load_default=None)


class MoveSchema(Schema):
    """Goods from one place to another; the keeper of a warehouse is null where it is the seller."""

    id = fields.UUID(required=True)
    seller_id = fields.UUID(required=True, attribute="owner_id")
    format_id = fields.UUID(required=True)
    quantity = fields.Integer(required=True)
    source = fields.Enum(StockPlace, by_value=True, required=True)
    source_keeper_id = fields.UUID(required=True, allow_none=True)
    target = fields.Enum(StockPlace, by_value=True, required=True)
    target_keeper_id = fields.UUID(required=True, allow_none=True)
    reason = fields.Enum(StockReason, by_value=True, required=True)
    note = fields.String(required=True)
    moved_by = fields.String(required=True)
    moved_at = fields.AwareDateTime(required=True)


class TransfersQuery(PageQuery):
    """Which transfers."""

    state = fields.Enum(TransferState, by_value=True, load_default=None)


class SentLineSchema(Schema):
    """So much of a format."""

    format_id = fields.UUID(required=True)
    quantity = whole(least=1, most=MAX_MOVED, required=True)


class NewTransferSchema(Schema):
    """What goes from one keeper to another. A repeated ``key`` sends once."""

    key = fields.UUID(required=True)
    seller_id = fields.UUID(load_default=None, metadata=_SELLER)
    source_keeper_id = fields.UUID(load_default=None, allow_none=True, metadata=_KEEPER)
    target_keeper_id = fields.UUID(load_default=None, allow_none=True, metadata=_KEEPER)
    lines = fields.List(fields.Nested(SentLineSchema), required=True, validate=validate.Length(min=1, max=MAX_LINES))
    note = line(longest=MAX_NOTE, load_default="")


class ArrivedLineSchema(Schema):
    """How much of a format arrived."""

    format_id = fields.UUID(required=True)
    quantity = whole(most=MAX_MOVED, required=True)


class ArrivedSchema(Schema):
    """What arrived; a format that is left out arrived whole."""

    lines = fields.List(fields.Nested(ArrivedLineSchema), load_default=list, validate=validate.Length(max=MAX_LINES))


class TransferLineSchema(Schema):
    """How much was sent and, once accepted, how much arrived."""

    format_id = fields.UUID(required=True)
    quantity = fields.Integer(required=True)
    accepted = fields.Integer(required=True, allow_none=True)


class TransferSchema(Schema):
    """Goods on their way between two keepers; null is the seller itself."""

    id = fields.UUID(required=True)
    seller_id = fields.UUID(required=True)
    source_keeper_id = fields.UUID(required=True, allow_none=True)
    target_keeper_id = fields.UUID(required=True, allow_none=True)
    state = fields.Enum(TransferState, by_value=True, required=True)
    lines = fields.List(fields.Nested(TransferLineSchema), required=True)
    note = fields.String(required=True)
    sent_by = fields.String(required=True)
    sent_at = fields.AwareDateTime(required=True)
    ended_by = fields.String(required=True)
    ended_at = fields.AwareDateTime(required=True, allow_none=True)


class ContainerAccountSchema(Schema):
    """How many containers of a class a holder has of their owner's, and what their deposits come to today (C30)."""

    owner_id = fields.UUID(required=True)
    class_id = fields.UUID(required=True)
    holder_id = fields.UUID(required=True)
    quantity = fields.Integer(required=True)
    deposit_cents = fields.Integer(required=True, allow_none=True, metadata={"description": "null without a price"})
