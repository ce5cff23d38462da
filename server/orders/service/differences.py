"""What somebody changed in an order, in the words of its timeline (R049, R052, R053, R063)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final
from uuid import UUID

from server.catalog.prices.steps import StepKind
from server.orders.model import Order, OrderLine
from shared.money import format_money
from shared.problems import Text

MOST_SAID: Final = 12
_DISCOUNTS: Final = (StepKind.DISCOUNT, StepKind.PROMOTION)
_REMOVED: Final = Text("retrait", "removed")
_PUT_BACK: Final = Text("rétablissement", "put back")


@dataclass(frozen=True, slots=True)
class SeenLine:
    """A line as it stood at a moment."""

    words: Text
    quantity: int
    unit_price: Decimal
    discount_cents: int
    tax_codes: tuple[str, ...]
    is_discounted: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """An order's content as it stood at a moment."""

    lines: dict[UUID, SeenLine]
    document_discount_cents: int
    taxed: bool
    with_deposits: bool
    note: str
    rebates: tuple[tuple[str, int, tuple[str, ...]], ...]
    currency: str


def seen(order: Order) -> Seen:
    """Return the order's content as it stands; ``order.lines`` must be loaded."""
    return Seen(
        lines={line.id: _seen_line(line) for line in order.lines},
        document_discount_cents=order.document_discount_cents,
        taxed=order.taxed,
        with_deposits=order.with_deposits,
        note=order.note,
        rebates=tuple((one["words"], one["amount_cents"], tuple(one["tax_codes"])) for one in order.rebates),
        currency=order.currency,
    )


def changes(before: Seen, after: Seen) -> list[Text]:
    """Return each change as a sentence: lines first, then what holds for the whole order."""
    return [*_lines(before, after), *_whole(before, after)]


def in_one(head: Text, said: Sequence[Text]) -> Text:
    """Return a head and what follows as one text, the first ``MOST_SAID`` changes of many."""
    shown = list(said[:MOST_SAID])
    if (more := len(said) - len(shown)) > 0:
        shown.append(Text(f"et {more} autres changements", f"and {more} more changes"))
    if not shown:
        return head
    return Text(f"{head.fr} {'; '.join(one.fr for one in shown)}.", f"{head.en} {'; '.join(one.en for one in shown)}.")


def reprices(before: Seen, after: Seen) -> bool:
    """Say whether a price, a discount, a tax or the deposits changed of what was there (R063, C22)."""
    return (
        any(_terms(was) != _terms(after.lines[key]) for key, was in before.lines.items() if key in after.lines)
        or (before.taxed, before.with_deposits) != (after.taxed, after.with_deposits)
        or before.document_discount_cents != after.document_discount_cents
        or sorted(before.rebates) != sorted(after.rebates)
    )


def _terms(line: SeenLine) -> tuple[Decimal, int, tuple[str, ...], bool]:
    return line.unit_price, line.discount_cents, line.tax_codes, line.is_discounted


def _seen_line(line: OrderLine) -> SeenLine:
    return SeenLine(
        words=Text(line.description_fr, line.description_en),
        quantity=line.quantity,
        unit_price=Decimal(line.unit_price),
        discount_cents=line.discount_cents,
        tax_codes=tuple(sorted(line.tax_codes)),
        is_discounted=any(StepKind(step["kind"]) in _DISCOUNTS for step in line.price_steps),
    )


def _lines(before: Seen, after: Seen) -> Iterator[Text]:
    for line_id, now in after.lines.items():
        was = before.lines.get(line_id)
        if was is None:
            yield _say(now.words, f"ajouté, {now.quantity}", f"added, {now.quantity}")
        elif was != now:
            yield from _line(was, now, after.currency)
    for line_id, was in before.lines.items():
        if line_id not in after.lines:
            yield _say(was.words, "retiré", "removed")


def _line(was: SeenLine, now: SeenLine, currency: str) -> Iterator[Text]:
    if was.quantity != now.quantity:
        yield _say(now.words, f"{was.quantity} → {now.quantity}", f"{was.quantity} → {now.quantity}")
    if was.unit_price != now.unit_price:
        yield _say(now.words, f"prix {was.unit_price} → {now.unit_price}", f"price {was.unit_price} → {now.unit_price}")
    if was.discount_cents != now.discount_cents:
        yield _amounts(Text("rabais", "discount"), was.discount_cents, now.discount_cents, currency, of=now.words)
    if was.tax_codes != now.tax_codes:
        codes = " + ".join(now.tax_codes).upper()
        yield _say(now.words, f"taxes {codes or 'aucune'}", f"taxes {codes or 'none'}")


def _whole(before: Seen, after: Seen) -> Iterator[Text]:
    if before.document_discount_cents != after.document_discount_cents:
        yield _amounts(
            Text("Remise", "Order discount"),
            before.document_discount_cents,
            after.document_discount_cents,
            after.currency,
        )
    for what, was, now in (
        (Text("Taxes", "Taxes"), before.taxed, after.taxed),
        (Text("Consignes", "Deposits"), before.with_deposits, after.with_deposits),
    ):
        if was != now:
            yield _say(what, (_PUT_BACK if now else _REMOVED).fr, (_PUT_BACK if now else _REMOVED).en)
    for words, cents, _codes in (one for one in after.rebates if one not in before.rebates):
        yield _say(Text(words, words), *_money(-cents, after.currency))
    for words, _cents, _codes in (one for one in before.rebates if one not in after.rebates):
        yield _say(Text(words, words), "rabais retiré", "rebate removed")
    if before.note != after.note:
        yield Text("Note changée", "Note changed")


def _amounts(what: Text, was: int, now: int, currency: str, *, of: Text | None = None) -> Text:
    (was_fr, was_en), (now_fr, now_en) = _money(was, currency), _money(now, currency)
    words = Text(f"{of.fr}, {what.fr}", f"{of.en}, {what.en}") if of else what
    return _say(words, f"{was_fr} → {now_fr}", f"{was_en} → {now_en}")


def _money(cents: int, currency: str) -> tuple[str, str]:
    return format_money(cents, currency, "fr"), format_money(cents, currency, "en")


def _say(what: Text, fr: str, en: str) -> Text:
    return Text(f"{what.fr}\u00a0: {fr}", f"{what.en}: {en}")
