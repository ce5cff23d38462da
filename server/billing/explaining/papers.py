"""Invoices and credit notes as sources of a number: how each is called, and its page."""

from __future__ import annotations

from server.billing.explaining.steps import Source
from server.billing.model import CreditNote, Invoice
from shared.problems import Text


def invoice_words(invoice: Invoice) -> Text:
    """Return « Facture N » in both languages."""
    return Text(f"Facture {invoice.number}", f"Invoice {invoice.number}")


def credit_words(note: CreditNote) -> Text:
    """Return « Crédit N » in both languages."""
    return Text(f"Crédit {note.number}", f"Credit {note.number}")


def from_invoice(invoice: Invoice, text: Text | None = None) -> Source:
    """Return an invoice as a source, under its own name or ``text``."""
    return Source(kind="invoice", id=invoice.id, text=text or invoice_words(invoice), link=f"/factures/{invoice.id}")


def from_credit(note: CreditNote, text: Text | None = None) -> Source:
    """Return a credit note as a source, under its own name or ``text``."""
    return Source(kind="credit_note", id=note.id, text=text or credit_words(note), link=f"/credits/{note.id}")
