"""What a document says to the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from server.billing.model import CreditLine, CreditNote, Invoice, InvoiceKind, InvoiceLine
from server.ledger.entries import Billed, Producer


def invoice_billed(invoice: Invoice, lines: Sequence[InvoiceLine]) -> Billed:
    """Return the amounts that a published invoice posts."""
    return Billed(
        document_id=invoice.id,
        customer_id=invoice.buyer_id,
        currency=invoice.currency,
        net_cents=invoice.net_cents,
        taxes=_amounts(invoice.taxes),
        deposits=_summed((class_of(line), line.deposit_cents) for line in lines),
        producer=_producer(invoice.seller_ids, invoice.agent_fee_cents) if is_agents(invoice) else None,
    )


def credit_billed(note: CreditNote, lines: Sequence[CreditLine], *, by_agent: bool) -> Billed:
    """Return the amounts that an issued credit note posts; ``by_agent`` when its invoice is a billing agent's."""
    return Billed(
        document_id=note.id,
        customer_id=note.buyer_id,
        currency=note.currency,
        net_cents=note.net_cents,
        taxes=_amounts(note.taxes),
        deposits=_summed((str(line.container_class_id or ""), line.deposit_cents) for line in lines),
        producer=_producer(note.seller_ids, note.agent_fee_cents) if by_agent else None,
    )


def class_of(line: InvoiceLine) -> str:
    """Return the id of the class of the containers in a line, empty without deposit; a format has one at most."""
    return str(line.deposits[0]["class_id"]) if line.deposits else ""


def code_of(line: InvoiceLine) -> str:
    """Return the code, as printed, of the class of the containers in a line; empty without deposit."""
    return str(line.deposits[0]["container_class"]) if line.deposits else ""


def is_agents(invoice: Invoice) -> bool:
    """Say whether a billing agent issued the invoice for a producer (C28)."""
    return invoice.kind is InvoiceKind.AGENT


def _producer(seller_ids: Sequence[UUID], fee_cents: int) -> Producer:
    return Producer(seller_ids[0], fee_cents)


def _amounts(taxes: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    return {row["code"]: row["amount_cents"] for row in taxes}


def _summed(parts: Any) -> dict[str, int]:
    totals: dict[str, int] = {}
    for code, cents in parts:
        totals[code] = totals.get(code, 0) + cents
    return {code: cents for code, cents in totals.items() if cents}
