"""An order's total: its lines at their frozen prices, under the rates that its totals were reckoned with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from server.billing.drafting import tax_rows
from server.billing.explaining.evidence import sources_of_order
from server.billing.explaining.invoices import DEPOSITS, NET, TOTAL
from server.billing.explaining.steps import (
    Explanation,
    Step,
    closed,
    discount_steps,
    gross_step,
    said,
    summed,
    tax_step,
)
from server.billing.service.holding import rules_for
from server.catalog import queries as catalog
from server.delivery.queries import latest_delivery
from server.orders import queries as orders
from server.orders.model import Order, OrderLine
from server.orders.pricing import goods_of, prices_of
from server.parties import queries as parties
from server.parties.model import BillingType
from shared.priced import PricedDocument, PricedLine
from shared.pricing import price_order
from shared.problems import Text
from shared.wire.terms import TaxRule

RECEIVED = Text("Reçu", "Received")
TAXES = Text("Taxes", "Taxes")
_SINCE = Text(
    "Écart avec le total inscrit\u00a0: taux d’un autre jour", "Difference from the total: another day’s rates"
)


def explain_order(session: Session, *, order_id: UUID) -> Explanation:
    """Return how an order's total comes about; every step is the sum of its parts.

    Of a delivered order that its seller invoices elsewhere, what was received is a second total: what is to be billed.

    Raises:
        NotFound: there is none, or it is somebody else's.

    Source: T1 to T4, T8; R010.
    """
    order = orders.order(session, order_id=order_id)
    rules = catalog.tax_rules(session, codes=order.charged_taxes, on=order.priced_on)
    asked = summed(TOTAL, _parts(order, rules, on=order.priced_on))
    totals = [closed(asked, order.total_cents, _SINCE)]
    delivery = latest_delivery(session, order_id=order.id)
    if delivery is not None and order.delivered_at and order.billing_type is BillingType.EXTERNAL:
        on = order.delivered_at.astimezone(parties.zone_of(session, org_id=order.owner_id)).date()
        got = {str(line.order_line_id): line.delivered for line in delivery.lines}
        rules = rules_for(session, order=order, on=on)
        totals.append(summed(RECEIVED, _parts(order, rules, on=on, received=got)))
    return Explanation(
        currency=order.currency, totals=totals, sources=sources_of_order(session, order, delivery=delivery)
    )


def _parts(
    order: Order, rules: Sequence[TaxRule], *, on: date, received: Mapping[str, int] | None = None
) -> list[Step]:
    """Goods, taxes and deposits of what was ordered, or received, under the rates of a day; empty ones left out."""
    priced = price_order(goods_of(order), prices_of(order, taxes=rules), received)
    lines = {str(line.id): line for line in order.lines}
    parts = [
        summed(NET, [_net(lines[one.line_id], one, order.currency) for one in priced.lines]),
        summed(TAXES, _taxes(order, lines, priced, rules, on)),
        summed(DEPOSITS, _deposits(order, priced, lines)),
    ]
    return [part for part in parts if part.parts]


def _net(line: OrderLine, priced: PricedLine, currency: str) -> Step:
    gross = gross_step(priced.quantity, Decimal(line.unit_price), currency)
    own_cents = gross.amount_cents - priced.listed_cents
    steps = [gross, *discount_steps(own_cents, priced.document_discount_cents)]
    return summed(_name(line), steps, rule="T1")


def _taxes(
    order: Order, lines: dict[str, OrderLine], priced: PricedDocument, rules: Sequence[TaxRule], on: date
) -> Iterator[Step]:
    for row in tax_rows(priced, rules):
        code = row["code"]
        carrying = [one for one in priced.lines if code in one.taxes or code in one.deposit_tax]
        parts = [
            Step(
                label=_name(lines[one.line_id]),
                amount_cents=one.taxes.get(code, 0) + one.deposit_tax.get(code, 0),
                rule="T4",
            )
            for one in carrying
        ]
        base_cents = sum(
            one.net_cents + (one.deposit_cents if lines[one.line_id].deposit_taxable else 0) for one in carrying
        )
        yield tax_step(row, parts=parts, base_cents=base_cents, on=on, currency=order.currency)


def _deposits(order: Order, priced: PricedDocument, lines: dict[str, OrderLine]) -> Iterator[Step]:
    for one in priced.lines:
        line = lines[one.line_id]
        if one.deposit_cents:
            count = f"{one.quantity} × {line.containers_a_unit} × {{}}, {line.container_code}"
            says = said(count, count, (line.deposit_unit_cents, order.currency))
            yield Step(label=_name(line), amount_cents=one.deposit_cents, says=says)


def _name(line: OrderLine) -> Text:
    return Text(line.description_fr, line.description_en)
