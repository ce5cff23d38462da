"""JSON of orders."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from server.catalog.prices.steps import StepKind
from server.core.web import Schema
from server.core.web.limits import MAX_PAGE, PageQuery, day, line, whole
from server.orders.listing import Bucket
from server.orders.model import DistributionMethod, LineKind, RequestKind, RequestState
from server.orders.service.creating import MAX_NOTE
from server.orders.service.deciding import MAX_REASON
from server.orders.service.fulfilling import MAX_OUTSIDE_NUMBER
from server.orders.service.lines import MAX_DESCRIPTION, MAX_QUANTITY
from server.orders.service.lots import MAX_LOT, MAX_LOTS
from server.orders.service.rebates import MAX_REBATES
from server.orders.service.rebates import MAX_WORDS as MAX_REBATE_WORDS
from server.orders.service.requesting import MAX_REQUEST
from server.parties.model import BillingType, DeliverWith, Emission
from shared.states import OrderState
from shared.wire.limits import MAX_LINES_AN_ORDER

MAX_CENTS = 10**11
MAX_TAXES = 6


def price(**options: Any) -> fields.String:
    """Return a field of an exact unit price, as text."""
    return fields.String(
        validate=validate.Regexp(r"^[0-9]{1,7}(\.[0-9]{1,4})?\Z"),
        metadata={"description": "an exact decimal with at most 4 decimals, as text"},
        **options,
    )


def tax_codes(**options: Any) -> fields.List[Any]:
    """Return a field of the taxes that somebody chooses, by code; counted are those that the issuer charges."""
    return fields.List(line(longest=20), validate=validate.Length(max=MAX_TAXES), **options)


class ItemSchema(Schema):
    """One line: of a format (``format_id``), kept from the order (``line_id``), or in words with a price (R059).

    Without ``unit_price`` the line's own or the format's holds, and so without ``tax_codes``.
    """

    format_id = fields.UUID(load_default=None, allow_none=True)
    line_id = fields.UUID(load_default=None, allow_none=True)
    kind = fields.Enum(LineKind, by_value=True, load_default=LineKind.GOODS)
    words = line(longest=MAX_DESCRIPTION, load_default="")
    quantity = whole(least=1, most=MAX_QUANTITY, required=True)
    discount_cents = whole(most=MAX_CENTS, load_default=0)
    with_discounts = fields.Boolean(
        load_default=True, metadata={"description": "false leaves out discounts and promotions; the list still counts"}
    )
    unit_price = price(load_default=None, allow_none=True)
    tax_codes = tax_codes(load_default=None, allow_none=True)


class RebateSchema(Schema):
    """An amount off the lines that carry exactly these taxes (R059)."""

    words = line(longest=MAX_REBATE_WORDS, required=True)
    amount_cents = whole(least=1, most=MAX_CENTS, required=True)
    tax_codes = tax_codes(required=True)


class LineLotsSchema(Schema):
    """The lots of one line; an empty list takes them away."""

    line_id = fields.UUID(required=True)
    lots = fields.List(line(longest=MAX_LOT), required=True, validate=validate.Length(max=MAX_LOTS))


class LotsSchema(Schema):
    """Which lots the goods of an order's lines are from."""

    lines = fields.List(
        fields.Nested(LineLotsSchema), required=True, validate=validate.Length(min=1, max=MAX_LINES_AN_ORDER)
    )


class ContentSchema(Schema):
    """What is ordered, and what is taken off it."""

    items = fields.List(
        fields.Nested(ItemSchema), required=True, validate=validate.Length(min=1, max=MAX_LINES_AN_ORDER)
    )
    document_discount_cents = whole(most=MAX_CENTS, load_default=0)
    rebates = fields.List(fields.Nested(RebateSchema), load_default=list, validate=validate.Length(max=MAX_REBATES))
    taxed = fields.Boolean(load_default=True)
    with_deposits = fields.Boolean(load_default=True)


class RevisionSchema(ContentSchema):
    """The whole new content; with ``revision`` the order must still be the one that was read."""

    note = line(longest=MAX_NOTE, load_default=None, allow_none=True)
    revision = whole(least=1, most=MAX_CENTS, load_default=None, allow_none=True)


class NewOrderSchema(ContentSchema):
    """A draft order: who it is between, what is ordered, how it travels. ``key`` makes a repeated request one order."""

    key = fields.UUID(load_default=None, allow_none=True)
    seller_id = fields.UUID(required=True)
    buyer_id = fields.UUID(required=True)
    site_id = fields.UUID(required=True)
    carrier_id = fields.UUID(load_default=None, allow_none=True)
    agent_id = fields.UUID(load_default=None, allow_none=True)
    distribution = fields.Enum(DistributionMethod, by_value=True, load_default=DistributionMethod.DISTRIBUTOR)
    billing_type = fields.Enum(BillingType, by_value=True, load_default=None, allow_none=True)
    emission = fields.Enum(Emission, by_value=True, load_default=None, allow_none=True)
    deliver_with = fields.Enum(DeliverWith, by_value=True, load_default=None, allow_none=True)
    one_invoice_a_stop = fields.Boolean(load_default=None, allow_none=True)
    wanted_on = day(load_default=None, allow_none=True, metadata={"description": "a wish; no date follows it"})
    planned_on = day(
        load_default=None, allow_none=True, metadata={"description": "from the seller's side or the carrier alone"}
    )
    note = line(longest=MAX_NOTE, load_default="")


