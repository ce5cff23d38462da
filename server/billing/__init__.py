"""Invoices, credit notes, numbering and settlement policies."""
