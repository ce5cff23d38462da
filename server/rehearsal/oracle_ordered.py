"""What an order says once its seller changed it, in the reference model: signed by older terms, it is asked about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple, Self

from server.rehearsal.oracle_money import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a seller says anew of an order's lines, and of what is taken off the whole; ``struck`` ones go."""

    units: Mapping[str, int] = field(default_factory=dict)
    prices: Mapping[str, Decimal] = field(default_factory=dict)
    discounts: Mapping[str, int] = field(default_factory=dict)
    struck: frozenset[str] = frozenset()
    off_cents: int | None = None


class Row(NamedTuple):
    """One line: its units, what one costs, and what is taken off the line."""

    units: int
    price: Decimal
    off_cents: int


class Ordered(NamedTuple):
    """An order by its lines, and what is taken off the whole."""

    rows: Mapping[str, Row]
    off_cents: int

    @classmethod
    def cited(cls, goods: Json, prices: Json) -> Self:
        """Return the order as terms say it."""
        priced = {line["line_id"]: line for line in prices["lines"]}
        rows = {
            line["line_id"]: Row(
                line["quantity"],
                Decimal(priced[line["line_id"]]["unit_price"]),
                priced[line["line_id"]]["discount_cents"],
            )
            for line in goods["lines"]
        }
        return cls(rows, prices["document_discount_cents"])

    def changed(self, by: Change) -> Self:
        """Return it with what its seller changed."""
        rows = {
            line: Row(
                by.units.get(line, row.units), by.prices.get(line, row.price), by.discounts.get(line, row.off_cents)
            )
            for line, row in self.rows.items()
            if line not in by.struck
        }
        return type(self)(rows, self.off_cents if by.off_cents is None else by.off_cents)

    def differs(self, signed: Ordered, *, is_priced: bool) -> bool:
        """Say whether other units were signed of a line that it still has, or, where prices bind, another price."""
        rows = [(row, signed.rows.get(line)) for line, row in self.rows.items()]
        if any(was is None or was.units != row.units for row, was in rows):
            return True
        return is_priced and (self.off_cents != signed.off_cents or any(row != was for row, was in rows))
