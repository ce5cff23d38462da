"""The terms of an order as its run's bundle carries them: prices, and how its invoice stands."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from uuid import UUID

import msgspec
from sqlalchemy.orm import Session

from server.billing.drafting import rules_of
from server.billing.letterhead import letterhead
from server.billing.model import Invoice
from server.billing.queries import credited_quantities, live_invoice
from server.billing.service.holding import rules_for
from server.core.acting import acting_for
from server.core.problems import Conflict, Text
from server.core.stamp import Stamp
from server.delivery import service as delivery
from server.delivery.model import Terms
from server.orders.model import Order
from server.orders.pricing import goods_of, prices_of
from server.orders.service import settle_rebates
from server.parties.model import BillingType
from shared.states import InvoiceState
from shared.wire.terms import InvoiceStanding, Prices


class NumberWaits(Conflict):
    """Terms cite the invoice's number, which is given at the end of the transaction."""

    slug = "number-waits"
    status = 500
    title = Text("Numéro encore à donner", "Number still to be given")


def freeze_order_terms(session: Session, *, order: Order, stamp: Stamp, delivered_on: date | None = None) -> Terms:
    """Return the order's terms as they stand now, kept once for each content; the carrier owns them.

    An invoice that stands gives its own rates (T6), its reference and total, and what was credited of each line.
    Otherwise the rates are those of the day of delivery: ``delivered_on`` once it is known, else the planned one. Once
    it is known, a provisional invoice says nothing of them either: it was made for the planned day (T8).
    ``order.lines`` must be loaded, and ``publish_pending`` done.

    Raises:
        NumberWaits: the order's invoice is not numbered yet.

    Source: sync, « What binds »; T6.
    """
    invoice, prices = _prices(session, order, delivered_on, stamp)
    carrier_id = order.carrier_id or order.owner_id
    readers = sorted({order.owner_id, order.issuer_id or order.owner_id} - {carrier_id})
    with acting_for(session, carrier_id):
        return delivery.freeze_terms(
            session,
            goods=goods_of(order),
            prices=prices,
            invoice_id=invoice.id if invoice else None,
            readers=readers,
            stamp=stamp,
        )


def _prices(session: Session, order: Order, delivered_on: date | None, stamp: Stamp) -> tuple[Invoice | None, Prices]:
    issuer_id = order.issuer_id or order.owner_id
    with acting_for(session, issuer_id):
        invoice = None if order.billing_type is BillingType.EXTERNAL else live_invoice(session, order_id=order.id)
        if invoice is not None and not (delivered_on and invoice.state is InvoiceState.PROVISIONAL):
            rules = rules_of(invoice.taxes)
        else:
            day = delivered_on or order.planned_on or letterhead(session, org_id=issuer_id).day_of(stamp.at)
            rules = rules_for(session, order=order, on=day)
            settle_rebates(session, order, taxes=rules, on=day, stamp=stamp)
        if invoice is None:
            return None, prices_of(order, taxes=rules)
        taken = credited_quantities(session, invoice_id=invoice.id)
    return invoice, _standing(prices_of(order, taxes=rules), invoice, taken)


def _standing(prices: Prices, invoice: Invoice, taken: Mapping[UUID, int]) -> Prices:
    credited = {str(line.order_line_id): taken.get(line.id, 0) for line in invoice.lines}
    return msgspec.structs.replace(
        prices,
        invoice_standing=_word(invoice),
        invoice_reference=invoice.number or invoice.reference,
        invoice_total_cents=invoice.total_cents,
        lines=tuple(
            msgspec.structs.replace(line, credited_quantity=credited.get(line.line_id, 0)) for line in prices.lines
        ),
    )


def _word(invoice: Invoice) -> InvoiceStanding:
    if invoice.state is InvoiceState.DRAFT:
        raise NumberWaits(
            Text(
                "La facture n’a pas encore son numéro. Publier d’abord, figer les conditions ensuite.",
                "The invoice has no number yet. Publish first, freeze the terms after.",
            ),
            where=str(invoice.id),
        )
    return "published" if invoice.state is InvoiceState.PUBLISHED else "provisional"
