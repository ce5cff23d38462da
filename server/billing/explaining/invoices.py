"""An invoice's totals: lines, discounts, taxes with their rates, deposits, and what is still open of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.billing.explaining.evidence import orders_named, sources_of_order
from server.billing.explaining.papers import from_credit, from_invoice
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
from server.billing.standing import with_standings
from server.core.days import day_text
from server.delivery.queries import latest_delivery
from server.ledger.model import Allocation, AllocationSource
from server.ledger.queries import allocations_of
from shared.problems import Text
from shared.states import InvoiceState

OTHER = Text("Écart avec ce qui est inscrit", "Difference from what is written")
ELSEWHERE = Text("Autres crédits du client", "Other credits of the customer")
NET = Text("Sous-total", "Subtotal")
DEPOSITS = Text("Consignes", "Deposits")
TOTAL = Text("Total", "Total")
_PLAIN: Mapping[AllocationSource, Text] = {
    AllocationSource.PAYMENT: Text("Paiement", "Payment"),
    AllocationSource.CREDIT_NOTE: Text("Crédit", "Credit"),
    AllocationSource.WRITE_OFF: Text("Radiation", "Write-off"),
}

type Naming = Callable[[Session, Sequence[Allocation]], Mapping[UUID, Source]]
"""What knows what took of an invoice: the payment, refund, chargeback or write-off of each allocation, by its id."""


def explain_invoice(session: Session, *, invoice_id: UUID, naming: Naming | None = None) -> Explanation:
    """Return how an invoice's total, and what is open of it, come about; every step is the sum of its parts.

    ``naming`` says more of what took of it than the books do: they know payments, credits and write-offs.

    Raises:
        NotFound: there is none, or it is somebody else's.

    Source: T1 to T8.
    """
    invoice = read_invoice(session, invoice_id=invoice_id)
    totals = [_total(invoice)]
    if invoice.state is InvoiceState.PUBLISHED:
        totals.append(_open(session, invoice, naming))
    return Explanation(currency=invoice.currency, totals=totals, sources=list(_sources(session, invoice)))


def explain_draft(invoice: Invoice) -> Explanation:
    """Return how the total of an invoice that nobody issued yet comes about; its lines are loaded."""
    return Explanation(currency=invoice.currency, totals=[_total(invoice)], sources=[])


def _total(invoice: Invoice) -> Step:
    parts = [
        summed(NET, [_net(line, invoice.currency) for line in invoice.lines]),
        *_taxes(invoice),
        summed(DEPOSITS, _deposits(invoice)),
    ]
    return closed(summed(TOTAL, [part for part in parts if part.parts]), invoice.total_cents, OTHER)


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


def _open(session: Session, invoice: Invoice, naming: Naming | None) -> Step:
    """What is still open: the total less what credits, payments and write-offs took of it (law 6).

    What a credit took that is another seller's to read is one step without its name (law 33).
    """
    whole = Step(label=Text("Total de la facture", "Invoice total"), amount_cents=invoice.total_cents)
    rows = allocations_of(session, invoice_id=invoice.id)
    named = naming(session, rows) if naming else {}
    given = [_given(one, named.get(one.id) or _plain(session, one)) for one in rows]
    (stands,) = with_standings(session, [invoice], on=invoice.due_on or invoice.created_at.date())
    return closed(summed(Text("Solde", "Open"), [whole, *given]), stands.open_cents or 0, ELSEWHERE)


def _given(allocation: Allocation, source: Source) -> Step:
    on = day_text(allocation.allocated_on)
    label = Text(f"{source.text.fr}, {on.fr}", f"{source.text.en}, {on.en}")
    return Step(label=label, amount_cents=-allocation.amount_cents, source=replace(source, text=label))


def _plain(session: Session, allocation: Allocation) -> Source:
    """Return what the books alone know: a credit by its number, a payment or a write-off by its kind."""
    kind, label, link = allocation.source, _PLAIN[allocation.source], ""
    note = session.get(CreditNote, allocation.source_id) if kind is AllocationSource.CREDIT_NOTE else None
    if note is not None:
        label = Text(f"{label.fr} {note.number}", f"{label.en} {note.number}")
        link = f"/credits/{note.id}"
    if allocation.reverses_id is not None:
        label = Text(f"{label.fr}, défait", f"{label.en}, undone")
    return Source(kind=kind.value, id=allocation.source_id, text=label, link=link)


def _sources(session: Session, invoice: Invoice) -> Iterator[Source]:
    for order in orders_named(session, order_ids_of(session, invoice_id=invoice.id)):
        delivery = latest_delivery(session, order_id=order.id)
        yield from sources_of_order(session, order, delivery=delivery)
    note = session.get(CreditNote, invoice.takes_back_id) if invoice.takes_back_id else None
    if note is not None:
        yield from_credit(note, Text(f"Reprend le crédit {note.number}", f"Takes back credit {note.number}"))
    for field, words in (
        (invoice.replaces_id, ("Remplace la facture", "Replaces invoice")),
        (invoice.supplements_id, ("Complète la facture", "Supplements invoice")),
    ):
        other = session.scalars(select(Invoice).where(Invoice.id == field)).first() if field else None
        if other is not None:
            yield from_invoice(other, Text(f"{words[0]} {other.number}", f"{words[1]} {other.number}"))


def _name(line: InvoiceLine) -> Text:
    return Text(line.description_fr, line.description_en)
