"""The taxes of what is billed beside an order's invoice: those that the invoice charges, whatever was frozen before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy.orm import Session

from server.billing.drafting import rules_of
from server.billing.letterhead import letterhead
from server.billing.model import Invoice
from server.billing.queries import live_invoice
from server.billing.service.holding import rules_for
from server.core.acting import acting_for, acting_org
from server.orders.model import Order, OrderLine
from server.parties.model import BillingType
from shared.wire.terms import Goods, PriceLine, Prices, TaxRule


def prices_beside(
    session: Session, *, invoice: Invoice, order: Order, agreed: tuple[Goods, Prices], delivered_at: datetime
) -> Prices:
    """Return an order's frozen prices, of its ``agreed`` terms, with the taxes and rates of the standing invoice (T6).

    A tax that lines of the invoice bear and that it does not charge was taken off since; one that it charges although
    the terms do not was put back, and rebates follow. Of a tax that none of its lines bears it says nothing: the terms
    do then, as long as the order is taxed. Where nothing was taken off or put back, nothing changes but a rate that
    the invoice kept. ``invoice.lines`` and ``order.lines`` must be loaded; the session acts for the issuer.

    Source: R023, R052; T6, T8; ADR 0025, 0048.
    """
    lines = {str(line.id): line for line in order.lines}
    told = {code for line in invoice.lines if line.key in lines for code in lines[line.key].tax_codes}
    charged = {rule.code: rule for rule in rules_of(invoice.taxes)}
    rules = _agreed(session, order, agreed, delivered_at)
    kept = [charged.get(rule.code, rule) for rule in rules if rule.code in charged or rule.code not in told]
    put_back = [rule for code, rule in charged.items() if code not in {rule.code for rule in kept}]
    return _under(agreed, (*kept, *put_back), lines)


def prices_signed(session: Session, *, order: Order, agreed: tuple[Goods, Prices], delivered_at: datetime) -> Prices:
    """Return an order's frozen prices, of its ``agreed`` terms, under the reliefs that it has by now (R052).

    Where another bills the order than the terms name, they are under the taxes of who bills it now (C28). No invoice
    stands. ``order.lines`` must be loaded; the session acts for the issuer.

    Source: R052; C28; T6, T8; ADR 0048, 0059.
    """
    lines = {str(line.id): line for line in order.lines}
    return _under(agreed, tuple(_agreed(session, order, agreed, delivered_at)), lines)


def agreed_beside(
    session: Session, *, order: Order, agreed: tuple[Goods, Prices], delivered_at: datetime
) -> tuple[Goods, Prices]:
    """Return an order's frozen terms under the taxes of its final invoice, as ``prices_beside``, if one stands.

    The order is held; ``order.lines`` must be loaded.

    Source: R023, R052; ADR 0048.
    """
    if order.billing_type is BillingType.EXTERNAL or order.issuer_id is None:
        return agreed
    with acting_for(session, order.issuer_id):
        standing = live_invoice(session, order_id=order.id)
        if standing is None:
            return agreed
        prices = prices_beside(session, invoice=standing, order=order, agreed=agreed, delivered_at=delivered_at)
    return agreed[0], prices


def _agreed(session: Session, order: Order, agreed: tuple[Goods, Prices], delivered_at: datetime) -> Sequence[TaxRule]:
    """The taxes where the invoice says nothing; terms without any may be those of an order that is taxed again."""
    if not order.taxed:
        return ()
    goods, prices = agreed
    if prices.taxes and goods.issuer_id == str(order.issuer_id or order.owner_id):
        return prices.taxes
    on = letterhead(session, org_id=acting_org(session)).day_of(delivered_at)
    return rules_for(session, order=order, on=on)


def _under(agreed: tuple[Goods, Prices], taxes: tuple[TaxRule, ...], lines: dict[str, OrderLine]) -> Prices:
    goods, prices = agreed
    codes = {rule.code for rule in taxes}
    if codes == {rule.code for rule in prices.taxes}:
        return msgspec.structs.replace(prices, taxes=taxes)
    units = {line.line_id: line.quantity for line in goods.lines}
    priced = tuple(_line(line, units[line.line_id], lines.get(line.line_id), codes) for line in prices.lines)
    return msgspec.structs.replace(prices, taxes=taxes, lines=priced)


def _line(line: PriceLine, units: int, ordered: OrderLine | None, codes: set[str]) -> PriceLine:
    """A line that the order lost, or has other units of by now, keeps its frozen discount; rebates follow the taxes."""
    if ordered is None:
        return msgspec.structs.replace(line, tax_codes=tuple(code for code in line.tax_codes if code in codes))
    kept = tuple(code for code in ordered.tax_codes if code in codes)
    less_cents = ordered.less_cents if ordered.quantity == units else line.discount_cents
    return msgspec.structs.replace(line, tax_codes=kept, discount_cents=less_cents)
