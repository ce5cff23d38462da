"""Supplementary invoices: what a corrected delivery adds to an order whose invoice is published, which never grows."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy.orm import Session

from server.billing.drafting import Bill, draft_invoice, rules_of
from server.billing.letterhead import require_registrations
from server.billing.model import Invoice, InvoiceKind, InvoiceOrder
from server.billing.service.invoices import prepare
from server.billing.service.publication import want_published
from server.core.acting import acting_org
from server.core.stamp import Stamp
from server.orders.model import Order
from shared.ids import new_id
from shared.priced import PricedDocument
from shared.states import InvoiceState
from shared.wire.terms import Goods, Prices, TaxRule


def publish_supplementary(
    session: Session,
    *,
    order: Order,
    invoice: Invoice,
    terms: tuple[Goods, Prices],
    priced: PricedDocument,
    delivered_at: datetime,
    stamp: Stamp,
) -> Invoice:
    """Return an invoice of ``priced`` that supplements ``invoice``, wanted for publication.

    It covers the order without being its final invoice (C3), keeps the rates of what it supplements (T6) and names it.
    The order is held and the session acts for its issuer.

    Raises:
        MissingRegistration: a tax without the issuer's number.

    Source: R023, R042.
    """
    goods, prices = terms
    bill = Bill(goods, msgspec.structs.replace(prices, taxes=_rules(invoice, prices)), priced)
    made = draft_invoice(order=order, issuer_id=acting_org(session), bill=bill, state=InvoiceState.DRAFT, stamp=stamp)
    made.supplements_id, made.run_id = invoice.id, invoice.run_id
    prepare(session, made, order, delivered_at=delivered_at, stamp=stamp)
    issued_on = invoice.issued_on.isoformat() if invoice.issued_on else ""
    made.parties_text = made.parties_text | {"supplements": {"number": invoice.number, "issued_on": issued_on}}
    require_registrations(made.parties_text, made.taxes)
    session.add(made)
    session.flush()
    session.add(InvoiceOrder(id=new_id(), **made.kin(), invoice_id=made.id, order_id=order.id, live_final=False))
    session.flush()
    want_published(session, made, by_agent=made.kind is InvoiceKind.AGENT)
    return made


def _rules(invoice: Invoice, prices: Prices) -> tuple[TaxRule, ...]:
    kept = {rule.code: rule for rule in rules_of(invoice.taxes)}
    return tuple(kept.get(rule.code, rule) for rule in prices.taxes)
