"""European invoices (EN 16931): lines, allowances and charges in; totals by category and of the document out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Annotated

import msgspec

from server.billing.facts.amounts import Amount, ExactLine, Fact, Name, Share, cents_of, published, rule_of
from server.billing.facts.checked import Checked, Comparison
from shared.line_terms import net_cents_of
from shared.priced import PricedDocument
from shared.pricing import price_lines
from shared.problems import Text


class _Adjustment(Fact, frozen=True, kw_only=True):
    amount: Amount
    cat: Name | None = None
    rate: Share | None = None


class _Line(Fact, frozen=True, kw_only=True):
    id: Name
    qty: Amount
    price: Amount
    net: Amount
    cat: Name
    rate: Share | None = None
    base_qty: Amount | None = None
    allowances: tuple[_Adjustment, ...] = ()
    charges: tuple[_Adjustment, ...] = ()


class _Vat(Fact, frozen=True, kw_only=True):
    cat: Name
    base: Amount
    tax: Amount
    rate: Share | None = None


class _Totals(Fact, frozen=True, kw_only=True):
    """By the numbers of the standard's business terms, BT-106 to BT-115."""

    lines: Amount = msgspec.field(name="106")
    allowances: Amount | None = msgspec.field(name="107", default=None)
    charges: Amount | None = msgspec.field(name="108", default=None)
    net: Amount = msgspec.field(name="109")
    tax: Amount | None = msgspec.field(name="110", default=None)
    total: Amount = msgspec.field(name="112")
    prepaid: Amount | None = msgspec.field(name="113", default=None)
    rounding: Amount | None = msgspec.field(name="114", default=None)
    due: Amount = msgspec.field(name="115")


class EuropeanInvoice(Fact, frozen=True, kw_only=True):
    """One published invoice. Where ``lines_consistent`` is false its authors' line nets are the input."""

    file: Name
    lines: Annotated[tuple[_Line, ...], msgspec.Meta(min_length=1)]
    expected: _Totals
    vat: tuple[_Vat, ...]
    allowances: tuple[_Adjustment, ...] = ()
    charges: tuple[_Adjustment, ...] = ()
    lines_consistent: bool = True


def check_invoices(invoices: Sequence[EuropeanInvoice]) -> Checked:
    """Recompute every invoice and compare each of its amounts to the cent."""
    comparison = Comparison()
    for invoice in invoices:
        _check(comparison, invoice)
    stated = sum(1 for one in invoices if not one.lines_consistent)
    return comparison.checked(
        len(invoices),
        Text(
            f"{stated} avec le net de ligne que leurs auteurs ont écrit, les autres depuis quantités et prix",
            f"{stated} from the line nets that their authors state, the others from quantities and prices",
        ),
    )


def _check(comparison: Comparison, invoice: EuropeanInvoice) -> None:
    lines = [_priced_line(comparison, invoice, line) for line in invoice.lines]
    taken, added = _adjustments(invoice.allowances, -1), _adjustments(invoice.charges, 1)
    everything = [*lines, *taken, *added]
    rates = {_code(one.cat, one.rate): one.rate for one in _rated(invoice)}
    document = price_lines([(one, 1) for one in everything], [rule_of(code, rate) for code, rate in rates.items()])
    _compare_totals(comparison, invoice, document, (_sum(lines), -_sum(taken), _sum(added)))
    _compare_categories(comparison, invoice, everything, document)


def _priced_line(comparison: Comparison, invoice: EuropeanInvoice, line: _Line) -> ExactLine:
    stated = cents_of(line.net)
    if not invoice.lines_consistent:
        return _exact(line.id, stated, line)
    allowances = sum((Decimal(one.amount) for one in line.allowances), Decimal(0))
    charges = sum((Decimal(one.amount) for one in line.charges), Decimal(0))
    net = net_cents_of(
        Decimal(line.price),
        Decimal(line.qty),
        discount_cents=(allowances - charges) * 100,
        base_quantity=Decimal(line.base_qty or 1),
    )
    what = Text(f"le net de la ligne {line.id}", f"net of line {line.id}")
    comparison.compare(invoice.file, what, published_cents=stated, computed_cents=net)
    return _exact(line.id, net, line)


def _exact(line_id: str, net: int, rated: _Line | _Adjustment) -> ExactLine:
    return ExactLine(line_id=line_id, net=net, tax_codes=frozenset({_code(rated.cat, rated.rate)}))


def _adjustments(some: Sequence[_Adjustment], sign: int) -> list[ExactLine]:
    return [_exact(f"document-{sign * at}", sign * cents_of(one.amount), one) for at, one in enumerate(some, start=1)]


def _rated(invoice: EuropeanInvoice) -> Iterator[_Line | _Adjustment | _Vat]:
    yield from invoice.lines
    yield from invoice.allowances
    yield from invoice.charges
    yield from invoice.vat


def _code(cat: str | None, rate: str | None) -> str:
    return f"{cat or 'O'} {Decimal(rate or 0).normalize():f}"


def _sum(lines: Sequence[ExactLine]) -> int:
    return sum(line.net for line in lines)


def _compare_totals(
    comparison: Comparison, invoice: EuropeanInvoice, document: PricedDocument, sums: tuple[int, int, int]
) -> None:
    said = invoice.expected
    due_cents = document.total_cents - (published(said.prepaid) or 0) + (published(said.rounding) or 0)
    for what, amount, cents in (
        (Text("la somme des lignes", "sum of the lines"), said.lines, sums[0]),
        (Text("les remises", "allowances"), said.allowances, sums[1]),
        (Text("les frais", "charges"), said.charges, sums[2]),
        (Text("le net", "net"), said.net, document.net_cents),
        (Text("la taxe", "tax"), said.tax, document.tax_cents),
        (Text("le total", "total"), said.total, document.total_cents),
        (Text("le montant à payer", "amount due"), said.due, due_cents),
    ):
        comparison.compare(invoice.file, what, published_cents=published(amount), computed_cents=cents)


def _compare_categories(
    comparison: Comparison, invoice: EuropeanInvoice, lines: Sequence[ExactLine], document: PricedDocument
) -> None:
    for vat in invoice.vat:
        code = _code(vat.cat, vat.rate)
        base = sum(line.net for line in lines if code in line.tax_codes)
        for what, amount, cents in (
            (Text(f"la base {code}", f"base {code}"), vat.base, base),
            (Text(f"la taxe {code}", f"tax {code}"), vat.tax, document.taxes.get(code, 0)),
        ):
            comparison.compare(invoice.file, what, published_cents=cents_of(amount), computed_cents=cents)
