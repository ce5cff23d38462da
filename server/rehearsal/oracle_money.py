"""The oracle's own arithmetic: fractions instead of decimals, and nothing of the product's.

A document is priced once on its whole base and shared back to its lines; a credit is the difference of two roundings
of what its line was invoiced at. Written from the requirements (docs/requirements.md) alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

type Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """One priced line: its net, its deposits, and the tax on each, by code."""

    quantity: int
    net: int
    deposit: int
    net_tax: Mapping[str, int]
    deposit_tax: Mapping[str, int]

    @property
    def total(self) -> int:
        """Everything that the line costs."""
        return self.net + self.deposit + sum(self.net_tax.values()) + sum(self.deposit_tax.values())


type Bill = Mapping[str, Line]


def total(bill: Bill) -> int:
    """Return what a document comes to."""
    return sum(line.total for line in bill.values())


def split(bill: Bill) -> tuple[int, int, dict[str, int]]:
    """Return what a document's goods cost, its deposits, and each of its taxes that is more than nothing."""
    taxes: dict[str, int] = {}
    for line in bill.values():
        for code, cents in (*line.net_tax.items(), *line.deposit_tax.items()):
            taxes[code] = taxes.get(code, 0) + cents
    net, deposit = sum(line.net for line in bill.values()), sum(line.deposit for line in bill.values())
    return net, deposit, {code: cents for code, cents in taxes.items() if cents}


def rounded(value: Fraction) -> int:
    """Return the nearest cent; halves away from zero."""
    size = int(abs(value) + Fraction(1, 2))
    return size if value >= 0 else -size


def shared(amount: int, weights: Sequence[int]) -> list[int]:
    """Return the shares of an amount: what is left over by whole cents goes to the largest remainders, first come."""
    whole = sum(weights)
    if not amount or not whole:
        return [0 for _ in weights]
    exact = [Fraction(amount * weight, whole) for weight in weights]
    shares = [int(part) for part in exact]
    order = sorted(range(len(weights)), key=lambda at: (shares[at] - exact[at], at))
    for at in order[: amount - sum(shares)]:
        shares[at] += 1
    return shares


def bill(
    goods: Json,
    prices: Json,
    quantities: Mapping[str, int],
    *,
    stretch_discount: bool = True,
    after: Mapping[str, int] | None = None,
) -> Bill:
    """Return the document of so many units of each line; a supplement does not stretch the order's own discount.

    ``after`` counts the units of each line that were billed before: these ones cost what they add to them.
    """
    already = after or {}
    ordered = {line["line_id"]: line["quantity"] for line in goods["lines"]}
    priced = {line["line_id"]: line for line in prices["lines"]}
    lines = [line_id for line_id in ordered if quantities.get(line_id)]
    off = _document_discounts(prices, priced, ordered) if stretch_discount else dict.fromkeys(ordered, 0)
    nets = [_more(priced[one], ordered[one], already.get(one, 0), quantities[one], off[one]) for one in lines]
    deposits = [_deposits(priced[one], quantities[one], taxed=None) for one in lines]
    taxed = [_deposits(priced[one], quantities[one], taxed=True) for one in lines]
    net_tax: list[dict[str, int]] = [{} for _ in lines]
    deposit_tax: list[dict[str, int]] = [{} for _ in lines]
    for rule in prices["taxes"]:
        bearing = [at for at, one in enumerate(lines) if rule["code"] in priced[one]["tax_codes"]]
        bases = [nets[at] for at in bearing] + [taxed[at] for at in bearing]
        shares = shared(rounded(Fraction(rule["rate"]) * sum(bases)), bases)
        for place, at in enumerate(bearing):
            net_tax[at][rule["code"]] = shares[place]
            deposit_tax[at][rule["code"]] = shares[len(bearing) + place]
    return {
        one: Line(quantities[one], nets[at], deposits[at], net_tax[at], deposit_tax[at]) for at, one in enumerate(lines)
    }


def credit(invoice: Bill, units: Mapping[str, int]) -> Bill:
    """Return what the first ``units`` units of each line give back of an invoice of which nothing was given back."""

    def part(amount: int, units_: int, of: int) -> int:
        return rounded(Fraction(units_ * amount, of))

    return {
        one: Line(
            units[one],
            part(line.net, units[one], line.quantity),
            part(line.deposit, units[one], line.quantity),
            {code: part(cents, units[one], line.quantity) for code, cents in line.net_tax.items()},
            {code: part(cents, units[one], line.quantity) for code, cents in line.deposit_tax.items()},
        )
        for one, line in invoice.items()
        if units.get(one)
    }


