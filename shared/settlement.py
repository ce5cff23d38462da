"""What a delivery does to its invoice: the tablet shows it before the signature, the server does it after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from shared.delivered_line import DeliveredLine, balanced
from shared.pricing import PricedDocument, PricedLine, credit_lines, credit_of, price_extra, price_order
from shared.problems import Problem, Text
from shared.wire.terms import Goods, Prices

type SettlementKind = Literal["none", "invoice", "credit", "credit_pending"]
type Shown = Literal["none", "invoice", "credit", "supplement", "credit_pending"]


class LinesMismatch(Problem):
    """What was delivered is not about the lines that were ordered."""

    slug = "delivered-lines-mismatch"
    title = Text("Lignes livrées et commandées différentes", "Delivered and ordered lines differ")


class PricesMissing(Problem):
    """An order delivered with an invoice came without its prices."""

    slug = "prices-missing"
    title = Text("Prix absents", "Prices missing")


@dataclass(frozen=True, slots=True)
class SettlementPreview:
    """What follows from a delivery.

    ``kind`` is what remains to be done: publish ``invoice`` (with the delivered quantities), issue ``credit`` on the
    published ``invoice`` (whole and unchanged), let somebody approve it (``credit_pending``), or nothing. An invoice
    that stands under ``none`` is the published one that agrees with the delivery. ``supplement`` prices what was
    accepted beyond the order.
    """

    kind: SettlementKind
    invoice: PricedDocument | None = None
    credit: PricedDocument | None = None
    supplement: PricedDocument | None = None

    @property
    def shown(self) -> Shown:
        """What the signer is shown, as the sealed leaf names it."""
        if self.kind in {"credit", "credit_pending"}:
            return self.kind
        if self.invoice is not None:
            return "invoice"
        return "none" if self.supplement is None else "supplement"

    @property
    def shown_total_cents(self) -> int:
        """The invoice's total that the signer sees, 0 without invoice."""
        return self.invoice.total_cents if self.invoice else 0

    @property
    def shown_credit_cents(self) -> int:
        """The credit that the signer sees; a credit to be approved is never shown as an amount (C12)."""
        return self.credit.total_cents if self.credit and self.kind == "credit" else 0

    @property
    def shown_supplement_cents(self) -> int:
        """The total of the supplementary order that the signer sees."""
        return self.supplement.total_cents if self.supplement else 0


def preview_settlement(goods: Goods, prices: Prices | None, lines: Sequence[DeliveredLine]) -> SettlementPreview:
    """Return what the delivered lines do to the order's invoice.

    An order delivered with a purchase order, or invoiced outside, settles nothing here, whether or not the caller
    knows its prices: its overage is priced by whoever makes the supplementary order. A published invoice is final and
    gets a credit, less what earlier credits took; any other is published with what was delivered, and not at all when
    nothing was.

    Raises:
        UnbalancedLine: a line is not accounted for.
        LinesMismatch: the lines are not those of the order.
        PricesMissing: the order is delivered with an invoice and has no prices.
        TermsMismatch: goods and prices do not fit each other.

    Source: R016, R017, R023, R024; C1, C2, C12, C14, C27.
    """
    checked = balanced(lines)
    _require_lines_of(goods, checked)
    if goods.billing_type == "external" or goods.deliver_with == "po":
        return SettlementPreview("none")
    if prices is None:
        raise PricesMissing(
            Text(
                f"Commande {goods.order_number}\u00a0: les prix manquent. Synchroniser la tournée de nouveau.",
                f"Order {goods.order_number}: its prices are missing. Sync the run again.",
            ),
            where=goods.order_id,
        )
    supplement = price_extra(goods, prices, {line.line_id: line.extra for line in checked})
    return _settle(goods, prices, checked, supplement if supplement.lines else None)


def price_accepted(goods: Goods, prices: Prices, accepted: Mapping[str, int]) -> PricedDocument:
    """Return the one invoice of what was ``accepted`` by line, worth what its signer was shown, to the cent.

    Under terms that know a published invoice it is the whole less its credit; else these units are priced afresh.

    Raises:
        TermsMismatch: goods and prices do not fit each other.
        QuantityOutOfRange: an unknown line, or more than was ordered.

    Source: T5; law 19.
    """
    fresh = price_order(goods, prices, accepted)
    if prices.invoice_standing != "published":
        return fresh
    whole = price_order(goods, prices)
    missing = {line.line_id: line.quantity - accepted.get(line.line_id, 0) for line in whole.lines}
    credit = credit_of(whole, already={}, crediting=missing)
    taken = {line.line_id: line for line in credit.lines}
    return PricedDocument.of(
        [
            line.less(taken[line.line_id]) if line.line_id in taken else line
            for line in whole.lines
            if _is_on(line, fresh)
        ]
    )


def _is_on(line: PricedLine, document: PricedDocument) -> bool:
    return document.line(line.line_id) is not None


def _settle(
    goods: Goods, prices: Prices, lines: Sequence[DeliveredLine], supplement: PricedDocument | None
) -> SettlementPreview:
    if prices.invoice_standing == "published":
        return _credit(goods, prices, lines, supplement)
    if goods.settlement_policy == "none" and prices.invoice_standing == "none":
        return SettlementPreview("none", supplement=supplement)
    invoice = price_order(goods, prices, {line.line_id: line.delivered for line in lines})
    if not invoice.lines:
        return SettlementPreview("none", supplement=supplement)
    return SettlementPreview("invoice", invoice=invoice, supplement=supplement)


def _credit(
    goods: Goods, prices: Prices, lines: Sequence[DeliveredLine], supplement: PricedDocument | None
) -> SettlementPreview:
    invoice = price_order(goods, prices)
    already = {line.line_id: line.credited_quantity for line in prices.lines}
    credit = credit_lines(goods, prices, invoice, already=already, crediting=_still_short(lines, already))
    if goods.settlement_policy == "none" or not credit.lines:
        return SettlementPreview("none", invoice=invoice, supplement=supplement)
    threshold = prices.credit_threshold_cents
    pending = threshold is not None and credit.total_cents > threshold
    return SettlementPreview("credit_pending" if pending else "credit", invoice, credit, supplement)


def _still_short(lines: Sequence[DeliveredLine], already: Mapping[str, int]) -> dict[str, int]:
    return {line.line_id: max(0, line.short - already[line.line_id]) for line in lines}


def _require_lines_of(goods: Goods, lines: Sequence[DeliveredLine]) -> None:
    delivered = sorted((line.line_id, line.ordered) for line in lines)
    if delivered != sorted((line.line_id, line.quantity) for line in goods.lines):
        raise LinesMismatch(
            Text(
                f"Commande {goods.order_number}\u00a0: les lignes livrées ne sont pas celles de la commande. "
                "Reprendre le décompte à partir de la tournée reçue.",
                f"Order {goods.order_number}: the delivered lines are not those of the order. "
                "Count again from the run as received.",
            ),
            where=goods.order_id,
        )
