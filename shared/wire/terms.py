"""What binds a delivery: an order's goods and prices, frozen when its run's bundle was made.

The terms' hash covers both halves by their hashes, so that a tablet that may not see prices (an order delivered
with a purchase order, C29) still checks and cites the whole.
"""

from __future__ import annotations

import hashlib
from typing import Literal

import msgspec

from shared.canonical import canonical_bytes
from shared.wire.limits import (
    Cents,
    Code,
    ExactDecimal,
    Identifier,
    Quantity,
    Sha256,
    Short,
)

type BillingType = Literal["platform", "external", "agent"]
type DeliverWith = Literal["po", "invoice"]
type SettlementPolicy = Literal["adjust", "credit", "none"]
type InvoiceStanding = Literal["none", "provisional", "published"]


class _Terms(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Frozen, keyword-only, strict."""


class GoodsLine(_Terms, frozen=True, kw_only=True):
    """One line as ordered. ``unit`` is the sales unit (case, keg, unit)."""

    line_id: Identifier
    description_fr: Short
    description_en: Short
    unit: Code
    quantity: Quantity
    barcode: Short = ""


class Goods(_Terms, frozen=True, kw_only=True):
    """The half of the terms that every driver sees."""

    order_id: Identifier
    order_number: Short
    seller_id: Identifier
    buyer_id: Identifier
    issuer_id: Identifier
    billing_type: BillingType
    deliver_with: DeliverWith
    settlement_policy: SettlementPolicy
    lines: tuple[GoodsLine, ...] = msgspec.field(default=())


class Deposit(_Terms, frozen=True, kw_only=True):
    """Container deposits inside one sales unit: ``containers`` of one class at its price of the day."""

    container_class: Code
    containers: Quantity
    unit_cents: Cents
    taxable: bool


class PriceLine(_Terms, frozen=True, kw_only=True):
    """A line's exact unit price (up to 4 decimals), its whole-line discount, its taxes and deposits."""

    line_id: Identifier
    unit_price: ExactDecimal
    discount_cents: Cents
    tax_codes: tuple[Code, ...]
    deposits: tuple[Deposit, ...] = ()
    credited_quantity: Quantity = 0


class TaxRule(_Terms, frozen=True, kw_only=True):
    """A dated rate, kept with the terms: ``rate`` is a fraction, e.g. ``0.09975``."""

    code: Code
    rate: ExactDecimal
    name_fr: Short
    name_en: Short


class Prices(_Terms, frozen=True, kw_only=True):
    """The half of the terms that only orders delivered with an invoice carry to the tablet."""

    order_id: Identifier
    currency: Literal["CAD", "EUR", "CHF"]
    document_discount_cents: Cents
    taxes: tuple[TaxRule, ...]
    lines: tuple[PriceLine, ...]
    credit_threshold_cents: Cents | None
    invoice_standing: InvoiceStanding
    invoice_reference: Short = ""
    invoice_total_cents: Cents = 0


def half_hash(half: Goods | Prices) -> bytes:
    """Return the sha256 of one half's canonical bytes."""
    return hashlib.sha256(canonical_bytes(msgspec.to_builtins(half))).digest()


def terms_hash(goods_hash: bytes, prices_hash: bytes) -> Sha256:
    """Return what a delivery cites: sha256(goods hash ‖ prices hash), in hex."""
    return hashlib.sha256(goods_hash + prices_hash).hexdigest()
