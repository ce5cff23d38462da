"""What the signer reads before signing: the statement, laid out in rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from driver_app.statement import StatedLine, StatedOrder, Statement
from driver_app.viewmodels import texts, words
from shared.pricing import PricedDocument
from shared.problems import Language
from shared.wire.bundle import BundleStop

type RowKind = Literal["heading", "line", "amount", "detail"]


@dataclass(frozen=True, slots=True)
class ProofRow:
    """One row: words on the left, a quantity or amount on the right."""

    kind: RowKind
    left: str
    right: str
    is_exception: bool = False


@dataclass(frozen=True, slots=True)
class ProofView:
    """The proof screen. ``default_name`` is chosen already when only one person receives here.

    ``seen`` is the hash of what the signer reads.
    """

    title: str
    rows: tuple[ProofRow, ...]
    recipients: tuple[str, ...]
    default_name: str
    may_finish_unsigned: bool
    consent: str
    seen: str


def present_proof(stop: BundleStop, statement: Statement) -> ProofView:
    """Say what the signer sees of a statement."""
    return ProofView(
        title=statement.failure or stop.place.name,
        rows=rows_of(statement),
        recipients=stop.recipients[:4],
        default_name=stop.recipients[0] if len(stop.recipients) == 1 else "",
        may_finish_unsigned=statement.is_empty_handed,
        consent=statement.consent,
        seen=statement.sha256,
    )


def rows_of(statement: Statement) -> tuple[ProofRow, ...]:
    """Lay a statement out."""
    return tuple(_rows(statement))


def _rows(statement: Statement) -> Iterator[ProofRow]:
    language = statement.language
    for order in statement.orders:
        yield ProofRow("heading", order.seller_name, order.order_number)
        yield from (_line(line, language) for line in order.lines)
        yield from _amounts(order, language)
    if statement.containers:
        yield ProofRow("heading", texts.EMPTIES.say(language), "")
    for item in statement.containers:
        yield ProofRow("line", item.name, f"{item.returned} × {words.money(item.unit_cents, language)}")
    if statement.collections:
        yield ProofRow("heading", texts.PAYMENT.say(language), "")
    for taken in statement.collections:
        yield ProofRow("amount", taken.issuer_name, words.money(taken.amount_cents + taken.rounding_cents, language))


def _line(line: StatedLine, language: Language) -> ProofRow:
    total = line.delivered + line.extra
    short = line.delivered < line.ordered
    right = f"{total}/{line.ordered}" if total != line.ordered else words.units(total, line.unit, language)
    left = f"{line.description} — {line.reason}" if short and line.reason else line.description
    return ProofRow("line", left, right, is_exception=total != line.ordered)


def _amounts(order: StatedOrder, language: Language) -> Iterator[ProofRow]:
    preview = order.preview
    shown: list[tuple[str, str, PricedDocument | None]] = []
    if preview.invoice is not None:
        shown.append((texts.INVOICE.say(language), words.money(preview.shown_total_cents, language), preview.invoice))
    if order.shown == "credit":
        shown.append((texts.CREDIT.say(language), words.money(preview.shown_credit_cents, language), preview.credit))
    if order.shown == "credit_pending":
        shown.append((texts.CREDIT_PENDING.say(language), "", None))
    if preview.supplement is not None:
        amount = words.money(preview.shown_supplement_cents, language)
        shown.append((texts.SUPPLEMENT.say(language), amount, preview.supplement))
    if not shown:
        yield ProofRow("detail", texts.NO_PRICE.say(language), "")
    for label, amount, document in shown:
        yield ProofRow("amount", label, amount)
        if document is not None:
            yield ProofRow("detail", _breakdown(document, language), "")


def _breakdown(document: PricedDocument, language: Language) -> str:
    """Return « TPS 12,35 $ · TVQ 24,64 $ · consignes 9,60 $ »."""
    names = {"gst": "TPS" if language == "fr" else "GST", "qst": "TVQ" if language == "fr" else "QST"}
    parts = [
        f"{names.get(code, code.upper())} {words.money(cents, language)}" for code, cents in document.taxes.items()
    ]
    if document.deposits_cents:
        parts.append(f"{texts.DEPOSITS.say(language)} {words.money(document.deposits_cents, language)}")
    return " · ".join(parts)
