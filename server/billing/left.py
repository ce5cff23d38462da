"""What an invoice still bills: its lines less everything that credit notes took of them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from server.billing.drafting import priced_of
from server.billing.model import CreditLine, CreditNote, Invoice
from shared.priced import PricedDocument, PricedLine
from shared.standing_invoice import StandingInvoice


def as_it_stands(invoice: Invoice, notes: Sequence[CreditNote]) -> StandingInvoice:
    """Return an invoice with what its credit notes left of it; those that wait count. Lines of all must be loaded."""
    priced = priced_of(invoice)
    taken: dict[UUID | None, list[CreditLine]] = {}
    for note in notes:
        for line in note.lines:
            taken.setdefault(line.invoice_line_id, []).append(line)
    left = {line.key: _left(priced, line.key, taken.get(line.id, ())) for line in invoice.lines}
    return StandingInvoice(str(invoice.id), priced, left)


def _left(priced: PricedDocument, line_id: str, taken: Sequence[CreditLine]) -> PricedLine:
    line = priced.line(line_id)
    if line is None:
        raise LookupError(line_id)
    return PricedLine(
        line_id=line_id,
        quantity=line.quantity - sum(one.quantity for one in taken),
        net_cents=line.net_cents - sum(one.net_cents for one in taken),
        taxes={code: cents - sum(one.taxes.get(code, 0) for one in taken) for code, cents in line.taxes.items()},
        deposit_cents=line.deposit_cents - sum(one.deposit_cents for one in taken),
        deposit_tax={
            code: cents - sum(one.deposit_taxes.get(code, 0) for one in taken)
            for code, cents in line.deposit_tax.items()
        },
        document_discount_cents=line.document_discount_cents - sum(one.document_discount_cents for one in taken),
    )
