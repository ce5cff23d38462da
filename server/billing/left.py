"""What an invoice still bills: its lines less everything that credit notes took of them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from server.billing.drafting import priced_of, priced_part
from server.billing.model import CreditLine, CreditNote, Invoice
from shared.standing_invoice import StandingInvoice


def as_it_stands(invoice: Invoice, notes: Sequence[CreditNote]) -> StandingInvoice:
    """Return an invoice with what its credit notes left of it; those that wait count. Lines of all must be loaded."""
    priced = priced_of(invoice)
    taken: dict[UUID | None, list[CreditLine]] = {}
    for note in notes:
        for line in note.lines:
            taken.setdefault(line.invoice_line_id, []).append(line)
    left = {
        part.line_id: part.less(*(priced_part(one, part.line_id) for one in taken.get(line.id, ())))
        for line, part in zip(invoice.lines, priced.lines, strict=True)
    }
    return StandingInvoice(str(invoice.id), priced, left)
