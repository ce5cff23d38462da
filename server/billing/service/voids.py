"""Voiding: a mirror credit note, the number kept, and the order free for one new invoice."""

from __future__ import annotations

from sqlalchemy.orm import Session

from server.billing.drafting import priced_of
from server.billing.model import CreditKind, CreditNote, Invoice
from server.billing.queries import credited_quantities, supplementary_of, with_lines
from server.billing.service.clearing import VOIDED_BY_HAND
from server.billing.service.credits import issue_credit
from server.core.acting import acting_for
from server.core.problems import Text
from server.core.stamp import Stamp
from shared.priced import PricedDocument
from shared.pricing import credit_of


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
    taken = credited_quantities(session, invoice_id=invoice.id)
    already = {line.key: taken.get(line.id, 0) for line in invoice.lines}
    left = {line.key: line.quantity - taken.get(line.id, 0) for line in invoice.lines}
    return credit_of(priced_of(invoice), already=already, crediting=left)
