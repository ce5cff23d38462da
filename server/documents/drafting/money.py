"""Invoices and credit notes as they were frozen: nothing is computed again but sums."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from server.billing.joined import joined_number
from server.billing.model import CreditLine, CreditNote, Invoice, InvoiceLine
from server.documents.drafting.words import TAXES, party_of_card, reason, unit
from server.documents.rendering import papers
from server.documents.rendering.parts import (
    Amounts,
    DepositAmount,
    GoodsLine,
    Party,
    PriceStep,
    TaxAmount,
    paper_currency,
)
from shared.lifecycles import InvoiceState
from shared.problems import Language, Text


def draft_invoice(
    invoice: Invoice,
    *,
    prepared_on: date,
    qr: str,
    language: Language,
    delivered_on: date | None = None,
    containers: Mapping[str, Text],
) -> papers.Invoice:
    """Return a published or provisional invoice as its paper; ``containers`` names the deposit classes.

    Footer and note are in the paper's ``language``, else in the other one.
    """
    cards = invoice.parties_text
    is_provisional = invoice.state is InvoiceState.PROVISIONAL
    return papers.Invoice(
        qr=qr,
        issuer=party_of_card(cards["issuer"]),
        buyer=party_of_card(cards["buyer"]),
        dated_on=prepared_on if is_provisional else (invoice.issued_on or prepared_on),
        terms=Text(f"Net {invoice.net_days} jours", f"Net {invoice.net_days} days"),
        lines=tuple(invoice_row(line) for line in invoice.lines),
        amounts=invoice_amounts(invoice, containers),
        number="" if is_provisional else invoice.number,
        reference=invoice.reference if is_provisional else "",
        due_on=invoice.due_on,
        delivered_on=delivered_on,
        order_numbers=tuple(one["number"] for one in cards.get("orders", ())),
        ship_to=ship_to_of(cards.get("ship_to") or {}),
        seller=_agent_seller(cards),
        replaces=_other_invoice(cards.get("replaces")),
        supplements=_other_invoice(cards.get("supplements")),
        part_of=joined_number(invoice),
        note=notes_of(cards.get("notes") or {}, language),
        footer=footer_of(invoice, language),
    )


def draft_credit_note(
    note: CreditNote, *, invoice: Invoice | None, qr: str, containers: Mapping[str, Text]
) -> papers.CreditNote:
    """Return an issued credit note as its paper, with the invoice that it belongs to."""
    cards = note.parties_text
    issued_on = note.issued_on or note.created_at.date()
    return papers.CreditNote(
        qr=qr,
        number=note.number,
        issuer=party_of_card(cards["issuer"]),
        buyer=party_of_card(cards["buyer"]),
        dated_on=issued_on,
        reason=Text(note.reason_fr, note.reason_en),
        lines=tuple(_credit_line(line) for line in note.lines),
        amounts=_credit_amounts(note, containers),
        invoice_number=invoice.number if invoice else "",
        invoice_dated_on=invoice.issued_on if invoice else None,
        order_numbers=tuple(one["number"] for one in cards.get("orders", ())),
        seller=_agent_seller(cards),
    )


def footer_of(invoice: Invoice, language: str) -> str:
    """Return the payment instructions in the paper's language, else in the other one (R006)."""
    first, second = (
        (invoice.footer_en, invoice.footer_fr) if language == "en" else (invoice.footer_fr, invoice.footer_en)
    )
    return first or second


def notes_of(notes: Mapping[str, str], language: Language) -> str:
    """Return the client's standing note, in the paper's language or else the other, and the order's own (R051)."""
    first, second = ("en", "fr") if language == "en" else ("fr", "en")
    standing = notes.get(first) or notes.get(second) or ""
    return "\n".join(part for part in (standing, notes.get("order", "")) if part)


def invoice_row(line: InvoiceLine) -> GoodsLine:
    """Return a line of an invoice as it is printed."""
    return GoodsLine(
        description=Text(line.description_fr, line.description_en),
        unit=unit(line.sales_unit),
        quantity=line.quantity,
        unit_price=Decimal(line.unit_price),
        discount_cents=line.discount_cents,
        net_cents=line.net_cents + line.document_discount_cents,
        tax_codes=tuple(line.taxes),
        steps=price_steps(line.price_steps),
    )


def price_steps(kept: Sequence[Mapping[str, Any]]) -> tuple[PriceStep, ...]:
    """Return how a price came about, as a paper prints it; a single step is the price itself and says nothing."""
    if len(kept) < 2:  # noqa: PLR2004  # the base price alone
        return ()
    return tuple(
        PriceStep(
            name=Text(step["name_fr"], step["name_en"]),
            unit_price=Decimal(step["unit_price"]),
            change=step["change"],
        )
        for step in kept
    )


