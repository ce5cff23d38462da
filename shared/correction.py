"""What a corrected delivery does to invoices that are published: they never change, and the books agree all the same.

The units of a line lie on one axis. Those that the invoice bills come first; a credit takes from the top of what is
billed, and what was credited but delivered after all is billed again by a supplementary invoice, worth exactly what
its credit gave back. What the invoice never billed is billed by a supplementary invoice of its own. Credits take from
the latest document first. So any sequence of corrections within the invoiced quantities ends, to the cent, where its
last one alone would have ended.

Where the customer signs for the shortened order priced afresh, the cents by which shares of an invoice round otherwise
go with the lines that move: what was signed is what stays billed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from shared.priced import PricedDocument, PricedLine
from shared.pricing import credit_of, price_beyond
from shared.rounding_difference import IssuedLine, absorb_rounding
from shared.standing_invoice import StandingInvoice, part_of_left
from shared.wire.terms import Goods, Prices


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
    signed: PricedDocument | None = None,
) -> CorrectionSteps:
    """Return what makes the order's documents bill ``delivered`` units of each line that it names, and no other.

    ``supplementary`` are the earlier supplementary invoices, oldest first. Lines that ``delivered`` does not name keep
    what they have; one that it wants none of need not be in ``goods`` any more, whoever billed it. Asked again after
    its steps were taken, nothing is left to do. ``signed`` is the whole order as the customer signed for it, where it
    was priced afresh: what is issued comes to it, by the cents that rounding may differ by.

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
    again, beyond = _again(invoice, billed, delivered), _beyond(goods, prices, invoice, billed, delivered)
    if signed is not None:
        credits_, again, beyond = _signed(credits_, again, beyond, stack, signed)
    return CorrectionSteps(
        credits=tuple((key, PricedDocument.of(lines)) for key, lines in credits_.items() if lines),
        again=again,
        beyond=beyond,
    )


def _signed(
    credits_: Mapping[str, Sequence[PricedLine]],
    again: PricedDocument | None,
    beyond: PricedDocument | None,
    stack: Sequence[StandingInvoice],
    signed: PricedDocument,
) -> tuple[dict[str, list[PricedLine]], PricedDocument | None, PricedDocument | None]:
    """Return the same, come to what was signed."""
    documents = {one.key: one for one in stack}
    giving = {key: [IssuedLine(line, documents[key]) for line in lines] for key, lines in credits_.items()}
    billing = [[IssuedLine(line) for line in document.lines] if document else [] for document in (again, beyond)]
    absorb_rounding([one for lines in (*giving.values(), *billing) for one in lines], stack, signed=signed)
    more, most = (PricedDocument.of([one.line for one in lines]) if lines else None for lines in billing)
    return {key: [one.line for one in lines] for key, lines in giving.items()}, more, most


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
        yield one.key, part_of_left(one.left[line_id], quantity, whole=whole, level=level)
        billed -= quantity


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
