"""What an order costs: its rows as the terms that the shared pricing core reads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from server.catalog.prices.steps import PriceStep
from server.orders.model import Order, OrderLine
from shared.pricing import PricedDocument, price_order
from shared.wire.terms import Deposit, Goods, GoodsLine, PriceLine, Prices, TaxRule


def explain_price(line: OrderLine) -> tuple[PriceStep, ...]:
    """Return how the line's unit price came to be: base price, list, discount, promotion, or a price that was typed.

    The steps were frozen with the line: changing a rule later changes none of them. The last step's price is the
    line's; the line's own discount in cents is taken off beside it.
    """
    return tuple(PriceStep.from_json(kept) for kept in line.price_steps)


def goods_of(order: Order) -> Goods:
    """Return what was ordered, without prices; ``order.lines`` must be loaded."""
    return Goods(
        order_id=str(order.id),
        order_number=order.number,
        seller_id=str(order.owner_id),
        buyer_id=str(order.buyer_id),
        issuer_id=str(order.issuer_id or order.owner_id),
        billing_type=order.billing_type.value,
        deliver_with=order.deliver_with.value,
        settlement_policy=order.settlement_policy.value,
        lines=tuple(_goods_line(line) for line in order.lines),
    )


def prices_of(order: Order, *, taxes: Sequence[TaxRule]) -> Prices:
    """Return what each line was ordered at, under these tax rules; no invoice stands yet.

    Lines keep their tax codes and deposits when the order is relieved of them (R052), and when its issuer is not
    registered for a tax, so that they come back with it, or under another issuer (C28, T8).
    """
    taxes = tuple(taxes) if order.taxed else ()
    codes = {rule.code for rule in taxes}
    return Prices(
        order_id=str(order.id),
        currency=order.currency,  # type: ignore[arg-type]  # the organisation's currency is one of the three
        document_discount_cents=order.document_discount_cents,
        taxes=taxes,
        lines=tuple(_price_line(line, codes, with_deposits=order.with_deposits) for line in order.lines),
        credit_threshold_cents=order.credit_threshold_cents,
        invoice_standing="none",
    )


def priced_order(order: Order, *, taxes: Sequence[TaxRule]) -> PricedDocument:
    """Return the order priced, line by line.

    Raises:
        TermsMismatch: a discount is above what it is taken from.
    """
    return price_order(goods_of(order), prices_of(order, taxes=taxes))


def reprice(order: Order, *, taxes: Sequence[TaxRule], on: date) -> PricedDocument:
    """Set the order's totals from its lines, under the tax rules of a day, and return them priced.

    Raises:
        TermsMismatch: a discount is above what it is taken from.
    """
    priced = priced_order(order, taxes=taxes)
    order.priced_on, order.charged_taxes = on, [rule.code for rule in taxes] if order.taxed else []
    order.net_cents = priced.net_cents
    order.tax_cents = priced.tax_cents
    order.deposit_cents = priced.deposits_cents
    order.total_cents = priced.total_cents
    return priced


def _goods_line(line: OrderLine) -> GoodsLine:
    return GoodsLine(
        line_id=str(line.id),
        description_fr=line.description_fr,
        description_en=line.description_en,
        unit=line.sales_unit,
        quantity=line.quantity,
        barcode=line.barcode,
    )


def _price_line(line: OrderLine, codes: set[str], *, with_deposits: bool) -> PriceLine:
    return PriceLine(
        line_id=str(line.id),
        unit_price=f"{line.unit_price:f}",
        discount_cents=line.less_cents,
        tax_codes=tuple(code for code in line.tax_codes if code in codes),
        deposits=_deposits(line) if with_deposits else (),
    )


def _deposits(line: OrderLine) -> tuple[Deposit, ...]:
    if not (line.containers_a_unit and line.deposit_unit_cents):
        return ()
    deposit = Deposit(
        container_class=line.container_code,
        containers=line.containers_a_unit,
        unit_cents=line.deposit_unit_cents,
        taxable=line.deposit_taxable,
    )
    return (deposit,)
