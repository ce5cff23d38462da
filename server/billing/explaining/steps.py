"""A number as a tree: each step is exactly the sum of its parts, or says how it was reckoned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from server.core.days import written_day
from server.parties.model import BillingType
from shared.money import format_money, half_up, times
from shared.problems import Language, Text

type SourceKind = Literal[
    "account", "chargeback", "container_class", "credit_note", "delivery", "invoice", "order", "page", "payment",
    "payment_failed", "proof", "provider_event", "refund", "revaluation", "statement", "write_off",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What a number came from; ``link`` is its page, if it has one, ``billed`` how an order is billed (R008)."""

    kind: SourceKind
    id: UUID
    text: Text
    link: str = ""
    billed: BillingType | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One amount in cents, the sum of its ``parts`` if any; ``says`` tells the reckoning, ``rule`` is T1 to T8."""

    label: Text
    amount_cents: int
    rule: str = ""
    says: Text | None = None
    parts: Sequence[Step] = ()
    source: Source | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The totals of one document, and what they were signed and decided by."""

    currency: str
    totals: Sequence[Step]
    sources: Sequence[Source]


def summed(label: Text, parts: Iterable[Step], *, rule: str = "", says: Text | None = None) -> Step:
    """Return the step that is the sum of these parts."""
    found = tuple(parts)
    return Step(label=label, amount_cents=sum(part.amount_cents for part in found), rule=rule, says=says, parts=found)


def closed(step: Step, amount_cents: int, reason: Text) -> Step:
    """Return the step with one more part that leads to the amount that stands, when they differ."""
    missing = amount_cents - step.amount_cents
    if not missing:
        return step
    return summed(step.label, (*step.parts, Step(label=reason, amount_cents=missing)), rule=step.rule, says=step.says)


def said(fr: str, en: str, *amounts: tuple[int | Decimal, str]) -> Text:
    """Return a sentence with its amounts written in each language; ``{}`` stands where they go."""
    return Text(
        fr.format(*(_written(value, currency, "fr") for value, currency in amounts)),
        en.format(*(_written(value, currency, "en") for value, currency in amounts)),
    )


def gross_step(quantity: int, unit_price: Decimal, currency: str) -> Step:
    """Return quantity × unit price, half up (T1)."""
    return Step(
        label=Text("Quantité × prix", "Quantity × price"),
        amount_cents=half_up(times(unit_price, Decimal(100 * quantity))),
        rule="T1",
        says=said(f"{quantity} × {{}}", f"{quantity} × {{}}", (unit_price, currency)),
    )


def discount_steps(line_cents: int, document_cents: int) -> list[Step]:
    """Return what both kinds of discount take off a line; none where there is none."""
    found = (
        (Text("Rabais de la ligne", "Line discount"), line_cents, "T1"),
        (Text("Part du rabais de la commande", "Share of the order’s discount"), document_cents, "T2"),
    )
    return [Step(label=label, amount_cents=-cents, rule=rule) for label, cents, rule in found if cents]


def tax_step(row: Mapping[str, Any], *, parts: Sequence[Step], base_cents: int, on: date | None, currency: str) -> Step:
    """Return one tax of a document with its rate, the day of that rate, and the shares of the lines (T3, T4, T8)."""
    rate = Decimal(row["rate"])
    percent = f"{(rate * 100).normalize():f}"
    label = Text(f"{row['name_fr']} {percent.replace('.', ',')}\u00a0%", f"{row['name_en']} {percent}%")
    exact = times(Decimal(base_cents), rate) / 100
    dated = (f", taux du {written_day(on, 'fr')}", f", rate of {written_day(on, 'en')}") if on else ("", "")
    says = None
    if half_up(exact * 100) == sum(part.amount_cents for part in parts):
        says = said(
            f"{percent.replace('.', ',')}\u00a0% × {{}} = {{}}, arrondi au cent une seule fois{dated[0]}",
            f"{percent}% × {{}} = {{}}, rounded to the cent once{dated[1]}",
            (base_cents, currency),
            (exact, currency),
        )
    return summed(label, parts, rule="T3, T4", says=says)


def _written(value: int | Decimal, currency: str, language: Language) -> str:
    """Cents as an amount; a decimal with all the digits that it has, two at least."""
    if isinstance(value, int):
        return format_money(value, currency, language)
    whole, _, digits = f"{value:f}".partition(".")
    digits = digits.rstrip("0").ljust(2, "0")
    mark, written = ("," if language == "fr" else "."), format_money(int(whole) * 100, currency, language)
    return written.replace(f"{mark}00", f"{mark}{digits}", 1)
