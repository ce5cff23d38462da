"""Printed numbers and frozen bytes."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from server.billing.frozen import credit_bytes, invoice_bytes
from server.billing.model import CreditKind, CreditNote, Invoice, InvoiceKind
from server.billing.numbering import NotNumbered, Series, document_number, issue_day
from shared.canonical import is_canonical
from shared.ids import new_id
from shared.states import CreditState, InvoiceState


@pytest.mark.parametrize(
    ("series", "sequence", "number"),
    [
        (Series.INVOICE, 123, "BDB-2026-000123"),
        (Series.CREDIT_NOTE, 4, "BDB-NC-2026-000004"),
        (Series.INVOICE, 1_234_567, "BDB-2026-1234567"),
    ],
)
def test_a_number_names_issuer_year_and_place(series, sequence, number):
    """Design of numbers: six digits at least, more when a year needs them; credit notes say that they are."""
    assert document_number(code="BDB", series=series, year=2026, sequence=sequence) == number


def test_the_series_are_locked_in_their_order():
    """Design of numbers: ascending (issuer, series)."""
    assert sorted(Series) == list(Series)


def an_invoice(**changes) -> Invoice:
    columns = {
        "id": new_id(),
        "owner_id": new_id(),
        "party_ids": [],
        "kind": InvoiceKind.STANDARD,
        "state": InvoiceState.PUBLISHED,
        "buyer_id": new_id(),
        "seller_ids": [],
        "currency": "CAD",
        "reference": "",
        "revision": 1,
        "series": "invoice",
        "year": 2026,
        "sequence": 1,
        "number": "BDB-2026-000001",
        "issued_on": date(2026, 11, 19),
        "tax_on": date(2026, 11, 19),
        "due_on": date(2026, 12, 19),
        "published_at": datetime(2026, 11, 19, 23, 0, 0, 123456, tzinfo=UTC),
        "net_cents": 0,
        "tax_cents": 0,
        "deposit_cents": 0,
        "total_cents": 0,
        "taxes": [],
        "parties_text": {"issuer": {"name": "Bières du Bas"}},
        "footer_fr": "",
        "footer_en": "",
        "net_days": 30,
        "agent_fee_cents": 0,
        "agent_fee_bp": 0,
        "replaces_id": None,
    }
    return Invoice(**(columns | changes))


def test_frozen_bytes_are_canonical_and_see_every_change():
    """Design of documents: the hash covers what is printed, so any other value gives other bytes."""
    invoice = an_invoice()
    order_id = new_id()
    body = invoice_bytes(invoice, [], [order_id])
    assert is_canonical(body)
    assert invoice_bytes(invoice, [], [new_id()]) != body
    for name, value in {"due_on": date(2026, 12, 20), "total_cents": 1, "parties_text": {}, "footer_en": "x"}.items():
        before = getattr(invoice, name)
        setattr(invoice, name, value)
        assert invoice_bytes(invoice, [], [order_id]) != body
        setattr(invoice, name, before)
    assert invoice_bytes(invoice, [], [order_id]) == body


def test_a_credit_note_freezes_its_reason_and_its_invoice():
    """Design of documents: reason, cause and the invoice that it belongs to are part of the bytes."""
    note = CreditNote(
        id=new_id(),
        owner_id=new_id(),
        kind=CreditKind.ITEMS,
        state=CreditState.ISSUED,
        buyer_id=new_id(),
        seller_ids=[],
        invoice_id=new_id(),
        cause_kind="delivery",
        cause_id=new_id(),
        reason_fr="Quantités non livrées",
        reason_en="Quantities not delivered",
        currency="CAD",
        series="credit_note",
        year=2026,
        sequence=1,
        number="BDB-NC-2026-000001",
        issued_on=date(2026, 11, 19),
        published_at=datetime(2026, 11, 19, 23, tzinfo=UTC),
        net_cents=0,
        tax_cents=0,
        deposit_cents=0,
        total_cents=0,
        taxes=[],
        parties_text={},
        agent_fee_cents=0,
    )
    body = credit_bytes(note, [])
    note.invoice_id = None
    assert is_canonical(body)
    assert credit_bytes(note, []) != body


def test_a_document_without_number_has_no_issue_day():
    """Law 18: asking for it is a problem, never an empty date."""
    with pytest.raises(NotNumbered):
        issue_day(an_invoice(issued_on=None))