class SeenSchema(Schema):
    """What the caller read: with ``revision`` the order must still be that one. Nothing needs to be sent."""

    revision = whole(least=1, most=MAX_CENTS, load_default=None, allow_none=True)


class AcceptSchema(SeenSchema):
    """The billing type, and whether the agent's invoice is one for the stop, may still be chosen (R012, C15).

    ``wanted_on`` confirms the day that was wished for, or agrees to another one; the buyer is told.
    """

    billing_type = fields.Enum(BillingType, by_value=True, load_default=None, allow_none=True)
    one_invoice_a_stop = fields.Boolean(load_default=None, allow_none=True)
    wanted_on = day(load_default=None, allow_none=True)


class BillingSchema(SeenSchema):
    """How an order is billed from now on (R012); without ``one_invoice_a_stop`` that stays, or follows the terms."""

    billing_type = fields.Enum(BillingType, by_value=True, required=True)
    one_invoice_a_stop = fields.Boolean(load_default=None, allow_none=True)


class ReliefSchema(SeenSchema):
    """Whether an order has its taxes and its deposits."""

    taxed = fields.Boolean(required=True)
    with_deposits = fields.Boolean(required=True)


class GivenReasonSchema(Schema):
    """Why, in words that the other parties read."""

    reason = line(longest=MAX_REASON, required=True)


class DeliverWithSchema(Schema):
    """The paper that goes along (R013)."""

    deliver_with = fields.Enum(DeliverWith, by_value=True, required=True)


class AskSchema(Schema):
    """What the retailer asks its seller for (C13)."""

    kind = fields.Enum(RequestKind, by_value=True, required=True)
    words = line(longest=MAX_REQUEST, required=True)


class AnswerSchema(Schema):
    """Why a request is declined."""

    answer = line(longest=MAX_REQUEST, required=True)


class OutsideInvoiceSchema(Schema):
    """The invoice that the seller made in its own system (R010)."""

    number = line(longest=MAX_OUTSIDE_NUMBER, required=True)
    issued_on = day(required=True)


class MessageTextSchema(Schema):
    """What somebody says. ``key`` makes a repeated request one message."""

    key = fields.UUID(load_default=None, allow_none=True)
    text = line(longest=4000, required=True)


