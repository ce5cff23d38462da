"""What a corrected delivery does to invoices that are published: they never change, and the books agree all the same.

The units of a line lie on one axis. Those that the invoice bills come first; a credit takes from the top of what is
billed, and what was credited but delivered after all is billed again by a supplementary invoice, worth exactly what
its credit gave back. What the invoice never billed is billed by a supplementary invoice of its own. Credits take from
the latest document first. So any sequence of corrections within the invoiced quantities ends, to the cent, where its
last one alone would have ended.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from shared.priced import PricedDocument, PricedLine
from shared.pricing import credit_of, price_beyond
from shared.wire.terms import Goods, Prices


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


@dataclass(frozen=True, slots=True)
class CorrectionSteps:
    """What is to be issued: ``credits`` by the key of their invoice, latest invoice first, and what is billed.

    ``again`` bills units that were credited, ``beyond`` units of the order that were never invoiced.
    """

    credits: tuple[tuple[str, PricedDocument], ...]
    again: PricedDocument | None
    beyond: PricedDocument | None

    @property
    def is_nothing(self) -> bool:
        """Whether the books agree already."""
        return not self.credits and self.again is None and self.beyond is None


def correct_settlement(
    goods: Goods,
    prices: Prices,
    *,
    invoice: StandingInvoice,
    supplementary: Sequence[StandingInvoice],
    delivered: Mapping[str, int],
) -> CorrectionSteps:
    """Return what makes the order's documents bill ``delivered`` units of each line that it names, and no other.

    ``supplementary`` are the earlier supplementary invoices, oldest first. Lines that ``delivered`` does not name keep
    what they have; one that it wants none of need not be in ``goods`` any more, whoever billed it. Asked again after
    its steps were taken, nothing is left to do.

    Raises:
        TermsMismatch: goods and prices do not fit each other.
        QuantityOutOfRange: a line that the order has not, or more than was ordered of it.

    Source: R023, R024; T5, T6; laws 8, 9, 19; sync, protocol 7.
    """
    stack = (*reversed(supplementary), invoice)
    billed = {line_id: sum(one.left_of(line_id) for one in stack) for line_id in delivered}
    credits_: dict[str, list[PricedLine]] = {one.key: [] for one in stack}
    for line_id in _in_order(goods, (invoice, *supplementary), delivered):
        for key, part in _taken(stack, line_id, billed=billed[line_id], wanted=delivered[line_id]):
            credits_[key].append(part)
    return CorrectionSteps(
        credits=tuple((key, PricedDocument.of(lines)) for key, lines in credits_.items() if lines),
        again=_again(invoice, billed, delivered),
        beyond=_beyond(goods, prices, invoice, billed, delivered),
    )


def _in_order(goods: Goods, billed: Sequence[StandingInvoice], delivered: Mapping[str, int]) -> Iterator[str]:
    """Return the lines of the order, then those that it had when they were billed and that were struck out since."""
    struck = (line.line_id for one in billed for line in one.priced.lines)
    known = dict.fromkeys((*(line.line_id for line in goods.lines), *struck))
    return (line_id for line_id in known if line_id in delivered)


def _taken(
    stack: Sequence[StandingInvoice], line_id: str, *, billed: int, wanted: int
) -> Iterator[tuple[str, PricedLine]]:
    """Yield what is credited of each document, latest first, until only ``wanted`` units stay billed."""
    original = stack[-1]
    for one in stack:
        quantity = min(one.left_of(line_id), billed - wanted)
        if quantity <= 0:
            continue
        if billed > original.billed_of(line_id) or one is original:
            whole, level = one.priced, one.billed_of(line_id) - one.left_of(line_id)
        else:
            whole, level = original.priced, original.billed_of(line_id) - billed
        yield one.key, _part(one.left[line_id], quantity, whole=whole, level=level)
        billed -= quantity


def _part(left: PricedLine, quantity: int, *, whole: PricedDocument, level: int) -> PricedLine:
    """Return ``quantity`` units of ``left``, worth their place in ``whole`` above ``level`` units (T5).

    Where somebody credited by hand in between, the place may not fit what is left: then it is shared alone.
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


def _again(invoice: StandingInvoice, billed: Mapping[str, int], delivered: Mapping[str, int]) -> PricedDocument | None:
    """Credited units are worth what was given back for them."""
    upto = {line_id: min(wanted, invoice.billed_of(line_id)) for line_id, wanted in delivered.items()}
    more = {line_id: upto[line_id] - billed[line_id] for line_id in delivered if upto[line_id] > billed[line_id]}
    if not more:
        return None
    already = {line_id: invoice.billed_of(line_id) - upto[line_id] for line_id in more}
    return credit_of(invoice.priced, already=already, crediting=more)


def _beyond(
    goods: Goods, prices: Prices, invoice: StandingInvoice, billed: Mapping[str, int], delivered: Mapping[str, int]
) -> PricedDocument | None:
    start = {line_id: max(billed[line_id], invoice.billed_of(line_id)) for line_id in delivered}
    more = {line_id: wanted - start[line_id] for line_id, wanted in delivered.items() if wanted > start[line_id]}
    return price_beyond(goods, prices, already=start, more=more) if more else None
