"""GST, QST, HST and untaxed container deposits as the revenue agencies and others worked them out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import msgspec

from server.billing.facts.amounts import TAX, TOTAL, Amount, ExactLine, Fact, Name, cents_of, published, rule_of
from server.billing.facts.checked import Checked, Comparison
from shared.pricing import price_lines
from shared.problems import Text

_RATES: Final = {"gst": "5", "qst": "9.975"}
_COMBINED: Final = re.compile(r"hst([0-9]{1,2})_combined")


class CanadianExample(Fact, frozen=True, kw_only=True):
    """One worked example; one without amounts tells a rule in words and is counted, not computed."""

    id: Name
    base: Amount | None = None
    beverage: Amount | None = None
    deposit: Amount | None = None
    gst: Amount | None = None
    qst: Amount | None = None
    total: Amount | None = None


def check_examples(rows: Sequence[Mapping[str, Any]]) -> Checked:
    """Recompute every example that has a price, and compare each tax and total to the cent."""
    comparison = Comparison()
    computed = 0
    for row in rows:
        example = msgspec.convert(row, CanadianExample)
        if (example.base or example.beverage) is not None:
            _check(comparison, example, row)
            computed += 1
    words = len(rows) - computed
    return comparison.checked(
        computed, Text(f"{words} règles en mots, sans montant", f"{words} rules in words, without amounts")
    )


def _check(comparison: Comparison, example: CanadianExample, row: Mapping[str, Any]) -> None:
    charged = {code: rate for code, rate in _RATES.items() if code in row}
    net = cents_of(example.base or example.beverage or "0")
    line = ExactLine(
        line_id=example.id, net=net, tax_codes=frozenset(charged), deposit=cents_of(example.deposit or "0")
    )
    document = price_lines([(line, 1)], [rule_of(code, rate) for code, rate in charged.items()])
    for code in charged:
        what = Text(f"la taxe {code}", f"tax {code}")
        comparison.compare(
            example.id, what, published_cents=cents_of(row[code]), computed_cents=document.taxes.get(code, 0)
        )
    comparison.compare(example.id, TOTAL, published_cents=published(example.total), computed_cents=document.total_cents)
    _check_combined(comparison, example.id, net, row)


def _check_combined(comparison: Comparison, name: str, net: int, row: Mapping[str, Any]) -> None:
    """One rate of 13 %, or its two parts of 5 % and 8 % each rounded by itself."""
    for field, amount in row.items():
        if combined := _COMBINED.fullmatch(field):
            _compare_rate(comparison, name, net, combined[1], amount)
        elif field.startswith("split_"):
            for rate, part in zip(field.removeprefix("split_").split("_plus_"), amount, strict=True):
                _compare_rate(comparison, name, net, rate, part)


def _compare_rate(comparison: Comparison, name: str, net: int, rate: str, amount: str) -> None:
    line = ExactLine(line_id=name, net=net, tax_codes=frozenset({rate}))
    document = price_lines([(line, 1)], [rule_of(rate, str(Decimal(rate)))])
    what = Text(f"{TAX.fr} de {rate}\u00a0%", f"{TAX.en} of {rate}%")
    comparison.compare(name, what, published_cents=cents_of(amount), computed_cents=document.tax_cents)
