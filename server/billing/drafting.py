"""How priced terms become the rows of an invoice, and rows priced lines again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy.orm.attributes import set_committed_value

from server.billing.model import CreditLine, Invoice, InvoiceKind, InvoiceLine
from server.core.objects import fresh
from server.core.stamp import Stamp
from server.orders.model import Order, OrderLine
from server.parties.model import BillingType
from shared.delivery import price_accepted
from shared.ids import new_id
from shared.money import half_up, times
from shared.priced import PricedDocument, PricedLine
from shared.pricing import price_order
from shared.states import InvoiceState
from shared.wire.terms import Goods, GoodsLine, PriceLine, Prices, TaxRule


@dataclass(frozen=True, slots=True)
class Bill:
    """What an order is invoiced by: both halves of its terms, and the document priced from them."""

    goods: Goods
    prices: Prices
    priced: PricedDocument

    @classmethod
    def of(cls, goods: Goods, prices: Prices, quantities: Mapping[str, int] | None = None) -> Bill:
        """Return the bill of what was ordered, or of ``quantities`` by line.

        Raises:
            QuantityOutOfRange: more than ordered, or an unknown line.
        """
        return cls(goods, prices, price_order(goods, prices, quantities))

    @classmethod
    def accepted(cls, goods: Goods, prices: Prices, quantities: Mapping[str, int]) -> Bill:
        """Return the bill of what was delivered by line, at the amounts that were signed for it.

        Raises:
            QuantityOutOfRange: more than ordered, or an unknown line.
        """
        return cls(goods, prices, price_accepted(goods, prices, quantities))


def draft_invoice(*, order: Order, issuer_id: UUID, bill: Bill, state: InvoiceState, stamp: Stamp) -> Invoice:
    """Return a new invoice of one order, without number; the issuer owns it, the order's parties read it."""
    circle = {order.owner_id, order.buyer_id, *order.party_ids} | ({order.carrier_id} if order.carrier_id else set())
    invoice = fresh(
        Invoice,
        id=new_id(),
        owner_id=issuer_id,
        party_ids=sorted(circle - {issuer_id}),
        kind=InvoiceKind.AGENT if order.billing_type is BillingType.AGENT else InvoiceKind.STANDARD,
        state=state,
        buyer_id=order.buyer_id,
        seller_ids=[order.owner_id],
        currency=order.currency,
        revision=1,
        net_days=order.net_days,
        joined_id=None,
        section=0,
        sections=0,
        parties_text={},
        created_at=stamp.at,
    )
    set_amounts(invoice, bill)
    set_committed_value(invoice, "lines", invoice_lines(invoice, order=order, bill=bill))
    return invoice


def set_amounts(invoice: Invoice, bill: Bill) -> None:
    """Set the invoice's totals and taxes to the bill's."""
    priced = bill.priced
    invoice.net_cents = priced.net_cents
    invoice.tax_cents = priced.tax_cents
    invoice.deposit_cents = priced.deposits_cents
    invoice.total_cents = priced.total_cents
    invoice.taxes = tax_rows(priced, bill.prices.taxes)


def invoice_lines(invoice: Invoice, *, order: Order, bill: Bill) -> list[InvoiceLine]:
    """Return the lines of the invoice's present revision; the order's own lines say which containers they hold."""
    ordered = {str(line.id): line for line in order.lines}
    goods = {line.line_id: line for line in bill.goods.lines}
    prices = {line.line_id: line for line in bill.prices.lines}
    return [
        fresh(
            InvoiceLine,
            **invoice.kin(),
            id=new_id(),
            invoice_id=invoice.id,
            revision=invoice.revision,
            position=position,
            order_id=order.id,
            order_line_id=UUID(priced.line_id),
            **_goods_columns(goods[priced.line_id]),
            **_price_columns(prices[priced.line_id], priced, ordered.get(priced.line_id)),
        )
        for position, priced in enumerate(bill.priced.lines, start=1)
    ]


def is_printed_as(invoice: Invoice, bill: Bill) -> bool:
    """Say whether an invoice prints what a bill says: its amounts, and how they come about; its lines are loaded."""
    if priced_of(invoice) != bill.priced or invoice.taxes != tax_rows(bill.priced, bill.prices.taxes):
        return False
    goods = {line.line_id: line for line in bill.goods.lines}
    prices = {line.line_id: line for line in bill.prices.lines}
    return all(_says(line, goods[line.key], prices[line.key]) for line in invoice.lines)


