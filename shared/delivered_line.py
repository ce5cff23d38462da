"""What a customer accepted of an order, line by line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from shared.problems import Problem, Text
from shared.wire.event import LineLeaf, Outcome

type Unmet = Literal["refused", "failed"]


class UnbalancedLine(Problem):
    """Delivered, not shipped, lost and returned units do not add up to the ordered ones."""

    slug = "unbalanced-line"
    title = Text("Ligne non balancée", "Unbalanced line")


@dataclass(frozen=True, slots=True)
class DeliveredLine:
    """One order line after the visit, in its sales unit.

    ``not_shipped`` never left the warehouse, ``lost`` is broken or gone, ``returned`` comes back on the truck;
    ``extra`` was accepted beyond the order. ``reason`` is the code of the bundle's list, empty when nothing is short.
    """

    line_id: str
    ordered: int
    delivered: int
    not_shipped: int = 0
    lost: int = 0
    returned: int = 0
    extra: int = 0
    reason: str = ""

    @classmethod
    def in_full(cls, line_id: str, ordered: int) -> DeliveredLine:
        """Return the line as accepted without exception."""
        return cls(line_id, ordered, ordered)

    @classmethod
    def of_leaf(cls, leaf: LineLeaf) -> DeliveredLine:
        """Return what a sealed leaf says."""
        return cls(
            leaf.line_id,
            leaf.ordered,
            leaf.delivered,
            leaf.not_shipped,
            leaf.lost,
            leaf.returned,
            leaf.extra,
            leaf.reason,
        )

    @property
    def short(self) -> int:
        """Units ordered but not accepted."""
        return self.not_shipped + self.lost + self.returned

    @property
    def is_balanced(self) -> bool:
        """Whether every ordered unit is accounted for and none is negative."""
        parts = (self.delivered, self.not_shipped, self.lost, self.returned, self.extra)
        return min(parts) >= 0 and self.delivered + self.short == self.ordered


@dataclass(frozen=True, slots=True)
class Shortage:
    """What is missing on one line, and where it is."""

    line_id: str
    quantity: int
    not_shipped: int
    lost: int
    returned: int
    reason: str


@dataclass(frozen=True, slots=True)
class Overage:
    """What was accepted beyond one line."""

    line_id: str
    quantity: int


def shortages(lines: Iterable[DeliveredLine]) -> tuple[Shortage, ...]:
    """Return what the customer ordered but did not accept, in the lines' order; full lines are left out.

    Raises:
        UnbalancedLine: delivered + not shipped + lost + returned is not the ordered quantity.

    Source: R019, R024.
    """
    return tuple(
        Shortage(line.line_id, line.short, line.not_shipped, line.lost, line.returned, line.reason)
        for line in balanced(lines)
        if line.short
    )


def overages(lines: Iterable[DeliveredLine]) -> tuple[Overage, ...]:
    """Return what the customer accepted beyond the order, in the lines' order.

    Raises:
        UnbalancedLine: as ``shortages``.

    Source: R023.
    """
    return tuple(Overage(line.line_id, line.extra) for line in balanced(lines) if line.extra)


def outcome(lines: Iterable[DeliveredLine], *, unmet: Unmet | None = None) -> Outcome:
    """Return how the order ended at the door.

    When nothing was accepted, ``unmet`` says why (the reason that the driver chose); without it, goods that come
    back were refused, and goods that were never there make a failed delivery.

    Raises:
        UnbalancedLine: as ``shortages``.
    """
    checked = balanced(lines)
    if not any(line.short for line in checked):
        return "complete"
    if any(line.delivered or line.extra for line in checked):
        return "partial"
    return unmet or ("refused" if any(line.returned for line in checked) else "failed")


def balanced(lines: Iterable[DeliveredLine]) -> tuple[DeliveredLine, ...]:
    """Return the lines, each of them accounted for.

    Raises:
        UnbalancedLine: on the first that is not.
    """
    checked = tuple(lines)
    wrong = next((line for line in checked if not line.is_balanced), None)
    if wrong is not None:
        raise UnbalancedLine(
            Text(
                f"Sur {wrong.ordered} commandés, {wrong.delivered} livrés et {wrong.short} manquants ne balancent pas. "
                "Recompter la ligne.",
                f"Of {wrong.ordered} ordered, {wrong.delivered} delivered and {wrong.short} short do not add up. "
                "Count the line again.",
            ),
            where=wrong.line_id,
        )
    return checked
