"""An invoice's totals: lines, discounts, taxes with their rates, deposits, and what is still open of it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.billing.explaining.evidence import orders_named, sources_of_order
from server.billing.explaining.steps import (
    Explanation,
    Source,
    Step,
    closed,
    discount_steps,
    gross_step,
    said,
    summed,
    tax_step,
)
from server.billing.model import CreditNote, Invoice, InvoiceLine
from server.billing.queries import invoice as read_invoice
from server.billing.queries import order_ids_of
from server.core.days import day_text
from server.delivery.queries import latest_delivery
from server.ledger.model import Allocation, AllocationSource
from server.ledger.queries import allocations_of
from shared.problems import Text
from shared.states import InvoiceState

OTHER = Text("Écart avec ce qui est inscrit", "Difference from what is written")
NET = Text("Sous-total", "Subtotal")
DEPOSITS = Text("Consignes", "Deposits")
TOTAL = Text("Total", "Total")


def explain_invoice(session: Session, *, invoice_id: UUID) -> Explanation:
    """Return how an invoice's total, and what is open of it, come about; every step is the sum of its parts.

    Raises:
        NotFound: there is none, or it is somebody else's.

    Source: T1 to T8.
    """
    invoice = read_invoice(session, invoice_id=invoice_id)
    parts = [
        summed(NET, [_net(line, invoice.currency) for line in invoice.lines]),
        *_taxes(invoice),
        summed(DEPOSITS, _deposits(invoice)),
    ]
    total = closed(summed(TOTAL, [part for part in parts if part.parts]), invoice.total_cents, OTHER)
    totals = [total]
    if invoice.state is InvoiceState.PUBLISHED:
        totals.append(_open(session, invoice))
    return Explanation(currency=invoice.currency, totals=totals, sources=list(_sources(session, invoice)))


def _net(line: InvoiceLine, currency: str) -> Step:
    steps = [
        gross_step(line.quantity, Decimal(line.unit_price), currency),
        *discount_steps(line.discount_cents, line.document_discount_cents),
    ]
    return closed(summed(_name(line), steps, rule="T1"), line.net_cents, OTHER)


def _taxes(invoice: Invoice) -> Iterator[Step]:
    for row in invoice.taxes:
        code = row["code"]
        parts = [
            Step(label=_name(line), amount_cents=line.taxes.get(code, 0) + line.deposit_taxes.get(code, 0), rule="T4")
            for line in invoice.lines
            if code in line.taxes or code in line.deposit_taxes
        ]
        base_cents = sum(
            (line.net_cents if code in line.taxes else 0) + (_taxable_cents(line) if code in line.deposit_taxes else 0)
            for line in invoice.lines
        )
        yield tax_step(row, parts=parts, base_cents=base_cents, on=invoice.tax_on, currency=invoice.currency)


def _taxable_cents(line: InvoiceLine) -> int:
    per_unit: int = sum(one["containers"] * one["unit_cents"] for one in line.deposits if one["taxable"])
    return line.quantity * per_unit


def _deposits(invoice: Invoice) -> Iterator[Step]:
    for line in invoice.lines:
        for one in line.deposits:
            cents = line.quantity * one["containers"] * one["unit_cents"]
            if cents:
                count = f"{line.quantity} × {one['containers']} × {{}}, {one['container_class']}"
                yield Step(
                    label=_name(line),
                    amount_cents=cents,
                    says=said(count, count, (one["unit_cents"], invoice.currency)),
                )


def _open(session: Session, invoice: Invoice) -> Step:
    """What is still open: the total less what credits and payments were set against it (law 6)."""
    whole = Step(label=Text("Total de la facture", "Invoice total"), amount_cents=invoice.total_cents)
    given = [_given(session, one) for one in allocations_of(session, invoice_id=invoice.id)]
    return summed(Text("Solde", "Open"), [whole, *given])


def _given(session: Session, allocation: Allocation) -> Step:
    undone = allocation.reverses_id is not None
    note = session.get(CreditNote, allocation.source_id) if allocation.source is AllocationSource.CREDIT_NOTE else None
    on = day_text(allocation.allocated_on)
    if note is not None:
        label = Text(f"Crédit {note.number}, {on.fr}", f"Credit {note.number}, {on.en}")
        source = Source(kind="credit_note", id=note.id, text=label, link=f"/credits/{note.id}")
    else:
        label = Text(f"Paiement, {on.fr}", f"Payment, {on.en}")
        source = Source(kind="payment", id=allocation.source_id, text=label)
    if undone:
        label = Text(f"{label.fr}, défait", f"{label.en}, undone")
    return Step(label=label, amount_cents=-allocation.amount_cents, source=source)


def _sources(session: Session, invoice: Invoice) -> Iterator[Source]:
    for order in orders_named(session, order_ids_of(session, invoice_id=invoice.id)):
        delivery = latest_delivery(session, order_id=order.id)
        yield from sources_of_order(session, order, delivery=delivery)
    for field, words in (
        (invoice.replaces_id, ("Remplace la facture", "Replaces invoice")),
        (invoice.supplements_id, ("Complète la facture", "Supplements invoice")),
    ):
        other = session.scalars(select(Invoice).where(Invoice.id == field)).first() if field else None
        if other is not None:
            text = Text(f"{words[0]} {other.number}", f"{words[1]} {other.number}")
            yield Source(kind="invoice", id=other.id, text=text, link=f"/factures/{other.id}")


def _name(line: InvoiceLine) -> Text:
    return Text(line.description_fr, line.description_en)
