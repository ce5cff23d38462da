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
    session: Session, *, invoice: Invoice, order: Order, prices: Prices, delivered_at: datetime
) -> Prices:
    """Return an order's frozen ``prices`` with the taxes and rates of the invoice that stands (T6).

    A tax that lines of the invoice bear and that it does not charge was taken off since; one that it charges although
    the terms do not was put back, and rebates follow. Of a tax that none of its lines bears it says nothing: the terms
    do then, as long as the order is taxed. Where nothing was taken off or put back, nothing changes but a rate that
    the invoice kept. ``invoice.lines`` and ``order.lines`` must be loaded; the session acts for the issuer.

    Source: R023, R052; T6, T8; ADR 0025, 0048.
    """
    lines = {str(line.id): line for line in order.lines}
    told = {code for line in invoice.lines if line.key in lines for code in lines[line.key].tax_codes}
    charged = {rule.code: rule for rule in rules_of(invoice.taxes)}
    agreed = _agreed(session, order, prices, delivered_at)
    kept = [charged.get(rule.code, rule) for rule in agreed if rule.code in charged or rule.code not in told]
    put_back = [rule for code, rule in charged.items() if code not in {rule.code for rule in kept}]
    return _under(prices, (*kept, *put_back), lines)


def prices_signed(session: Session, *, order: Order, prices: Prices, delivered_at: datetime) -> Prices:
    """Return an order's frozen ``prices`` under the reliefs that it has by now (R052).

    No invoice stands. ``order.lines`` must be loaded; the session acts for the issuer.

    Source: R052; T6; ADR 0048, 0059.
    """
    lines = {str(line.id): line for line in order.lines}
    return _under(prices, tuple(_agreed(session, order, prices, delivered_at)), lines)


def agreed_beside(
    session: Session, *, order: Order, agreed: tuple[Goods, Prices], delivered_at: datetime
) -> tuple[Goods, Prices]:
    """Return an order's frozen terms under the taxes of its final invoice, as ``prices_beside``, if one stands.

    The order is held; ``order.lines`` must be loaded.

    Source: R023, R052; ADR 0048.
    """
    if order.billing_type is BillingType.EXTERNAL or order.issuer_id is None:
        return agreed
    goods, prices = agreed
    with acting_for(session, order.issuer_id):
        standing = live_invoice(session, order_id=order.id)
        if standing is None:
            return agreed
        return goods, prices_beside(session, invoice=standing, order=order, prices=prices, delivered_at=delivered_at)


def _agreed(session: Session, order: Order, prices: Prices, delivered_at: datetime) -> Sequence[TaxRule]:
    """The taxes where the invoice says nothing; terms without any may be those of an order that is taxed again."""
    if not order.taxed:
        return ()
    on = letterhead(session, org_id=acting_org(session)).day_of(delivered_at)
    return prices.taxes or rules_for(session, order=order, on=on)


def _under(prices: Prices, taxes: tuple[TaxRule, ...], lines: dict[str, OrderLine]) -> Prices:
    codes = {rule.code for rule in taxes}
    if codes == {rule.code for rule in prices.taxes}:
        return msgspec.structs.replace(prices, taxes=taxes)
    return msgspec.structs.replace(
        prices, taxes=taxes, lines=tuple(_line(line, lines.get(line.line_id), codes) for line in prices.lines)
    )


def _line(line: PriceLine, ordered: OrderLine | None, codes: set[str]) -> PriceLine:
    if ordered is None:  # of an order that was changed since: whoever prices the line under these taxes refuses it
        return line
    kept = tuple(code for code in ordered.tax_codes if code in codes)
    return msgspec.structs.replace(line, tax_codes=kept, discount_cents=ordered.less_cents)