def _other_invoice(named: Mapping[str, str] | None) -> str:
    return named["number"] if named else ""


def _credit_line(line: CreditLine) -> GoodsLine:
    is_container = line.order_line_id is None
    return GoodsLine(
        description=Text(line.description_fr, line.description_en),
        unit=Text("contenant", "container") if is_container else Text("unité", "unit"),
        quantity=line.quantity,
        reason=reason(line.reason),
        net_cents=line.net_cents + line.document_discount_cents,
        tax_codes=tuple(line.taxes),
    )


def invoice_amounts(invoice: Invoice, containers: Mapping[str, Text]) -> Amounts:
    """Return what stands under an invoice's lines."""
    deposits: dict[tuple[str, int], int] = defaultdict(int)
    for line in invoice.lines:
        for deposit in line.deposits:
            deposits[deposit["container_class"], deposit["unit_cents"]] += deposit["containers"] * line.quantity
    return Amounts(
        net_cents=invoice.net_cents,
        total_cents=invoice.total_cents,
        discount_cents=sum(line.document_discount_cents for line in invoice.lines),
        taxes=_taxes(invoice.taxes, _bases(invoice.lines)),
        deposits=deposit_rows(deposits, containers, invoice.deposit_cents),
        currency=paper_currency(invoice.currency),
    )


def _credit_amounts(note: CreditNote, containers: Mapping[str, Text]) -> Amounts:
    deposits: dict[tuple[str, int], int] = defaultdict(int)
    for line in note.lines:
        if line.container_code and line.unit_cents:
            deposits[line.container_code, line.unit_cents] += line.quantity
    return Amounts(
        net_cents=note.net_cents,
        total_cents=note.total_cents,
        discount_cents=sum(line.document_discount_cents for line in note.lines),
        taxes=_taxes(note.taxes, _bases(note.lines)),
        deposits=deposit_rows(deposits, containers, note.deposit_cents),
        currency=note.currency,  # type: ignore[arg-type]  # as above
    )


def _bases(lines: Sequence[InvoiceLine] | Sequence[CreditLine]) -> dict[str, int]:
    bases: dict[str, int] = defaultdict(int)
    for line in lines:
        for code in line.taxes:
            bases[code] += line.net_cents
        for code in line.deposit_taxes:
            bases[code] += line.deposit_cents
    return bases


def _taxes(taxes: Iterable[Mapping[str, Any]], bases: Mapping[str, int]) -> tuple[TaxAmount, ...]:
    return tuple(
        TaxAmount(
            code=tax["code"],
            name=TAXES.get(tax["code"], Text(tax["name_fr"], tax["name_en"])),
            rate=Decimal(tax["rate"]),
            base_cents=bases.get(tax["code"], 0),
            amount_cents=tax["amount_cents"],
        )
        for tax in taxes
    )


def deposit_rows(
    counted: Mapping[tuple[str, int], int], containers: Mapping[str, Text], total_cents: int
) -> tuple[DepositAmount, ...]:
    """Return rows by class and price; what they do not explain (cents of a partial credit) is a row of its own."""
    rows = [
        DepositAmount(
            name=containers.get(code, Text(code, code)), quantity=count, unit_cents=price, amount_cents=count * price
        )
        for (code, price), count in sorted(counted.items())
        if count
    ]
    rest = total_cents - sum(row.amount_cents for row in rows)
    if rest:
        rows.append(
            DepositAmount(name=Text("Consignes", "Container deposits"), quantity=1, unit_cents=rest, amount_cents=rest)
        )
    return tuple(rows)


def ship_to_of(place: Mapping[str, str]) -> Party | None:
    """Return where an invoice's goods went, if it says so."""
    if not place:
        return None
    return Party(
        name=place["name"],
        street=place["street"],
        city=place["city"],
        region="Québec",
        postal_code=place["postal_code"],
    )


def _agent_seller(cards: Mapping[str, Any]) -> Party | None:
    """The producer is named when somebody else issues (C28)."""
    sellers = [card for card in cards.get("sellers", ()) if card["id"] != cards["issuer"]["id"]]
    return party_of_card(sellers[0]) if len(sellers) == 1 else None


def issued_at(document: Invoice | CreditNote) -> datetime:
    """Return the instant that the PDF carries, so that the same document gives the same bytes."""
    return document.published_at or document.created_at
