"""What an agent bills at one stop is one invoice, and comes to what was delivered there (C15)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

from server.billing.model import Invoice
from server.delivery.model import Delivery
from server.example.check.books import Books
from server.example.check.finding import Finding, finding
from server.example.check.money import Amount, reckon
from shared.money import format_money
from shared.problems import Text


def check_joined(books: Books) -> Finding:
    """Stop by stop: orders to be billed together have one number, sections 1..n of it, and what was delivered to pay.

    What each should have come to is reckoned anew, as for ``amounts``. One that is left alone has a number of its own.
    """
    stops = _stops(books)
    joined = [sections for deliveries in stops.values() if len(sections := _sections(books, deliveries)) > 1]
    cents = sum(one.total_cents for sections in joined for one in sections)
    count = sum(len(sections) for sections in joined)
    return finding(
        "joined",
        Text("Une seule facture par arrêt, section par commande", "One invoice a stop, a section for each order"),
        Text(
            f"{len(joined)} factures uniques, {count} sections, {format_money(cents, 'CAD', 'fr')}",
            f"{len(joined)} joined invoices, {count} sections, {format_money(cents, 'CAD', 'en')}",
        ),
        (fault for deliveries in stops.values() for fault in _faults(books, deliveries)),
    )


def _stops(books: Books) -> Mapping[tuple[UUID, UUID | None], Sequence[Delivery]]:
    """Return what counts of the orders that are billed together, by visit and issuer."""
    found: dict[tuple[UUID, UUID | None], list[Delivery]] = {}
    for one in books.standing:
        order = books.orders[one.order_id]
        if order.one_invoice_a_stop:
            found.setdefault((one.source_id, order.issuer_id), []).append(one)
    return found


def _sections(books: Books, deliveries: Sequence[Delivery]) -> list[Invoice]:
    found = [one for part in deliveries for one in books.invoices_of.get(part.order_id, ()) if one.id in books.invoices]
    return sorted(found, key=lambda one: (one.number, one.section))


def _faults(books: Books, deliveries: Sequence[Delivery]) -> Iterator[str]:
    sections = _sections(books, deliveries)
    if not sections:
        return
    named = ", ".join(one.number for one in sections)
    wanted = list(range(1, len(sections) + 1)) if len(sections) > 1 else [0]
    if [one.section for one in sections] != wanted or {one.sections for one in sections} != {wanted[-1]}:
        yield f"{named}: sections ≠ 1..{len(sections)}"
    if len({(one.joined_id, one.sequence) for one in sections}) > 1:
        yield f"{named}: plusieurs numéros · several numbers"
    reckoned = sum(Amount.of(reckon(books, one).invoice).total_cents for one in deliveries)
    if (billed := sum(one.total_cents for one in sections)) != reckoned:
        yield f"{named}: {billed} ≠ {reckoned}"
