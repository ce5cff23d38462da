"""JSON of the catalogue."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from server.catalog.model import ContainerKind, SalesUnit
from server.catalog.prices.model import RuleKind
from server.catalog.prices.service import MAX_LISTED
from server.catalog.service.bounds import (
    MAX_CONTAINERS,
    MAX_LONG_TEXT,
    MAX_NAME,
    MAX_REFERENCE,
    MAX_VOLUME_ML,
    MAX_WEIGHT_G,
    TAX_CODES,
)
from server.catalog.service.containers import MAX_DEPOSIT_CENTS, MAX_NOTE
from server.catalog.service.formats import MAX_AN_ORDER, MAX_AUDIENCE
from server.core.web import QuerySchema, Schema
from server.core.web.limits import MAX_PAGE, PageQuery, day, line, whole

_PRICE = validate.Regexp(r"^[0-9]{1,7}(\.[0-9]{1,4})?\Z")
_BARCODE = 14


def price(**options: Any) -> fields.String:
    """Return a field of an exact decimal with at most 4 decimals, as text."""
    return fields.String(validate=_PRICE, metadata={"description": "exact, at most 4 decimals, as text"}, **options)


def ids(**options: Any) -> fields.List[Any]:
    """Return a field of identifiers, none by default."""
    return fields.List(fields.UUID(), load_default=list, validate=validate.Length(max=MAX_AUDIENCE), **options)


def taxes(**options: Any) -> fields.List[Any]:
    """Return a field of tax codes."""
    codes = fields.String(validate=validate.OneOf(TAX_CODES))
    return fields.List(codes, validate=validate.Length(max=len(TAX_CODES)), **options)


class SaidSchema(Schema):
    """Words in both languages."""

    fr = fields.String(required=True)
    en = fields.String(required=True)


class ProductWordsSchema(Schema):
    """What a product says of itself."""

    name_fr = line(longest=MAX_NAME, required=True)
    name_en = line(longest=MAX_NAME, required=True)
    style = line(longest=MAX_NAME, load_default="")
    reference = line(longest=MAX_REFERENCE, load_default="")
    description_fr = line(longest=MAX_LONG_TEXT, load_default="")
    description_en = line(longest=MAX_LONG_TEXT, load_default="")
    tax_codes = taxes(load_default=lambda: list(TAX_CODES))


class FormatFiguresSchema(Schema):
    """All that a format says; ``tax_codes`` null leaves the taxes to the product."""

    name_fr = line(longest=MAX_NAME, required=True)
    name_en = line(longest=MAX_NAME, required=True)
    reference = line(longest=MAX_REFERENCE, load_default="")
    sales_unit = fields.Enum(SalesUnit, by_value=True, required=True)
    unit_price = price(required=True)
    weight_g = whole(most=MAX_WEIGHT_G, required=True)
    container_class_id = fields.UUID(load_default=None, allow_none=True)
    container_ml = whole(most=MAX_VOLUME_ML, load_default=0)
    units_a_pack = whole(least=1, most=MAX_CONTAINERS, load_default=1)
    packs_a_unit = whole(least=1, most=MAX_CONTAINERS, load_default=1)
    volume_ml = whole(most=MAX_VOLUME_ML, load_default=0)
    tax_codes = taxes(load_default=None, allow_none=True)
    barcode = line(longest=_BARCODE, load_default="")
    pack_barcode = line(longest=_BARCODE, load_default="")
    container_barcode = line(longest=_BARCODE, load_default="")
    unlimited = fields.Boolean(load_default=True)
    listed = fields.Boolean(load_default=True)
    group_ids = ids()
    buyer_ids = ids()
    max_an_order = whole(least=1, most=MAX_AN_ORDER, load_default=None, allow_none=True)


class FormatSchema(FormatFiguresSchema):
    """A format as it is kept."""

    id = fields.UUID(required=True)
    product_id = fields.UUID(required=True)
    containers_a_unit = fields.Integer(required=True)
    own_taxes = fields.Boolean(required=True)
    archived_at = fields.AwareDateTime(required=True, allow_none=True)


class ProductSchema(ProductWordsSchema):
    """A product with its formats."""

    id = fields.UUID(required=True)
    archived_at = fields.AwareDateTime(required=True, allow_none=True)
    formats = fields.List(fields.Nested(FormatSchema), required=True)


class ProductPageSchema(Schema):
    """A page of the list."""

    products = fields.List(fields.Nested(ProductSchema), required=True, validate=validate.Length(max=MAX_PAGE))
    total = fields.Integer(required=True)


class ProductQuery(QuerySchema):
    """What narrows the list of products."""

    q = line(longest=80, load_default="")
    archived = fields.Boolean(load_default=False)
    page = whole(least=1, most=1000, load_default=1)


class ArchiveSchema(Schema):
    """Put away, or brought back."""

    archived = fields.Boolean(required=True)


class ClassWordsSchema(Schema):
    """What a container class is called, and whether its deposit is taxed: then who decided it."""

    name_fr = line(longest=MAX_NAME, required=True)
    name_en = line(longest=MAX_NAME, required=True)
    taxable = fields.Boolean(load_default=False)
    decided_by = line(longest=MAX_NOTE, load_default="")


class DatedDepositSchema(Schema):
    """A deposit from a day on."""

    unit_cents = whole(most=MAX_DEPOSIT_CENTS, required=True)
    valid_from = day(required=True)


class NewClassSchema(ClassWordsSchema, DatedDepositSchema):
    """A container class with its first deposit."""

    code = fields.String(required=True, validate=validate.Regexp(r"^[a-z0-9_]{1,40}\Z"))
    kind = fields.Enum(ContainerKind, by_value=True, required=True)


class ClassSchema(ClassWordsSchema):
    """A container class with its deposits, the newest first."""

    id = fields.UUID(required=True)
    owner_id = fields.UUID(required=True)
    code = fields.String(required=True)
    kind = fields.Enum(ContainerKind, by_value=True, required=True)
    deposits = fields.List(fields.Nested(DatedDepositSchema), required=True)


class ListPriceSchema(Schema):
    """What a list asks for one sales unit of a format."""

    format_id = fields.UUID(required=True)
    unit_price = price(required=True)


class RuleTermsSchema(Schema):
    """A price list, a discount or a promotion, for whom, on what and when."""

    kind = fields.Enum(RuleKind, by_value=True, required=True)
    name_fr = line(longest=MAX_NAME, required=True)
    name_en = line(longest=MAX_NAME, required=True)
    reference = line(longest=MAX_REFERENCE, load_default="")
    group_ids = ids()
    buyer_ids = ids()
    format_ids = ids()
    percent_off = price(load_default=None, allow_none=True)
    amount_off = price(load_default=None, allow_none=True)
    fixed_price = price(load_default=None, allow_none=True)
    min_quantity = whole(least=1, most=MAX_AN_ORDER, load_default=1)
    valid_from = day(required=True)
    valid_until = day(load_default=None, allow_none=True)
    prices = fields.List(fields.Nested(ListPriceSchema), load_default=list, validate=validate.Length(max=MAX_LISTED))


class RuleSchema(RuleTermsSchema):
    """A rule as it is kept."""

    id = fields.UUID(required=True)
    set_by = fields.String(required=True)
    set_at = fields.AwareDateTime(required=True)
    archived_at = fields.AwareDateTime(required=True, allow_none=True)


class RuleQuery(PageQuery):
    """What narrows the list of rules."""

    kind = fields.Enum(RuleKind, by_value=True, load_default=None)
    archived = fields.Boolean(load_default=False)


class AllocationTermsSchema(Schema):
    """How much of a scarce format each client of an audience may order over some days."""

    format_id = fields.UUID(required=True)
    group_ids = ids()
    buyer_ids = ids()
    quantity = whole(most=MAX_AN_ORDER, required=True)
    valid_from = day(required=True)
    valid_until = day(required=True)


class AllocationSchema(AllocationTermsSchema):
    """An allocation as it is kept."""

    id = fields.UUID(required=True)
    set_by = fields.String(required=True)
    set_at = fields.AwareDateTime(required=True)


class OfferQuery(QuerySchema):
    """Whose offer, and what is looked for in it."""

    seller_id = fields.UUID(required=True)
    q = line(longest=80, load_default="")
    page = whole(least=1, most=1000, load_default=1)


class OfferStepSchema(Schema):
    """One step of a price."""

    kind = fields.String(required=True)
    name = fields.Nested(SaidSchema, required=True)
    change = fields.String(required=True)
    unit_price = fields.String(required=True)
    valid_from = fields.Date(required=True, allow_none=True)
    valid_until = fields.Date(required=True, allow_none=True)


class LaterSchema(Schema):
    """What so many sales units cost each."""

    quantity = fields.Integer(required=True)
    unit_price = fields.String(required=True)


class OfferedSchema(Schema):
    """A format that the caller may order, at its own price."""

    format_id = fields.UUID(required=True)
    name = fields.Nested(SaidSchema, required=True)
    description = fields.Nested(SaidSchema, required=True)
    style = fields.String(required=True)
    sales_unit = fields.String(required=True)
    barcode = fields.String(required=True)
    unit_price = fields.String(required=True)
    base_price = fields.String(required=True)
    steps = fields.List(fields.Nested(OfferStepSchema), required=True)
    later = fields.List(
        fields.Nested(LaterSchema), required=True, metadata={"description": "what larger quantities bring"}
    )
    deposit_cents = fields.Integer(required=True)
    max_an_order = fields.Integer(required=True, allow_none=True)
    allocation = fields.Integer(required=True, allow_none=True)
    allocation_left = fields.Integer(
        required=True, allow_none=True, metadata={"description": "what may still be ordered of it"}
    )
    allocation_until = fields.Date(required=True, allow_none=True)
    tax_codes = fields.List(fields.String(), required=True)


class OfferPageSchema(Schema):
    """A page of an offer."""

    offered = fields.List(fields.Nested(OfferedSchema), required=True)
    total = fields.Integer(required=True)


class ImportSchema(Schema):
    """A CSV file as text."""

    content = fields.String(required=True, validate=validate.Length(max=4_000_000))
    dry_run = fields.Boolean(load_default=True)
