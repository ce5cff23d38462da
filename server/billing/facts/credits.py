"""Published credit notes: partial credits whose taxes must come to the invoice's own, whatever the split (T5)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Final

import msgspec

from server.billing.facts.amounts import TAX, TOTAL, ExactLine, Fact, Name, Share, WholeCents, rule_of
from server.billing.facts.checked import Checked, Comparison
from shared.priced import PricedDocument, PricedLine
from shared.pricing import credit_of, price_lines
from shared.problems import Text

_CODE: Final = "vat"
_CREDITED: Final = Text("la taxe créditée en tout", "tax credited in all")


class _Credit(Fact, frozen=True, kw_only=True):
    net: WholeCents
    tax: WholeCents
    total: WholeCents
    line: Annotated[int, msgspec.Meta(ge=0)] | None = None
    times: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 1


class _Amounts(Fact, frozen=True, kw_only=True):
    net: WholeCents
    tax: WholeCents
    total: WholeCents | None = None


class CreditCase(Fact, frozen=True, kw_only=True):
    """An invoice by its lines, or by its net and tax alone, with the credits that were published on it, in cents."""

    id: Name
    tax_rate: Share
    lines: tuple[Annotated[int, msgspec.Meta(ge=1)], ...] = ()
    invoice: _Amounts | None = None
    invoice_tax: WholeCents | None = None
    invoice_total: WholeCents | None = None
    credits: tuple[_Credit, ...] = ()
    credit: _Amounts | None = None

    def published_credits(self) -> Iterator[_Credit]:
        """Yield each credit by itself, one that was given several times as often."""
        if self.credit:
            total = self.credit.net + self.credit.tax
            yield _Credit(net=self.credit.net, tax=self.credit.tax, total=self.credit.total or total)
        for one in self.credits:
            yield from (one for _ in range(one.times))


def check_cases(cases: Sequence[CreditCase]) -> Checked:
    """Recompute every invoice and its credits, each a share of the invoice's own amounts.

    The sum of a case's credits agrees to the cent. A single credit may differ by one cent from its published amount
    when its author rounded each credit afresh and set the rest right on the last: that is said, not counted as wrong.
    """
    comparison, elsewhere = Comparison(), 0
    for case in cases:
        elsewhere += _check(comparison, case)
    return comparison.checked(
        len(cases),
        Text(
            f"{elsewhere} crédits dont un cent tombe sur un autre crédit du même article, la somme étant la même",
            f"{elsewhere} credits of which a cent falls on another credit of the same invoice, to the same sum",
        ),
    )


def _check(comparison: Comparison, case: CreditCase) -> int:
    invoice = _invoice(case)
    wanted = case.invoice.tax if case.invoice else case.invoice_tax
    comparison.compare(case.id, TAX, published_cents=wanted, computed_cents=invoice.tax_cents)
    comparison.compare(case.id, TOTAL, published_cents=case.invoice_total, computed_cents=invoice.total_cents)
    computed = list(_credited(case, invoice))
    if not computed:
        _check_line_by_line(comparison, case, invoice)
        return 0
    differing = [(one, document) for one, document in computed if one.tax != document.tax_cents]
    if any(abs(one.tax - document.tax_cents) > 1 for one, document in differing) or len(computed) == 1:
        for one, document in differing:
            comparison.compare(case.id, TAX, published_cents=one.tax, computed_cents=document.tax_cents)
    comparison.compare(
        case.id,
        _CREDITED,
        published_cents=sum(one.tax for one, _ in computed),
        computed_cents=sum(document.tax_cents for _, document in computed),
    )
    return len(differing)


def _check_line_by_line(comparison: Comparison, case: CreditCase, invoice: PricedDocument) -> None:
    """Where no credits were published: one for each line gives back the invoice's tax, all of it."""
    credited = [
        credit_of(invoice, already={}, crediting={line.line_id: line.quantity}).tax_cents for line in invoice.lines
    ]
    comparison.compare(case.id, _CREDITED, published_cents=case.invoice_tax, computed_cents=sum(credited))


def _invoice(case: CreditCase) -> PricedDocument:
    """Return the invoice with one unit for each cent of a line, so that a credit of any amount is one of units."""
    nets = case.lines or ((case.invoice.net,) if case.invoice else ())
    rule = rule_of(_CODE, case.tax_rate)
    lines = [ExactLine(line_id=str(at), net=net, tax_codes=frozenset({_CODE})) for at, net in enumerate(nets)]
    priced = price_lines([(line, 1) for line in lines], [rule])
    return PricedDocument.of([_by_cents(line) for line in priced.lines])


def _by_cents(line: PricedLine) -> PricedLine:
    return PricedLine(line_id=line.line_id, quantity=line.net_cents, net_cents=line.net_cents, taxes=line.taxes)


def _credited(case: CreditCase, invoice: PricedDocument) -> Iterator[tuple[_Credit, PricedDocument]]:
    """Take each credit from the line that it names, else from the first that still has something, on to the next."""
    taken = {line.line_id: 0 for line in invoice.lines}
    for one in case.published_credits():
        crediting, left = dict.fromkeys(taken, 0), one.net
        for line in invoice.lines if one.line is None else invoice.lines[one.line : one.line + 1]:
            crediting[line.line_id] = min(left, line.quantity - taken[line.line_id])
            left -= crediting[line.line_id]
        if left:
            raise ValueError("more is credited than was invoiced")
        yield one, credit_of(invoice, already=taken, crediting=crediting)
        taken = {line_id: cents + crediting[line_id] for line_id, cents in taken.items()}