class PartySchema(Schema):
    """One party of an order; the name is empty for one whom the caller does not know."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)


class WordsSchema(Schema):
    """Words in both languages."""

    fr = fields.String(required=True)
    en = fields.String(required=True)


class PriceStepSchema(Schema):
    """One step of a price: base price, list, discount, promotion, or a price that somebody typed."""

    kind = fields.Enum(StepKind, by_value=True, required=True)
    name = fields.Nested(WordsSchema, required=True)
    change = fields.String(required=True, metadata={"description": "what was taken off: '10 %' or '1.5000'"})
    unit_price = fields.String(required=True)
    rule_id = fields.UUID(required=True, allow_none=True)
    valid_from = fields.Date(required=True, allow_none=True)
    valid_until = fields.Date(required=True, allow_none=True)
    set_by = fields.String(required=True)
    set_at = fields.AwareDateTime(required=True, allow_none=True)


class OrderLineSchema(Schema):
    """A line as it was frozen. Amounts are null for a driver whose order travels without prices (C29)."""

    id = fields.UUID(required=True)
    position = fields.Integer(required=True)
    kind = fields.String(required=True)
    format_id = fields.UUID(required=True, allow_none=True)
    description = fields.Nested(WordsSchema, required=True)
    sales_unit = fields.String(required=True)
    quantity = fields.Integer(required=True)
    lots = fields.List(fields.String(), required=True)
    unit_price = fields.String(required=True, allow_none=True)
    price_steps = fields.List(
        fields.Nested(PriceStepSchema),
        required=True,
        metadata={"description": "how the unit price came to be, frozen with the line; empty without prices (C29)"},
    )
    discount_cents = fields.Integer(required=True, allow_none=True)
    rebate_cents = fields.Integer(required=True, allow_none=True, metadata={"description": "its share of rebates"})
    tax_codes = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "what it bears; in the total are those among the order's charged_taxes (C28)"},
    )
    container_code = fields.String(required=True)
    containers_a_unit = fields.Integer(required=True)
    deposit_unit_cents = fields.Integer(required=True, allow_none=True)


class ListedOrderSchema(Schema):
    """An order as a list shows it."""

    id = fields.UUID(required=True)
    number = fields.String(required=True)
    state = fields.String(required=True)
    state_label = fields.Nested(WordsSchema, required=True)
    billing_state = fields.String(required=True)
    billing_type = fields.String(required=True)
    is_billed_outside = fields.Boolean(required=True, metadata={"description": "shown as a badge (R008)"})
    emission = fields.String(required=True)
    deliver_with = fields.String(required=True)
    one_invoice_a_stop = fields.Boolean(required=True)
    settlement_policy = fields.String(required=True)
    distribution = fields.String(required=True)
    delivery_bucket = fields.String(required=True, validate=validate.OneOf([bucket.value for bucket in Bucket]))
    billing_bucket = fields.String(required=True, validate=validate.OneOf([bucket.value for bucket in Bucket]))
    next_step = fields.Nested(WordsSchema, required=True)
    progress = fields.Integer(required=True, metadata={"description": "steps taken of 5"})
    seller = fields.Nested(PartySchema, required=True)
    buyer = fields.Nested(PartySchema, required=True)
    carrier = fields.Nested(PartySchema, required=True, allow_none=True)
    issuer = fields.Nested(PartySchema, required=True, allow_none=True)
    site_id = fields.UUID(required=True)
    planned_on = fields.Date(required=True, allow_none=True)
    wanted_on = fields.Date(required=True, allow_none=True)
    submitted_at = fields.AwareDateTime(required=True)
    accepted_at = fields.AwareDateTime(required=True, allow_none=True)
    delivered_at = fields.AwareDateTime(required=True, allow_none=True)
    currency = fields.String(required=True)
    net_cents = fields.Integer(required=True, allow_none=True)
    tax_cents = fields.Integer(required=True, allow_none=True)
    deposit_cents = fields.Integer(required=True, allow_none=True)
    total_cents = fields.Integer(required=True, allow_none=True)
    revision = fields.Integer(required=True)
    supplement_of_id = fields.UUID(required=True, allow_none=True)
    outside_invoice_number = fields.String(required=True)


class OrderSchema(ListedOrderSchema):
    """An order with its lines."""

    note = fields.String(required=True)
    agent = fields.Nested(PartySchema, required=True, allow_none=True)
    created_by_name = fields.String(required=True)
    created_by = fields.Nested(PartySchema, required=True, metadata={"description": "who made it (R036)"})
    created_for = fields.Nested(PartySchema, required=True, metadata={"description": "the retailer it is for (R036)"})
    document_discount_cents = fields.Integer(required=True, allow_none=True)
    taxed = fields.Boolean(required=True)
    with_deposits = fields.Boolean(required=True)
    charged_taxes = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "the taxes that its issuer was registered for when its total was last reckoned"},
    )
    rebates = fields.List(fields.Nested(RebateSchema), required=True, allow_none=True)
    lines = fields.List(fields.Nested(OrderLineSchema), required=True)


class RequestSchema(Schema):
    """What a retailer asked for, and the answer."""

    id = fields.UUID(required=True)
    kind = fields.Enum(RequestKind, by_value=True, required=True)
    words = fields.String(required=True)
    state = fields.Enum(RequestState, by_value=True, required=True)
    asked_by_name = fields.String(required=True)
    asked_at = fields.AwareDateTime(required=True)
    answered_at = fields.AwareDateTime(required=True, allow_none=True)
    answer = fields.String(required=True)


class QuoteSchema(Schema):
    """What an order would come to; nothing is kept of it."""

    nets = fields.List(fields.Integer(), required=True, metadata={"description": "cents by item, in their order"})
    net_cents = fields.Integer(required=True)
    tax_cents = fields.Integer(required=True)
    deposit_cents = fields.Integer(required=True)
    total_cents = fields.Integer(required=True)
    currency = fields.String(required=True)
    items = fields.Integer(required=True)
    min_items = fields.Integer(required=True)
    min_value_cents = fields.Integer(required=True)
    warnings = fields.List(fields.Nested(WordsSchema), required=True)


class OrderPageSchema(Schema):
    """A page of a list."""

    orders = fields.List(fields.Nested(ListedOrderSchema), required=True, validate=validate.Length(max=MAX_PAGE))
    total = fields.Integer(required=True)
    offset = fields.Integer(required=True)


class OrderQuery(PageQuery):
    """What narrows the list of orders (R029)."""

    state = fields.Enum(OrderState, by_value=True, load_default=None)
    delivery_bucket = fields.Enum(Bucket, by_value=True, load_default=None)
    billing_bucket = fields.Enum(Bucket, by_value=True, load_default=None)
    seller_id = fields.UUID(load_default=None)
    buyer_id = fields.UUID(load_default=None)
    carrier_id = fields.UUID(load_default=None)
    planned_on = day(load_default=None)
    number = line(longest=60, load_default="")
    to_invoice_outside = fields.Boolean(load_default=False)


class EntrySchema(Schema):
    """One line of an order's timeline."""

    kind = fields.String(required=True)
    text = fields.Nested(WordsSchema, required=True)
    by_system = fields.Boolean(required=True)
    at = fields.AwareDateTime(required=True)


class MessageSchema(Schema):
    """What was said on an order."""

    id = fields.UUID(required=True)
    author_name = fields.String(required=True)
    text = fields.Nested(WordsSchema, required=True)
    said_at = fields.AwareDateTime(required=True)
