"""An order line as it is priced: its goods and its price side by side, checked once."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Protocol

from shared.money import half_up, half_up_ratio, share_by_largest_remainder, times
from shared.problems import Problem, Text
from shared.wire.terms import Deposit, Goods, PriceLine, Prices


class TermsMismatch(Problem):
    """The goods and the prices of an order do not describe the same lines, or cannot be priced."""

    slug = "terms-mismatch"
    title = Text("Conditions incohérentes", "Inconsistent terms")


class Priceable(Protocol):
    """What a priced document is made of: each amount is that of ``quantity`` units."""

    @property
    def line_id(self) -> str:
        """The line's id."""

    @property
    def tax_codes(self) -> frozenset[str]:
        """The line's taxes."""

    def net_cents(self, quantity: int) -> int:
        """Return the net after all discounts (T1)."""

    def document_discount_of(self, quantity: int) -> int:
        """Return the part of the net's discount that is the document's."""

    def deposit_cents(self, quantity: int, *, taxable_only: bool = False) -> int:
        """Return the container deposits."""


def net_cents_of(
    unit_price: Decimal, quantity: Decimal | int, *, discount_cents: Decimal | int = 0, base_quantity: Decimal | int = 1
) -> int:
    """Return T1's net: half up of quantity × unit price less discount, exact before it is rounded once.

    ``base_quantity`` is the number of units that the price is for; a negative discount is a charge.
    """
    gross_cents = times(unit_price, 100 * Decimal(quantity))
    if base_quantity == 1:
        return half_up(gross_cents - discount_cents)
    exact = Fraction(gross_cents) / Fraction(base_quantity) - Fraction(discount_cents)
    return half_up_ratio(exact.numerator, exact.denominator)


@dataclass(frozen=True, slots=True)
class LineTerms:
    """What one line was ordered at. Discounts are those of the whole ordered quantity."""

    line_id: str
    ordered: int
    unit_price: Decimal
    discount_cents: int
    document_discount_cents: int
    tax_codes: frozenset[str]
    deposits: tuple[Deposit, ...]

    def net_cents(self, quantity: int) -> int:
        """Return T1's net of ``quantity`` units after both discounts, never below 0.

        Both discounts are shared as one amount: with prices in whole cents, what is left after a shortage is then
        exactly the whole net less T5's credit for the shortage (law 19).
        """
        discount = self._share(self.discount_cents + self.document_discount_cents, quantity)
        return max(0, net_cents_of(self.unit_price, quantity, discount_cents=discount))

    def document_discount_of(self, quantity: int) -> int:
        """Return the part of ``net_cents``'s discount that is the document's."""
        both = self._share(self.discount_cents + self.document_discount_cents, quantity)
        return both - self._share(self.discount_cents, quantity)

    def deposit_cents(self, quantity: int, *, taxable_only: bool = False) -> int:
        """Return the deposits inside ``quantity`` units."""
        counted = (deposit for deposit in self.deposits if deposit.taxable or not taxable_only)
        return quantity * sum(deposit.containers * deposit.unit_cents for deposit in counted)

    def _share(self, amount_cents: int, quantity: int) -> int:
        return half_up_ratio(amount_cents * quantity, self.ordered) if self.ordered else 0


@dataclass(frozen=True, slots=True)
class LineBeyond:
    """The units of a line that come after ``already`` ones: each amount is what they add to it."""

    terms: LineTerms
    already: int

    @property
    def line_id(self) -> str:
        """The line's id."""
        return self.terms.line_id

    @property
    def tax_codes(self) -> frozenset[str]:
        """The line's taxes."""
        return self.terms.tax_codes

    def net_cents(self, quantity: int) -> int:
        """Return what ``quantity`` more units add to the line's net, never below 0: roundings of a discount may."""
        return max(0, self.terms.net_cents(self.already + quantity) - self.terms.net_cents(self.already))

    def document_discount_of(self, quantity: int) -> int:
        """Return the part of the document's discount that ``quantity`` more units take along."""
        return self.terms.document_discount_of(self.already + quantity) - self.terms.document_discount_of(self.already)

    def deposit_cents(self, quantity: int, *, taxable_only: bool = False) -> int:
        """Return the deposits inside ``quantity`` units."""
        return self.terms.deposit_cents(quantity, taxable_only=taxable_only)


def pair_terms(goods: Goods, prices: Prices) -> dict[str, LineTerms]:
    """Return the terms of every line by id, in the goods' order, with the document's discount shared (T2).

    Raises:
        TermsMismatch: other order, missing, unknown or repeated line, unknown tax code, discount above the price.
    """
    _check_lines(goods, prices)
    priced = {line.line_id: line for line in prices.lines}
    quantities = {line.line_id: line.quantity for line in goods.lines}
    plain = [_line_terms(priced[line_id], ordered, 0) for line_id, ordered in quantities.items()]
    weights = [terms.net_cents(terms.ordered) for terms in plain]
    if prices.document_discount_cents > sum(weights):
        raise _mismatch(goods, "la remise dépasse le prix de la commande", "the discount is above the order's price")
    shares = share_by_largest_remainder(prices.document_discount_cents, weights)
    return {
        line_id: _line_terms(priced[line_id], ordered, share)
        for (line_id, ordered), share in zip(quantities.items(), shares, strict=True)
    }


def _line_terms(price: PriceLine, ordered: int, document_discount_cents: int) -> LineTerms:
    return LineTerms(
        line_id=price.line_id,
        ordered=ordered,
        unit_price=Decimal(price.unit_price),
        discount_cents=price.discount_cents,
        document_discount_cents=document_discount_cents,
        tax_codes=frozenset(price.tax_codes),
        deposits=price.deposits,
    )


def _check_lines(goods: Goods, prices: Prices) -> None:
    ordered = Counter(line.line_id for line in goods.lines)
    if goods.order_id != prices.order_id or ordered != Counter(line.line_id for line in prices.lines):
        raise _mismatch(goods, "articles et prix n’ont pas les mêmes lignes", "goods and prices differ in their lines")
    if ordered and max(ordered.values()) > 1:
        raise _mismatch(goods, "une ligne est répétée", "a line is repeated")
    known = {rule.code for rule in prices.taxes}
    if len(known) < len(prices.taxes) or any(not known.issuperset(line.tax_codes) for line in prices.lines):
        raise _mismatch(goods, "un code de taxe est inconnu ou répété", "a tax code is unknown or repeated")
    quantities = {line.line_id: line.quantity for line in goods.lines}
    for line in prices.lines:
        if line.discount_cents > times(Decimal(line.unit_price), Decimal(100 * quantities[line.line_id])):
            raise _mismatch(goods, "une remise dépasse le prix de sa ligne", "a discount is above its line's price")


def _mismatch(goods: Goods, reason_fr: str, reason_en: str) -> TermsMismatch:
    return TermsMismatch(
        Text(
            f"Commande {goods.order_number}\u00a0: {reason_fr}. Corriger la commande et refaire le lot de la tournée.",
            f"Order {goods.order_number}: {reason_en}. Correct the order and make the run’s bundle again.",
        ),
        where=goods.order_id,
    )
