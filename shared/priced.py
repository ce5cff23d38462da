"""What a priced document is: lines that sum to it exactly, tax included."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class PricedLine:
    """One line of an invoice or credit, in cents.

    ``net_cents`` is what the line brings in: after its own discount and its share of the document's, the latter
    repeated in ``document_discount_cents``. ``taxes`` are the line's shares of the document's taxes by code,
    ``deposit_tax`` those of its taxable deposits.
    """

    line_id: str
    quantity: int
    net_cents: int
    taxes: Mapping[str, int]
    deposit_cents: int = 0
    deposit_tax: Mapping[str, int] = field(default_factory=dict)
    document_discount_cents: int = 0

    @property
    def listed_cents(self) -> int:
        """The line's net as its document prints it, before the document's discount (T1)."""
        return self.net_cents + self.document_discount_cents

    @property
    def total_cents(self) -> int:
        """Net, deposits and every tax of the line."""
        return self.net_cents + self.deposit_cents + sum(self.taxes.values()) + sum(self.deposit_tax.values())

    def less(self, *parts: PricedLine) -> PricedLine:
        """Return what is left of the line once these parts of it are taken off."""
        return PricedLine(
            line_id=self.line_id,
            quantity=self.quantity - sum(part.quantity for part in parts),
            net_cents=self.net_cents - sum(part.net_cents for part in parts),
            taxes=_less(self.taxes, [part.taxes for part in parts]),
            deposit_cents=self.deposit_cents - sum(part.deposit_cents for part in parts),
            deposit_tax=_less(self.deposit_tax, [part.deposit_tax for part in parts]),
            document_discount_cents=self.document_discount_cents - sum(part.document_discount_cents for part in parts),
        )


@dataclass(frozen=True, slots=True)
class PricedDocument:
    """An invoice or a credit (positive amounts) that is nothing but the sum of its lines."""

    lines: tuple[PricedLine, ...]
    net_cents: int
    taxes: Mapping[str, int]
    deposits_cents: int
    total_cents: int

    @classmethod
    def of(cls, lines: Sequence[PricedLine]) -> PricedDocument:
        """Return the document of these lines; its taxes are the sums of the lines' shares by code."""
        return cls(
            lines=tuple(lines),
            net_cents=sum(line.net_cents for line in lines),
            taxes=sum_by_code(taxes for line in lines for taxes in (line.taxes, line.deposit_tax)),
            deposits_cents=sum(line.deposit_cents for line in lines),
            total_cents=sum(line.total_cents for line in lines),
        )

    @property
    def tax_cents(self) -> int:
        """All taxes together."""
        return sum(self.taxes.values())

    @property
    def document_discount_cents(self) -> int:
        """What the document's own discount took off its lines."""
        return sum(line.document_discount_cents for line in self.lines)

    def line(self, line_id: str) -> PricedLine | None:
        """Return the line with this id, or None when it is not on the document."""
        return next((line for line in self.lines if line.line_id == line_id), None)


@dataclass(frozen=True, slots=True)
class ContainerReturn:
    """Containers of one class taken back, at the unit price of their day."""

    container_class: str
    quantity: int
    unit_cents: int
    taxable: bool = False


@dataclass(frozen=True, slots=True)
class CreditedContainers:
    """One class of returned containers with what is credited for it."""

    container_class: str
    quantity: int
    unit_cents: int
    deposit_cents: int
    taxes: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class DepositCredit:
    """What a return of containers is worth: deposits, and the taxes that were charged on taxable ones."""

    lines: tuple[CreditedContainers, ...]
    deposits_cents: int
    taxes: Mapping[str, int]
    total_cents: int


def _less(amounts: Mapping[str, int], taken: Iterable[Mapping[str, int]]) -> dict[str, int]:
    given = sum_by_code(taken)
    return {code: cents - given.get(code, 0) for code, cents in amounts.items()}


def sum_by_code(parts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Return the sum for each tax code that occurs, in order of first appearance."""
    totals: dict[str, int] = {}
    for part in parts:
        for code, cents in part.items():
            totals[code] = totals.get(code, 0) + cents
    return totals