def _says(line: InvoiceLine, goods: GoodsLine, price: PriceLine) -> bool:
    """Gross less discount is the net, so that equal nets at equal unit prices have equal discounts."""
    deposits = [{name: part for name, part in one.items() if name != "class_id"} for one in line.deposits]
    return (
        all(getattr(line, name) == word for name, word in _goods_columns(goods).items())
        and line.unit_price == Decimal(price.unit_price)
        and deposits == [msgspec.to_builtins(deposit) for deposit in price.deposits]
    )


def tax_rows(priced: PricedDocument, rules: Iterable[TaxRule]) -> list[dict[str, Any]]:
    """Return the taxes of a document with the rates that made them (T6), in the rules' order.

    ``base_cents`` is the sum of the nets that carry the tax; taxable deposits are not repeated in it.
    """
    return [
        tax_row(
            rule,
            base_cents=sum(line.net_cents for line in priced.lines if rule.code in line.taxes),
            amount_cents=priced.taxes[rule.code],
        )
        for rule in rules
        if rule.code in priced.taxes
    ]


def tax_row(rule: TaxRule, *, base_cents: int, amount_cents: int) -> dict[str, Any]:
    """Return one tax as a document keeps it, with its rate and its names in both languages."""
    names = {"code": rule.code, "rate": rule.rate, "name_fr": rule.name_fr, "name_en": rule.name_en}
    return names | {"base_cents": base_cents, "amount_cents": amount_cents}


def rules_of(taxes: Sequence[Mapping[str, Any]]) -> tuple[TaxRule, ...]:
    """Return the tax rules that a document kept."""
    return tuple(
        TaxRule(code=row["code"], rate=row["rate"], name_fr=row["name_fr"], name_en=row["name_en"]) for row in taxes
    )


def priced_of(invoice: Invoice) -> PricedDocument:
    """Return an invoice's rows as the priced document that they were made from; its lines are loaded."""
    return PricedDocument.of(
        [
            PricedLine(
                line_id=line.key,
                quantity=line.quantity,
                net_cents=line.net_cents,
                taxes=line.taxes,
                deposit_cents=line.deposit_cents,
                deposit_tax=line.deposit_taxes,
                document_discount_cents=line.document_discount_cents,
            )
            for line in invoice.lines
        ]
    )


def priced_part(line: CreditLine, line_id: str) -> PricedLine:
    """Return what a credit note's row took of the line with this id."""
    return PricedLine(
        line_id=line_id,
        quantity=line.quantity,
        net_cents=line.net_cents,
        taxes=line.taxes,
        deposit_cents=line.deposit_cents,
        deposit_tax=line.deposit_taxes,
        document_discount_cents=line.document_discount_cents,
    )


def quantities_of(invoice: Invoice) -> dict[str, int]:
    """Return what an invoice bills, by order line; its lines are loaded."""
    return {line.key: line.quantity for line in invoice.lines}


def _goods_columns(goods: GoodsLine) -> dict[str, Any]:
    return {
        "description_fr": goods.description_fr,
        "description_en": goods.description_en,
        "sales_unit": goods.unit,
    }


def _price_columns(price: PriceLine, priced: PricedLine, ordered: OrderLine | None) -> dict[str, Any]:
    class_id = ordered.container_class_id if ordered else None
    unit_price = Decimal(price.unit_price)
    gross_cents = half_up(times(unit_price, Decimal(100 * priced.quantity)))
    return {
        "quantity": priced.quantity,
        "unit_price": unit_price,
        "price_steps": _steps_of(ordered, unit_price) if ordered else [],
        "discount_cents": gross_cents - priced.listed_cents,
        "document_discount_cents": priced.document_discount_cents,
        "net_cents": priced.net_cents,
        "taxes": dict(priced.taxes),
        "deposit_cents": priced.deposit_cents,
        "deposit_taxes": dict(priced.deposit_tax),
        "deposits": [msgspec.to_builtins(deposit) | {"class_id": str(class_id or "")} for deposit in price.deposits],
    }


def _steps_of(ordered: OrderLine, unit_price: Decimal) -> list[dict[str, str]]:
    """Return how a price came about, as its document prints it; a price of one step, or another price, has no story."""
    steps = ordered.price_steps
    if len(steps) < 2 or Decimal(steps[-1]["unit_price"]) != unit_price:  # noqa: PLR2004  # one step is the price itself
        return []
    return [{name: step[name] for name in ("name_fr", "name_en", "change", "unit_price")} for step in steps]