def left_of(
    goods: Json,
    prices: Json,
    first: Sequence[Json],
    last: Sequence[Json],
    *,
    is_anew: bool,
    agreed_first: tuple[Json, Json] | None = None,
) -> int:
    """Return what an order's invoices less its credits come to once ``last`` corrects ``first``.

    What the first document billed stays, less a credit of what it billed too much, such as a line that ``last`` names
    no more, and what it never billed is billed beside it. An invoice that went with its refusal, or has no number yet,
    is made anew. The first document costs what its own terms say, ``agreed_first`` where its seller changed the order
    since.
    """
    goods_first, prices_first = agreed_first or (goods, prices)
    now = {line["line_id"]: 0 for line in first} | {line["line_id"]: line["delivered"] for line in last}
    whole = "ordered" if prices_first["invoice_standing"] == "published" else "delivered"
    billed = {line["line_id"]: line[whole] for line in first}
    if is_anew or not any(billed.values()):
        return total(accepted(goods, prices, now))
    more = {one: now[one] - billed.get(one, 0) for one in now}
    too_much = {one: -units for one, units in more.items() if units < 0}
    too_little = {one: units for one, units in more.items() if units > 0}
    invoice = bill(goods_first, prices_first, billed)
    return total(invoice) - total(credit(invoice, too_much)) + total(bill(goods, prices, too_little, after=billed))


def accepted(goods: Json, prices: Json, units: Mapping[str, int]) -> Bill:
    """Return what was signed for so many units: priced afresh, or where an invoice was shown, it less its credit."""
    if prices["invoice_standing"] != "published":
        return bill(goods, prices, units)
    ordered = {line["line_id"]: line["quantity"] for line in goods["lines"]}
    whole = bill(goods, prices, ordered)
    back = credit(whole, {one: quantity - units.get(one, 0) for one, quantity in ordered.items()})
    return {one: _less(line, back[one]) if one in back else line for one, line in whole.items() if units.get(one)}


def _less(line: Line, back: Line) -> Line:
    return Line(
        line.quantity - back.quantity,
        line.net - back.net,
        line.deposit - back.deposit,
        {code: cents - back.net_tax[code] for code, cents in line.net_tax.items()},
        {code: cents - back.deposit_tax[code] for code, cents in line.deposit_tax.items()},
    )


def can_bear(prices: Json, before: Sequence[Json], now: Sequence[Json]) -> bool:
    """Say whether a correction moves a line that costs something, is taxed, and is not credited whole (ADR 0061)."""
    stood = {line["line_id"]: line["delivered"] for line in before}
    taxed = {line["line_id"] for line in prices["lines"] if line["tax_codes"] and Fraction(line["unit_price"]) > 0}
    return any(
        line["line_id"] in taxed and line["delivered"] and line["delivered"] != stood.get(line["line_id"])
        for line in now
    )


def empties(rows: Sequence[tuple[int, int, bool]], rates: Sequence[str]) -> int:
    """Return what returned empties are worth: (count, unit cents, taxed) of each class, and the creditor's rates."""
    plain = sum(count * unit for count, unit, _ in rows)
    taxable = sum(count * unit for count, unit, is_taxed in rows if is_taxed)
    return plain + sum(rounded(Fraction(rate) * taxable) for rate in rates)


def _document_discounts(prices: Json, priced: Mapping[str, Json], ordered: Mapping[str, int]) -> dict[str, int]:
    weights = [_net(priced[one], ordered[one], ordered[one], 0) for one in ordered]
    return dict(zip(ordered, shared(prices["document_discount_cents"], weights), strict=True))


def _more(priced: Json, ordered: int, already: int, quantity: int, off: int) -> int:
    before = _net(priced, ordered, already, off) if already else 0
    return max(0, _net(priced, ordered, already + quantity, off) - before)


def _net(priced: Json, ordered: int, quantity: int, off: int) -> int:
    discount = rounded(Fraction((priced["discount_cents"] + off) * quantity, ordered)) if ordered else 0
    return max(0, rounded(Fraction(priced["unit_price"]) * 100 * quantity - discount))


def _deposits(priced: Json, quantity: int, *, taxed: bool | None) -> int:
    kinds = [one for one in priced["deposits"] if taxed is None or one["taxable"] is taxed]
    return quantity * sum(int(one["containers"]) * int(one["unit_cents"]) for one in kinds)
