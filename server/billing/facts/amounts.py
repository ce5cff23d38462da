"""Amounts of a facts file: exact decimals within bounds, and cents."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

import msgspec

from shared.line_terms import net_cents_of
from shared.problems import Text
from shared.wire.terms import TaxRule

type Amount = Annotated[str, msgspec.Meta(pattern=r"^-?[0-9]{1,15}(\.[0-9]{1,12})?$(?!\n)")]
type Share = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,3}(\.[0-9]{1,8})?$(?!\n)")]
type Name = Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
type WholeCents = Annotated[int, msgspec.Meta(ge=-(10**15), le=10**15)]
HUNDRED = Decimal(100)
ONE = Decimal(1)


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """Frozen and keyword-only; fields that nobody computes with are passed over."""


class ExactLine(Fact, frozen=True, kw_only=True):
    """A line of a fact as the pricing code takes it: its whole net, its taxes, its untaxed deposit."""

    line_id: str
    net: int
    tax_codes: frozenset[str]
    deposit: int = 0

    def net_cents(self, quantity: int) -> int:
        """Return the net, which is stated for the line as a whole."""
        return self.net * quantity

    def document_discount_of(self, quantity: int) -> int:
        """Return nothing: allowances of a published document are lines of their own."""
        return 0 * quantity

    def deposit_cents(self, quantity: int, *, taxable_only: bool = False) -> int:
        """Return the deposit, which bears no tax."""
        return 0 if taxable_only else self.deposit * quantity


def cents_of(amount: str) -> int:
    """Return an amount in cents, half up."""
    return net_cents_of(Decimal(amount), 1)


def published(amount: str | None) -> int | None:
    """Return a published amount in cents, or None when it was not published."""
    return None if amount is None else cents_of(amount)


def rule_of(code: str, percent: str | None) -> TaxRule:
    """Return the tax rule of a rate in per cent; none is 0."""
    return TaxRule(code=code, rate=f"{Decimal(percent or 0).scaleb(-2):f}", name_fr=code, name_en=code)


TAX = Text("la taxe", "tax")
TOTAL = Text("le total", "total")
