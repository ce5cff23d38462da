"""An order's two halves of terms, as its bundle freezes them."""

from __future__ import annotations

from server.orders.model import Order, OrderLine
from server.sync.queries import RunReading, Standing
from shared.lifecycles import InvoiceState
from shared.wire.terms import Deposit, Goods, GoodsLine, InvoiceStanding, PriceLine, Prices


def goods_of(order: Order) -> Goods:
    """Return the half that every driver sees."""
    is_external = order.billing_type.value == "external"
    return Goods(
        order_id=str(order.id),
        order_number=order.number,
        seller_id=str(order.owner_id),
        buyer_id=str(order.buyer_id),
        issuer_id=str(order.issuer_id or order.owner_id),
        billing_type=order.billing_type.value,
        deliver_with="po" if is_external else order.deliver_with.value,
        settlement_policy="none" if is_external else order.settlement_policy.value,
        lines=tuple(_goods_line(line) for line in order.lines),
    )


def prices_of(order: Order, reading: RunReading) -> Prices:
    """Return the half that goes to the tablet only with an invoice (C29), and to settlement always."""
    standing = reading.standings.get(order.id)
    codes = sorted({code for line in order.lines for code in line.tax_codes}) if order.taxed else []
    return Prices(
        order_id=str(order.id),
        currency=order.currency,  # type: ignore[arg-type]  # the column's CHECK and the wire agree
        document_discount_cents=order.document_discount_cents,
        taxes=tuple(reading.rules[code] for code in codes),
        lines=tuple(_price_line(order, line, standing) for line in order.lines),
        credit_threshold_cents=order.credit_threshold_cents,
        invoice_standing=_standing_word(standing),
        invoice_reference=(standing.invoice.number or standing.invoice.reference) if standing else "",
        invoice_total_cents=standing.invoice.total_cents if standing else 0,
    )


def _goods_line(line: OrderLine) -> GoodsLine:
    return GoodsLine(
        line_id=str(line.id),
        description_fr=line.description_fr[:200],
        description_en=line.description_en[:200],
        unit=line.sales_unit,
        quantity=line.quantity,
        barcode=line.barcode,
    )


def _price_line(order: Order, line: OrderLine, standing: Standing | None) -> PriceLine:
    deposits: tuple[Deposit, ...] = ()
    if order.with_deposits and line.containers_a_unit and line.deposit_unit_cents:
        deposits = (
            Deposit(
                container_class=line.container_code,
                containers=line.containers_a_unit,
                unit_cents=line.deposit_unit_cents,
                taxable=line.deposit_taxable,
            ),
        )
    return PriceLine(
        line_id=str(line.id),
        unit_price=f"{line.unit_price:.4f}",
        discount_cents=line.discount_cents,
        tax_codes=tuple(line.tax_codes) if order.taxed else (),
        deposits=deposits,
        credited_quantity=standing.credited.get(line.id, 0) if standing else 0,
    )


def _standing_word(standing: Standing | None) -> InvoiceStanding:
    if standing is None:
        return "none"
    return "published" if standing.invoice.state is InvoiceState.PUBLISHED else "provisional"
