"""The purchase order: what was ordered at which price, its final amount, its status, and what was received."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from server.delivery.model import Delivery, DeliveryLine
from server.documents.drafting.goods import Cast
from server.documents.drafting.money import deposit_rows, price_steps
from server.documents.drafting.words import TAXES, reason, unit
from server.documents.rendering import papers
from server.documents.rendering.parts import Amounts, GoodsLine, TaxAmount, paper_currency
from server.orders.model import Order, OrderLine
from server.orders.pricing import priced_order
from server.parties.wording import badge_of
from shared.lifecycles import LABELS
from shared.priced import PricedDocument, PricedLine
from shared.problems import Text
from shared.wire.terms import TaxRule


def draft_purchase_order(
    order: Order,
    cast: Cast,
    *,
    ordered_on: date,
    qr: str,
    taxes: Sequence[TaxRule],
    containers: Mapping[str, Text],
    note: str,
    delivery: Delivery | None = None,
) -> papers.PurchaseOrder:
    """Return the order's paper: items, identification, date, final amount and status (R038-R040).

    ``taxes`` are the rules that the order was priced with, ``containers`` names the deposit classes. What was received
    stands beside what was ordered once it is known (R020).
    """
    priced = priced_order(order, taxes=taxes)
    received = {line.order_line_id: line for line in delivery.lines} if delivery else {}
    return papers.PurchaseOrder(
        qr=qr,
        number=order.number,
        seller=cast.party(order.owner_id),
        buyer=cast.place(order.site_id),
        status=LABELS[order.state],
        billed=badge_of(order.billing_type),
        ordered_on=ordered_on,
        lines=tuple(_line(line, priced, received.get(line.id)) for line in order.lines),
        carrier=cast.party(order.carrier_id) if order.carrier_id else None,
        deliver_on=order.planned_on,
        terms=Text(f"Net {order.net_days} jours", f"Net {order.net_days} days"),
        amounts=_amounts(order, priced, taxes, containers),
        note=note,
    )


def _line(line: OrderLine, priced: PricedDocument, received: DeliveryLine | None) -> GoodsLine:
    found = priced.line(str(line.id))
    return GoodsLine(
        description=Text(line.description_fr, line.description_en),
        unit=unit(line.sales_unit),
        quantity=line.quantity,
        received=received.delivered + received.extra if received else None,
        reason=reason(received.reason) if received else None,
        unit_price=Decimal(line.unit_price),
        discount_cents=line.less_cents,
        net_cents=found.listed_cents if found else 0,
        tax_codes=tuple(found.taxes) if found else (),
        steps=price_steps(line.price_steps),
    )


def _amounts(order: Order, priced: PricedDocument, taxes: Sequence[TaxRule], containers: Mapping[str, Text]) -> Amounts:
    counted: dict[tuple[str, int], int] = defaultdict(int)
    for line in order.lines if order.with_deposits else ():
        if line.containers_a_unit and line.deposit_unit_cents:
            counted[line.container_code, line.deposit_unit_cents] += line.containers_a_unit * line.quantity
    return Amounts(
        net_cents=priced.net_cents,
        total_cents=priced.total_cents,
        discount_cents=priced.document_discount_cents,
        taxes=tuple(_tax(rule, priced) for rule in taxes if rule.code in priced.taxes),
        deposits=deposit_rows(counted, containers, priced.deposits_cents),
        currency=paper_currency(order.currency),
    )


def _tax(rule: TaxRule, priced: PricedDocument) -> TaxAmount:
    return TaxAmount(
        code=rule.code,
        name=TAXES.get(rule.code, Text(rule.name_fr, rule.name_en)),
        rate=Decimal(rule.rate),
        base_cents=sum(_base(line, rule.code) for line in priced.lines),
        amount_cents=priced.taxes[rule.code],
    )


def _base(line: PricedLine, code: str) -> int:
    return (line.net_cents if code in line.taxes else 0) + (line.deposit_cents if code in line.deposit_tax else 0)
