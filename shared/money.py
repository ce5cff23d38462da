"""Exact money: integer cents, one place that rounds, and the words for an amount."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal, Inexact, InvalidOperation
from typing import Self

from shared.problems import Language, Problem, Text

# The ambient context may round to fewer digits than a tax on a large base has: exact work brings its own.
EXACT = Context(prec=60, rounding=ROUND_HALF_UP, traps=[Inexact, InvalidOperation])
CASH_STEP_CENTS = 5
NBSP = "\u00a0"
SYMBOLS = {"CAD": "$", "EUR": "€", "CHF": "CHF"}


class CurrencyMismatch(Problem):
    """Amounts of two currencies were added or compared."""

    slug = "currency-mismatch"
    title = Text("Devises différentes", "Different currencies")


class NothingToShare(Problem):
    """An amount other than zero has no weights that could carry it."""

    slug = "nothing-to-share"
    title = Text("Répartition impossible", "Amount cannot be shared")


def half_up(value: Decimal) -> int:
    """Return the nearest integer; a half goes away from zero.

    Source: T1, T3 of the tax rules; EN 16931 rounds negative amounts alike.
    """
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP, context=Context(prec=60)))


def half_up_ratio(numerator: int, denominator: int) -> int:
    """Return ``numerator / denominator`` rounded half up (away from zero), without leaving the integers."""
    size = (2 * abs(numerator) + abs(denominator)) // (2 * abs(denominator))
    return size if (numerator < 0) == (denominator < 0) else -size


def times(left: Decimal, right: Decimal) -> Decimal:
    """Return the exact product, whatever precision the thread's decimal context has."""
    return EXACT.multiply(left, right)


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in cents of one currency; two currencies never meet in one sum or comparison."""

    cents: int
    currency: str

    @classmethod
    def zero(cls, currency: str) -> Self:
        """Return nothing at all, in ``currency``."""
        return cls(0, currency)

    def __add__(self, other: Money) -> Money:
        return Money(self.cents + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.cents - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.cents, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.cents < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.cents <= self._same(other)

    def __gt__(self, other: Money) -> bool:
        return self.cents > self._same(other)

    def __ge__(self, other: Money) -> bool:
        return self.cents >= self._same(other)

    def say(self, language: Language) -> str:
        """Return the amount as people write it."""
        return format_money(self.cents, self.currency, language)

    def _same(self, other: Money) -> int:
        if other.currency != self.currency:
            raise CurrencyMismatch(
                Text(
                    f"Un montant en {self.currency} et un autre en {other.currency} ne peuvent pas être réunis. "
                    "Convertir l’un des deux d’abord.",
                    f"An amount in {self.currency} and one in {other.currency} cannot be put together. "
                    "Convert one of them first.",
                )
            )
        return other.cents


def cash_rounding(cents: int) -> int:
    """Return the cents to add to reach the nearest 5 cents, between -2 and 2.

    Source: T7; it belongs to a payment in cash, never to a document.
    """
    return CASH_STEP_CENTS * half_up_ratio(cents, CASH_STEP_CENTS) - cents


def share_by_largest_remainder(total: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Return one share of ``total`` for each weight; the shares sum to ``total`` exactly.

    Each share is within 1 of the exact proportion, a weight of 0 gets 0, and of equal remainders the first wins.
    A negative total is shared as its opposite is.

    Raises:
        NothingToShare: a weight is negative, or all are 0 and the total is not.

    Source: T2, T4.
    """
    sum_of_weights = sum(weights)
    if any(weight < 0 for weight in weights) or (total and not sum_of_weights):
        raise NothingToShare(
            Text(
                "Le montant ne peut pas être réparti\u00a0: il faut des parts positives, une au moins non nulle.",
                "The amount cannot be shared: the parts must not be negative, and one at least must not be zero.",
            ),
            total=total,
        )
    if not total:
        return (0,) * len(weights)
    return _share(abs(total), weights, sum_of_weights, sign=1 if total > 0 else -1)


def share_exactly(total: int, exact: Sequence[Decimal]) -> tuple[int, ...]:
    """Return whole cents for amounts of either sign whose sum rounds to ``total``; each is within 1 of its own.

    An amount of whole cents stays as it is, and of equal remainders the first wins.

    Source: T4 on documents that have lines below zero, where proportions of a small total would run away.
    """
    shares = [int(one.to_integral_value(rounding=ROUND_FLOOR)) for one in exact]
    by_remainder = sorted(range(len(exact)), key=lambda at: shares[at] - exact[at])
    for at in by_remainder[: total - sum(shares)]:
        shares[at] += 1
    return tuple(shares)


def _share(total: int, weights: Sequence[int], sum_of_weights: int, *, sign: int) -> tuple[int, ...]:
    parts = [divmod(total * weight, sum_of_weights) for weight in weights]
    shares = [whole for whole, _ in parts]
    by_remainder = sorted(range(len(parts)), key=lambda at: -parts[at][1])
    for at in by_remainder[: total - sum(shares)]:
        shares[at] += 1
    return tuple(sign * share for share in shares)


def format_money(cents: int, currency: str, language: Language) -> str:
    """Return the amount for people: ``1 284,36 $`` with no-break spaces in French, ``$1,284.36`` in English.

    A currency without a symbol of its own is written by its code.
    """
    whole, part = divmod(abs(cents), 100)
    minus = "-" if cents < 0 else ""
    symbol = SYMBOLS.get(currency, currency)
    if language == "fr":
        grouped = f"{whole:,}".replace(",", NBSP)
        return f"{minus}{grouped},{part:02}{NBSP}{symbol}"
    space = NBSP if symbol.isalpha() else ""
    return f"{minus}{symbol}{space}{whole:,}.{part:02}"
