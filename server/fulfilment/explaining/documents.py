"""What the documents that a delivery makes, or would make, come to."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from sqlalchemy.orm import Session

from server.billing.explaining import Step, explain_credit, explain_invoice, explain_order
from server.billing.model import CreditNote, Invoice
from server.core.acting import acting_for
from server.fulfilment.issued import Issued
from server.orders.model import Order
from shared.problems import Text
from shared.states import CreditState

INVOICE: Final = Text("Facture", "Invoice")
CREDIT: Final = Text("Note de crédit", "Credit note")
SUPPLEMENT: Final = Text("Commande supplémentaire", "Supplementary order")


def explain_issued(session: Session, issued: Issued) -> Step | None:
    """Return a document's total as its owner reads it, unfolded, without a number that it might not get.

    None of what has no amount yet: a credit to be approved, a variance notice.
    """
    with acting_for(session, issued.document.owner_id):
        match issued.document:
            case Invoice() as invoice:
                return _named(INVOICE, explain_invoice(session, invoice_id=invoice.id).totals[0])
            case CreditNote() as note if note.state is not CreditState.PROPOSED:
                return _named(CREDIT, explain_credit(session, credit_id=note.id).totals[0])
            case Order() as order:
                return _named(SUPPLEMENT, explain_order(session, order_id=order.id).totals[0])
            case _:
                return None


def _named(label: Text, step: Step) -> Step:
    return replace(step, label=label, source=None)
