"""The cents by which what a correction issues rounds otherwise than what was signed: they go with the lines that move.

An invoice shares each tax over its lines, and a credit takes shares of the shares; the signer saw the shortened order
priced once, as a whole. Both are right, and a cent or two apart: here the documents follow the signature.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from shared.priced import PricedDocument, PricedLine
from shared.standing_invoice import StandingInvoice


@dataclass(slots=True)
class IssuedLine:
    """A line that is about to be credited of a ``document``, or billed where there is none."""

    line: PricedLine
    document: StandingInvoice | None = None

    @property
    def sign(self) -> int:
        """What a cent of it does to what stays billed."""
        return 1 if self.document is None else -1

    @property
    def left(self) -> PricedLine | None:
        """What its document has left of the line, or None where it is billed."""
        return None if self.document is None else self.document.left[self.line.line_id]

    @property
    def may_move(self) -> bool:
        """Whether it costs something, and keeps units of its document: who takes a line's last unit takes all of it."""
        return bool(self.line.net_cents) and (self.left is None or self.left.quantity > self.line.quantity)

    def take_net(self, cents: int) -> int:
        """Bill up to ``cents`` more of the net, less where they are below zero; return what could not be."""
        net_cents = _within(self.line.net_cents + self.sign * cents, self.left.net_cents if self.left else None)
        done = self.sign * (net_cents - self.line.net_cents)
        self.line = replace(self.line, net_cents=net_cents)
        return cents - done

    def take_tax(self, code: str, cents: int) -> int:
        """Bill up to ``cents`` more of a tax that the line bears; return what could not be."""
        if code not in self.line.taxes:
            return cents
        most = self.left.taxes[code] if self.left else None
        tax_cents = _within(self.line.taxes[code] + self.sign * cents, most)
        done = self.sign * (tax_cents - self.line.taxes[code])
        self.line = replace(self.line, taxes={**self.line.taxes, code: tax_cents})
        return cents - done


def absorb_rounding(issued: Sequence[IssuedLine], stack: Sequence[StandingInvoice], *, signed: PricedDocument) -> None:
    """Let an order's documents come to ``signed``, by the cents that the issued lines may bear.

    Nothing is moved where the documents bill other units than were signed, since then it is no rounding that differs,
    nor where more than a cent a document and a line differs. What no line may bear stays as it is.

    Source: T3, T5; law 19; ADR 0061.
    """
    standing = [line for one in stack for line in one.left.values()]
    most = len(issued) + len(stack)
    if _units(standing, issued) != {line.line_id: line.quantity for line in signed.lines if line.quantity}:
        return
    nets = _differences({line.line_id: line.net_cents for line in signed.lines}, _nets(standing, issued))
    taxes = _differences(signed.taxes, _taxes(standing, issued))
    if max(map(abs, (*nets.values(), *taxes.values())), default=0) > most:
        return
    for one in issued:
        if not one.may_move:
            continue
        if one.line.line_id in nets:
            nets[one.line.line_id] = one.take_net(nets[one.line.line_id])
        for code in taxes:
            taxes[code] = one.take_tax(code, taxes[code])


def _within(cents: int, most: int | None) -> int:
    return max(0, cents if most is None else min(cents, most))


def _differences(wanted: Mapping[str, int], found: Mapping[str, int]) -> dict[str, int]:
    keys = dict.fromkeys((*wanted, *found))
    return {key: wanted.get(key, 0) - found.get(key, 0) for key in keys if wanted.get(key, 0) != found.get(key, 0)}


def _all(standing: Iterable[PricedLine], issued: Iterable[IssuedLine]) -> Iterator[tuple[int, PricedLine]]:
    yield from ((1, line) for line in standing)
    yield from ((one.sign, one.line) for one in issued)


def _units(standing: Iterable[PricedLine], issued: Iterable[IssuedLine]) -> dict[str, int]:
    units = Counter[str]()
    for sign, line in _all(standing, issued):
        units[line.line_id] += sign * line.quantity
    return {line_id: quantity for line_id, quantity in units.items() if quantity}


def _nets(standing: Iterable[PricedLine], issued: Iterable[IssuedLine]) -> Counter[str]:
    nets = Counter[str]()
    for sign, line in _all(standing, issued):
        nets[line.line_id] += sign * line.net_cents
    return nets


def _taxes(standing: Iterable[PricedLine], issued: Iterable[IssuedLine]) -> Counter[str]:
    taxes = Counter[str]()
    for sign, line in _all(standing, issued):
        for code, cents in (*line.taxes.items(), *line.deposit_tax.items()):
            taxes[code] += sign * cents
    return taxes
