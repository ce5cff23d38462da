"""A published invoice as it stands: what it billed, what its credits left of each line, and what more they may take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shared.priced import PricedDocument, PricedLine
from shared.pricing import QuantityOutOfRange, credit_of
from shared.problems import Text


@dataclass(frozen=True, slots=True)
class StandingInvoice:
    """A published invoice of an order: what it billed, and what its credits left of each line (all of it at first)."""

    key: str
    priced: PricedDocument
    left: Mapping[str, PricedLine]

    def left_of(self, line_id: str) -> int:
        """Return how many units of a line it still bills."""
        line = self.left.get(line_id)
        return line.quantity if line else 0

    def billed_of(self, line_id: str) -> int:
        """Return how many units of a line it billed when it was published."""
        line = self.priced.line(line_id)
        return line.quantity if line else 0

    def credited_of(self, line_id: str) -> int:
        """Return how many units of a line its credits took."""
        return self.billed_of(line_id) - self.left_of(line_id)


def credit_standing(standing: StandingInvoice, crediting: Mapping[str, int]) -> PricedDocument:
    """Return the credit of ``crediting`` units by line of what an invoice still bills.

    Whoever takes a line's last unit takes what is left of it, to the cent.

    Raises:
        QuantityOutOfRange: a negative quantity, or more than what is left of a line.

    Source: T5, T6; laws 8, 9, 10; ADR 0061.
    """
    for line_id, quantity in crediting.items():
        if not 0 <= quantity <= standing.left_of(line_id):
            raise QuantityOutOfRange(
                Text(
                    f"La quantité {quantity} est refusée\u00a0: il faut de 0 à {standing.left_of(line_id)}.",
                    f"The quantity {quantity} is refused: it must be from 0 to {standing.left_of(line_id)}.",
                ),
                where=line_id,
                quantity=quantity,
            )
    return PricedDocument.of(
        [
            part_of_left(line, crediting[line_id], whole=standing.priced, level=standing.credited_of(line_id))
            for line_id, line in standing.left.items()
            if crediting.get(line_id)
        ]
    )


def part_of_left(left: PricedLine, quantity: int, *, whole: PricedDocument, level: int) -> PricedLine:
    """Return ``quantity`` units of ``left``, worth their place in ``whole`` above ``level`` units (T5).

    Where cents were taken otherwise before, the place may not fit what is left: then that is shared alone.
    """
    if quantity == left.quantity:
        return left
    (part,) = credit_of(whole, already={left.line_id: level}, crediting={left.line_id: quantity}).lines
    if _fits(part, left):
        return part
    (part,) = credit_of(PricedDocument.of([left]), already={}, crediting={left.line_id: quantity}).lines
    return part


def _fits(part: PricedLine, left: PricedLine) -> bool:
    return (
        part.net_cents <= left.net_cents
        and part.deposit_cents <= left.deposit_cents
        and all(cents <= left.taxes.get(code, 0) for code, cents in part.taxes.items())
        and all(cents <= left.deposit_tax.get(code, 0) for code, cents in part.deposit_tax.items())
    )
