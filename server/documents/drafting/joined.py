"""A joined invoice as its paper: its sections as they were frozen, and their sums."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from server.billing.joined import JoinedInvoice
from server.billing.model import Invoice
from server.documents.drafting.money import footer_of, invoice_amounts, invoice_row, notes_of, ship_to_of
from server.documents.drafting.words import party_of_card
from server.documents.rendering import papers
from server.documents.rendering.joined import sum_amounts
from shared.problems import Language, Text


def draft_joined_invoice(
    joined: JoinedInvoice, *, prepared_on: date, qr: str, language: Language, containers: Mapping[str, Text]
) -> papers.JoinedInvoice:
    """Return a joined invoice, published or provisional, as its paper (C15)."""
    first, cards = joined.first, joined.first.parties_text
    sections = tuple(_section(one, language, containers) for one in joined.sections)
    return papers.JoinedInvoice(
        qr=qr,
        issuer=party_of_card(cards["issuer"]),
        buyer=party_of_card(cards["buyer"]),
        dated_on=prepared_on if joined.is_provisional else (first.issued_on or prepared_on),
        terms=Text(f"Net {first.net_days} jours", f"Net {first.net_days} days"),
        sections=sections,
        amounts=sum_amounts([one.amounts for one in sections]),
        number=joined.number,
        reference=joined.reference if joined.is_provisional else "",
        due_on=first.due_on,
        delivered_on=None if joined.is_provisional else first.tax_on,
        ship_to=ship_to_of(cards.get("ship_to") or {}),
        footer=footer_of(first, language),
    )


def _section(invoice: Invoice, language: Language, containers: Mapping[str, Text]) -> papers.InvoiceSection:
    cards = invoice.parties_text
    return papers.InvoiceSection(
        number=invoice.number or invoice.reference,
        order_number=", ".join(one["number"] for one in cards.get("orders", ())),
        seller=party_of_card(cards["sellers"][0]),
        lines=tuple(invoice_row(line) for line in invoice.lines),
        amounts=invoice_amounts(invoice, containers),
        note=notes_of(cards.get("notes") or {}, language),
    )
