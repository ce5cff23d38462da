"""What a delivery made, so that the tablet can tell the customer."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from server.billing.model import CreditNote, Invoice
from server.delivery.model import VarianceNotice
from server.orders.model import Order
from shared.lifecycles import CreditState, InvoiceState
from shared.wire.push import IssuedDocument


@dataclass(frozen=True, slots=True)
class Issued:
    """A document of one order; its number is read when the batch's publications are numbered."""

    order_id: UUID
    document: Invoice | CreditNote | VarianceNotice | Order

    @property
    def is_let_go(self) -> bool:
        """Whether a correction in the same batch let it go before it had a number: nobody is told of it."""
        return isinstance(self.document, Invoice) and self.document.state is InvoiceState.DROPPED

    def as_message(self) -> IssuedDocument:
        """Return what the receipt says: kind, number and total; never an amount that is still to be approved."""
        match self.document:
            case Invoice() as invoice:
                return self._message("invoice", invoice.number, invoice.total_cents)
            case CreditNote() as credit if credit.state is CreditState.PROPOSED:
                return self._message("credit_pending", "", 0)
            case CreditNote() as credit if credit.invoice_id is None:
                return self._message("deposit_credit", credit.number, credit.total_cents)
            case CreditNote() as credit:
                return self._message("credit_note", credit.number, credit.total_cents)
            case Order() as supplement:
                return self._message("supplementary_order", supplement.number, supplement.total_cents)
            case VarianceNotice():
                return self._message("variance_notice", "", 0)

    def _message(self, kind: str, number: str, total_cents: int) -> IssuedDocument:
        return IssuedDocument(order_id=str(self.order_id), kind=kind, number=number, total_cents=total_cents)  # type: ignore[arg-type]  # the five literals above
