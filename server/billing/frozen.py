"""What is frozen at publication: the canonical bytes of a document, over which its hash is taken."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from server.billing.model import CreditLine, CreditNote, Invoice, InvoiceLine
from shared.canonical import canonical_bytes

_COMMON = ("series", "year", "sequence", "number", "currency", "net_cents", "tax_cents", "deposit_cents", "total_cents")
_INVOICE = ("reference", "revision", "footer_fr", "footer_en", "net_days", "agent_fee_cents", "agent_fee_bp")
_CREDIT = ("cause_kind", "reason_fr", "reason_en", "agent_fee_cents")
_INVOICE_LINE = (
    "position",
    "description_fr",
    "description_en",
    "sales_unit",
    "quantity",
    "price_steps",
    "discount_cents",
    "document_discount_cents",
    "net_cents",
    "taxes",
    "deposit_cents",
    "deposit_taxes",
    "deposits",
)
_CREDIT_LINE = (
    "position",
    "container_code",
    "description_fr",
    "description_en",
    "quantity",
    "net_cents",
    "taxes",
    "deposit_cents",
    "deposit_taxes",
    "document_discount_cents",
    "unit_cents",
    "reason",
)


def invoice_bytes(invoice: Invoice, lines: Sequence[InvoiceLine], order_ids: Iterable[UUID]) -> bytes:
    """Return the canonical bytes of a numbered invoice, its lines and the orders that it covers."""
    head = _head(invoice) | {name: getattr(invoice, name) for name in _INVOICE}
    head |= {
        "document": "invoice",
        "tax_on": _day(invoice.tax_on),
        "due_on": _day(invoice.due_on),
        "replaces_id": str(invoice.replaces_id or ""),
        "supplements_id": str(invoice.supplements_id or ""),
        **_joined(invoice),
        **_taking_back(invoice),
        "orders": sorted(str(order_id) for order_id in order_ids),
        "lines": [_invoice_line(line) for line in lines],
    }
    return canonical_bytes(head)


def _joined(invoice: Invoice) -> dict[str, Any]:
    """What a section says of the document that it is part of (C15); nothing of an invoice that stands alone."""
    if not invoice.section:
        return {}
    return {"joined_id": str(invoice.joined_id), "section": invoice.section, "sections": invoice.sections}


def _taking_back(invoice: Invoice) -> dict[str, Any]:
    """What an invoice of deposits says of the credit that gave them back; nothing of an order's invoice."""
    return {"takes_back_id": str(invoice.takes_back_id)} if invoice.takes_back_id else {}


def credit_bytes(note: CreditNote, lines: Sequence[CreditLine]) -> bytes:
    """Return the canonical bytes of a numbered credit note and its lines."""
    head = _head(note) | {name: getattr(note, name) for name in _CREDIT}
    head |= {
        "document": "credit_note",
        "invoice_id": str(note.invoice_id or ""),
        "cause_id": str(note.cause_id),
        "lines": [_credit_line(line) for line in lines],
    }
    return canonical_bytes(head)


def _head(document: Invoice | CreditNote) -> dict[str, Any]:
    return {name: getattr(document, name) for name in _COMMON} | {
        "id": str(document.id),
        "kind": document.kind.value,
        "issuer_id": str(document.owner_id),
        "buyer_id": str(document.buyer_id),
        "seller_ids": [str(seller_id) for seller_id in document.seller_ids],
        "issued_on": _day(document.issued_on),
        "published_at_us": _microseconds(document.published_at),
        "taxes": document.taxes,
        "parties": document.parties_text,
    }


def _invoice_line(line: InvoiceLine) -> dict[str, Any]:
    return {name: getattr(line, name) for name in _INVOICE_LINE} | {
        "id": str(line.id),
        "unit_price": f"{line.unit_price:.4f}",
        **_billed_of(line),
    }


def _billed_of(line: InvoiceLine) -> dict[str, str]:
    if line.credit_line_id is not None:
        return {"credit_line_id": str(line.credit_line_id)}
    return {"order_id": str(line.order_id), "order_line_id": str(line.order_line_id)}


def _credit_line(line: CreditLine) -> dict[str, Any]:
    return {name: getattr(line, name) for name in _CREDIT_LINE} | {
        "id": str(line.id),
        "invoice_line_id": str(line.invoice_line_id or ""),
        "order_line_id": str(line.order_line_id or ""),
        "container_class_id": str(line.container_class_id or ""),
    }


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""


def _microseconds(at: datetime | None) -> int:
    """Whole microseconds since 1970: a float would lose some."""
    if at is None:
        return 0
    return int(at.timestamp()) * 1_000_000 + at.microsecond
