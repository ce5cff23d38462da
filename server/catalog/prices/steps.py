"""How a price came to be: a few steps in a fixed order, each exact to 4 decimals and with its reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from shared.money import times
from shared.problems import Text

PRICE_STEP: Final = Decimal("0.0001")
_ROUNDING: Final = Context(prec=60, rounding=ROUND_HALF_UP)


class StepKind(StrEnum):
    """What a step is; they apply in this order, and a price that somebody typed ends the story."""

    BASE = "base"
    LIST = "list"
    DISCOUNT = "discount"
    PROMOTION = "promotion"
    TYPED = "typed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceStep:
    """One step: the price for one sales unit after it, the rule behind it, its days and who set it.

    ``change`` is what was taken off, as the rule says it: ``10 %`` or ``1.5000``; empty where the price was replaced.
    """

    kind: StepKind
    unit_price: Decimal
    name: Text
    rule_id: UUID | None = None
    valid_from: date | None = None
    valid_until: date | None = None
    set_by: str = ""
    set_at: datetime | None = None
    change: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return what a line keeps of the step."""
        return {
            "kind": self.kind.value,
            "unit_price": f"{self.unit_price:.4f}",
            "name_fr": self.name.fr,
            "name_en": self.name.en,
            "rule_id": str(self.rule_id) if self.rule_id else None,
            "valid_from": self.valid_from.isoformat() if self.valid_from else None,
            "valid_until": self.valid_until.isoformat() if self.valid_until else None,
            "set_by": self.set_by,
            "set_at": self.set_at.isoformat() if self.set_at else None,
            "change": self.change,
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> PriceStep:
        """Return the step that a line kept."""
        return cls(
            kind=StepKind(kept["kind"]),
            unit_price=Decimal(kept["unit_price"]),
            name=Text(kept["name_fr"], kept["name_en"]),
            rule_id=UUID(kept["rule_id"]) if kept["rule_id"] else None,
            valid_from=date.fromisoformat(kept["valid_from"]) if kept["valid_from"] else None,
            valid_until=date.fromisoformat(kept["valid_until"]) if kept["valid_until"] else None,
            set_by=kept["set_by"],
            set_at=datetime.fromisoformat(kept["set_at"]) if kept["set_at"] else None,
            change=kept["change"],
        )


@dataclass(frozen=True, slots=True)
class ResolvedPrice:
    """The price of one sales unit and the steps that lead to it; the last one's price is the price."""

    steps: tuple[PriceStep, ...]

    @property
    def unit_price(self) -> Decimal:
        """Return what one sales unit costs, before taxes and deposits."""
        return self.steps[-1].unit_price

    @property
    def base_price(self) -> Decimal:
        """Return what it cost before any rule."""
        return self.steps[0].unit_price


def to_price(value: Decimal) -> Decimal:
    """Return the value with 4 decimals, a half going away from zero."""
    return value.quantize(PRICE_STEP, context=_ROUNDING)


def percent_off(price: Decimal, percent: Decimal) -> Decimal:
    """Return the price less a percentage of itself, to 4 decimals."""
    return to_price(times(price, Decimal(100) - percent).scaleb(-2, _ROUNDING))


def amount_off(price: Decimal, amount: Decimal) -> Decimal:
    """Return the price less an amount, never below nothing."""
    return max(Decimal("0.0000"), to_price(price - amount))


def in_order(steps: Sequence[PriceStep]) -> bool:
    """Say whether the steps begin with the base price and each kind comes at most once, in its order."""
    ranks = [tuple(StepKind).index(step.kind) for step in steps]
    return bool(ranks) and steps[0].kind is StepKind.BASE and ranks == sorted(set(ranks))
