"""Supplementary invoices: what a corrected delivery adds to an order whose invoice is published, which never grows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.billing.drafting import Bill, draft_invoice, priced_of, priced_part, rules_of
from server.billing.letterhead import require_registrations
from server.billing.model import CreditKind, Invoice, InvoiceKind, InvoiceOrder
from server.billing.queries import credited_quantities, credits_of, live_invoice, supplementary_of, with_lines
from server.billing.service.holding import issuing
from server.billing.service.invoices import NothingToInvoice, prepare
from server.billing.service.publication import want_published
from server.core.acting import acting_org
from server.core.problems import Conflict, Text
from server.core.stamp import Stamp
from server.delivery.model import Delivery
from server.delivery.queries import latest_delivery, settled_terms
from server.delivery.service import read_terms
from server.orders.model import Order
from shared.ids import new_id
from shared.priced import PricedDocument
from shared.pricing import credit_of
from shared.states import InvoiceState


class SupplementedVoid(Conflict):
    """What the invoice supplemented stands no longer: the order's next final invoice bills all that was delivered."""

    slug = "supplemented-invoice-void"
    title = Text("Facture complétée annulée", "Supplemented invoice voided")


def publish_supplementary(
    session: Session,
    *,
    order: Order,
    invoice: Invoice,
    bill: Bill,
    delivered_at: datetime,
    stamp: Stamp,
) -> Invoice:
    """Return an invoice of ``bill`` that supplements ``invoice``, wanted for publication.

    It covers the order without being its final invoice (C3) and names what it supplements. The bill is under that
    one's taxes and rates (T6, ``prices_beside``). The order is held and the session acts for its issuer.

    Raises:
        MissingRegistration: a tax without the issuer's number.

    Source: R023, R042.
    """
    made = draft_invoice(order=order, issuer_id=acting_org(session), bill=bill, state=InvoiceState.DRAFT, stamp=stamp)
    made.supplements_id, made.run_id = invoice.id, invoice.run_id
    prepare(session, made, order, delivered_at=delivered_at, stamp=stamp)
    issued_on = invoice.issued_on.isoformat() if invoice.issued_on else ""
    made.parties_text = made.parties_text | {"supplements": {"number": invoice.number, "issued_on": issued_on}}
    require_registrations(made.parties_text, made.taxes, supplemented=invoice.number or "")
    session.add(made)
    session.flush()
    session.add(InvoiceOrder(id=new_id(), **made.kin(), invoice_id=made.id, order_id=order.id, live_final=False))
    session.flush()
    want_published(session, made, by_agent=made.kind is InvoiceKind.AGENT)
    return made


def supplement_again(session: Session, *, order: Order, invoice: Invoice, stamp: Stamp) -> Invoice:
    """Return the invoice that bills anew what a void supplementary one billed, wanted for publication.

    It has the void one's lines, rates and amounts and supplements the same invoice. What nobody received after all, or
    another supplement bills by now, is left out. Asked again it is the same invoice. ``invoice.lines`` are loaded.

    Raises:
        SupplementedVoid: the invoice that it supplemented is void, too.
        NothingToInvoice: nothing that it billed is still to be billed.
        NoIssuer, OrderChanged, MissingRegistration: as ``publish_for_order``.

    Source: C6, R042; T5, T6; law 19.
    """
    with issuing(session, order):
        made = _replacement_of(session, invoice)
        if made is not None:
            return made
        standing = live_invoice(session, order_id=order.id)
        if standing is None or standing.id != invoice.supplements_id:
            raise _parent_is_void(session, invoice)
        delivery = latest_delivery(session, order_id=order.id)
        priced = _still_to_bill(session, invoice, standing, delivery)
        if delivery is None or not priced.lines:
            raise _nothing_left(invoice)
        goods, prices = read_terms(settled_terms(session, delivery))
        prices = msgspec.structs.replace(prices, taxes=rules_of(invoice.taxes))
        return publish_supplementary(
            session,
            order=order,
            invoice=standing,
            bill=Bill(goods, prices, priced),
            delivered_at=delivery.delivered_at,
            stamp=stamp,
        )


def _replacement_of(session: Session, invoice: Invoice) -> Invoice | None:
    made = select(Invoice).where(Invoice.replaces_id == invoice.id, Invoice.owner_id == invoice.owner_id)
    found = session.scalars(made).one_or_none()
    return with_lines(session, [found])[0] if found else None


def _still_to_bill(session: Session, invoice: Invoice, standing: Invoice, delivery: Delivery | None) -> PricedDocument:
    """What the void took of the supplement, as far as it was delivered and nothing that stands bills it."""
    voiding = [
        line
        for note in credits_of(session, invoice_id=invoice.id)
        if note.kind is CreditKind.VOID
        for line in note.lines
    ]
    voided = {str(line.order_line_id): line.quantity for line in voiding}
    already = {line.key: line.quantity - voided.get(line.key, 0) for line in invoice.lines}
    billed, delivered = billed_units(session, standing), _delivered_units(delivery)
    missing = {key: max(0, delivered.get(key, 0) - billed[key]) for key in voided}
    crediting = {key: min(units, missing[key]) for key, units in voided.items()}
    if crediting == voided:
        return PricedDocument.of([priced_part(line, str(line.order_line_id)) for line in voiding])
    return credit_of(priced_of(invoice), already=already, crediting=crediting)


def billed_units(session: Session, standing: Invoice) -> Counter[str]:
    """Return what a final invoice and its supplements bill of each order line, less what was credited (law 19)."""
    billed = Counter[str]()
    for one in (standing, *supplementary_of(session, standing)):
        taken = credited_quantities(session, invoice_id=one.id)
        for line in one.lines:
            billed[line.key] += line.quantity - taken.get(line.id, 0)
    return billed


def _delivered_units(delivery: Delivery | None) -> Mapping[str, int]:
    return {str(line.order_line_id): line.delivered for line in delivery.lines} if delivery else {}


def _parent_is_void(session: Session, invoice: Invoice) -> SupplementedVoid:
    parent = session.get(Invoice, invoice.supplements_id)
    number = parent.number if parent else ""
    return SupplementedVoid(
        Text(
            f"La facture {number}, que celle-ci complétait, est annulée. Publier celle-là de nouveau\u00a0: elle "
            "facturera tout ce qui fut livré.",
            f"Invoice {number}, which this one supplemented, is voided. Publish that one again: it will bill all that "
            "was delivered.",
        ),
        where=number,
    )


def _nothing_left(invoice: Invoice) -> NothingToInvoice:
    return NothingToInvoice(
        Text(
            f"Ce que la facture {invoice.number} facturait est déjà facturé, ou n’a pas été livré. Corriger la "
            "livraison s’il en manque.",
            f"What invoice {invoice.number} billed is billed already, or was not delivered. Correct the delivery if "
            "something is missing.",
        ),
        where=invoice.number,
    )
