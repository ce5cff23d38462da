"""Voiding: a mirror credit note, the number kept, and the order free for one new invoice."""

from __future__ import annotations

from typing import Final

from sqlalchemy.orm import Session

from server.billing.left import as_it_stands
from server.billing.model import CreditKind, CreditNote, Invoice
from server.billing.queries import credits_of, live_invoice, supplementary_of, with_lines
from server.billing.service.clearing import VOIDED_BY_HAND
from server.billing.service.credits import issue_credit
from server.billing.service.holding import issuing
from server.core.acting import acting_for
from server.core.problems import Text
from server.core.stamp import Stamp
from server.orders.model import Order
from server.parties.model import BillingType
from shared.priced import PricedDocument
from shared.standing_invoice import credit_standing
from shared.states import InvoiceState

NOT_DELIVERED: Final = Text("Commande non livrée", "Order not delivered")


def void_invoice(session: Session, *, invoice: Invoice, reason: Text, stamp: Stamp) -> CreditNote:
    """Return the credit note of all that is left of an invoice, wanted for publication.

    The invoice keeps its number; its order opens for one new invoice. The supplementary invoices of a corrected
    delivery are credited whole with it. Asking twice gives the same note. At publication all that was set against
    it comes free (``clearing``).

    Raises:
        NotPublished: a provisional invoice is dropped, not voided.
        ReasonMissing: no reason is given.

    Source: C6, C27; section 4 (publiée → annulée).
    """
    with acting_for(session, invoice.owner_id):
        for one in supplementary_of(session, invoice):
            if what_is_left(session, one).lines:
                _credit_whole(session, one, kind=CreditKind.ITEMS, reason=reason, stamp=stamp)
        with_lines(session, [invoice])
        return _credit_whole(session, invoice, kind=CreditKind.VOID, reason=reason, stamp=stamp)


def void_spent(session: Session, *, order: Order, stamp: Stamp) -> CreditNote | None:
    """Void the invoice of an order that nobody accepted if people credited all of it; return the note of 0.00, or None.

    Its next ride would find a live invoice with nothing left, and never be billed.

    Raises:
        NoIssuer, OrderChanged: as ``publish_for_order``.

    Source: C27, R005; law 19.
    """
    if order.billing_type is BillingType.EXTERNAL:
        return None
    with issuing(session, order):
        standing = live_invoice(session, order_id=order.id)
        if standing is None or standing.state is not InvoiceState.PUBLISHED:
            return None
        if any(what_is_left(session, one).total_cents for one in (standing, *supplementary_of(session, standing))):
            return None
        return void_invoice(session, invoice=standing, reason=NOT_DELIVERED, stamp=stamp)


def _credit_whole(session: Session, invoice: Invoice, *, kind: CreditKind, reason: Text, stamp: Stamp) -> CreditNote:
    return issue_credit(
        session,
        invoice=invoice,
        credited=what_is_left(session, invoice),
        cause_kind=VOIDED_BY_HAND,
        cause_id=invoice.id,
        reason=reason,
        stamp=stamp,
        kind=kind,
    )


def what_is_left(session: Session, invoice: Invoice) -> PricedDocument:
    """Return the credit that takes an invoice to zero, whatever was credited before."""
    standing = as_it_stands(invoice, credits_of(session, invoice_id=invoice.id))
    return credit_standing(standing, {line_id: line.quantity for line_id, line in standing.left.items()})
