"""What was invoiced, credited and supplemented is what was delivered, to the cent; every book balances."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

import msgspec

from server.core.facts import first_break
from server.core.transaction import transaction
from server.delivery.model import Delivery
from server.example.check.books import Books, lines_of
from server.example.check.finding import Finding, finding
from server.receivables.audit import book_faults
from shared.money import format_money
from shared.pricing import PricedDocument, price_extra, price_order
from shared.problems import Text
from shared.settlement import preview_settlement


@dataclass(frozen=True, slots=True)
class Amount:
    """Net, taxes and deposits of some documents, in cents."""

    net_cents: int = 0
    tax_cents: int = 0
    deposit_cents: int = 0

    def __add__(self, other: Amount) -> Amount:
        """Add part by part."""
        return Amount(
            self.net_cents + other.net_cents,
            self.tax_cents + other.tax_cents,
            self.deposit_cents + other.deposit_cents,
        )

    def __neg__(self) -> Amount:
        """Turn every part around."""
        return Amount(-self.net_cents, -self.tax_cents, -self.deposit_cents)

    @property
    def total_cents(self) -> int:
        """All together."""
        return self.net_cents + self.tax_cents + self.deposit_cents

    @classmethod
    def of(cls, priced: PricedDocument | None) -> Amount:
        """Return a priced document's parts; nothing for none."""
        return cls(priced.net_cents, priced.tax_cents, priced.deposits_cents) if priced else cls()


def delivered_amount(books: Books, delivery: Delivery) -> Amount:
    """Return what the customer accepted of an order is worth under the terms that the signer saw.

    A shortage on a published invoice takes its share of the invoice's own amounts (T5); anything else is priced from
    the delivered quantities. What was taken beyond the order is priced on its own.
    """
    goods, prices = books.terms[delivery.terms_id]
    priced = preview_settlement(
        msgspec.structs.replace(goods, deliver_with="invoice", billing_type="platform"), prices, lines_of(delivery)
    )
    return Amount.of(priced.invoice) + -Amount.of(priced.credit) + Amount.of(priced.supplement)


def check_amounts(books: Books) -> Finding:
    """Order by order: invoiced − credited + supplementary = delivered, net, taxes and deposits apart.

    Nets and deposits must also equal those of the delivered quantities priced anew, whatever the policy (law 19).
    """
    ours = [one for one in books.standing if not books.is_external(one.order_id)]
    totals = [_billed(books, one) for one in ours]
    invoiced, credited, supplement = (sum(part[at].total_cents for part in totals) for at in range(3))
    delivered = sum(delivered_amount(books, one).total_cents for one in ours)
    words = tuple(format_money(cents, "CAD", "fr") for cents in (invoiced, credited, supplement, delivered))
    english = tuple(format_money(cents, "CAD", "en") for cents in (invoiced, credited, supplement, delivered))
    return finding(
        "amounts",
        Text("Facturé − crédité + supplémentaire = livré", "Invoiced − credited + supplementary = delivered"),
        Text(
            f"{words[0]} − {words[1]} + {words[2]} = {words[3]} ({len(ours)} commandes)",
            f"{english[0]} − {english[1]} + {english[2]} = {english[3]} ({len(ours)} orders)",
        ),
        (fault for one in ours for fault in _amount_faults(books, one)),
    )


def check_containers(books: Books) -> Finding:
    """Visit by visit and issuer by issuer, the deposits given back are those of the empties that came back (C30)."""
    returned: dict[tuple[UUID, UUID], int] = {}
    for one in books.returns:
        key = (one.creditor_id, one.visit_id)
        returned[key] = returned.get(key, 0) + one.quantity * one.unit_cents
    notes = {
        (note.owner_id, note.cause_id): note.deposit_cents for note in books.credit_notes if note.invoice_id is None
    }
    faults = [
        f"{visit_id}: {notes.get((issuer_id, visit_id), 0)} ≠ {returned.get((issuer_id, visit_id), 0)}"
        for issuer_id, visit_id in sorted(returned.keys() | notes.keys())
        if notes.get((issuer_id, visit_id)) != returned.get((issuer_id, visit_id))
    ]
    units, cents = sum(one.quantity for one in books.returns), sum(returned.values())
    return finding(
        "containers",
        Text("Consignes rendues = contenants repris", "Deposits given back = containers taken back"),
        Text(
            f"{units} contenants, {len(notes)} notes, {format_money(cents, 'CAD', 'fr')}",
            f"{units} containers, {len(notes)} notes, {format_money(cents, 'CAD', 'en')}",
        ),
        faults,
    )


def check_books(books: Books) -> Finding:
    """Every issuer's entries sum to zero, its numbers are gapless, its chains unbroken, its postings its documents'."""
    faults: list[str] = []
    for issuer_id in books.issuers:
        with transaction(acting=issuer_id) as session:
            faults += [
                f"{fault.kind} {fault.where}: {fault.text.fr}" for fault in book_faults(session, issuer_id=issuer_id)
            ]
            position = first_break(session, issuer_id)
        if position is not None:
            faults.append(f"{issuer_id}: fait · fact {position}")
    return finding(
        "books",
        Text("Journal à zéro, numéros et chaînes intacts", "Journal at zero, numbers and chains intact"),
        Text(f"{len(books.issuers)} émetteurs", f"{len(books.issuers)} issuers"),
        faults,
    )


def _billed(books: Books, delivery: Delivery) -> tuple[Amount, Amount, Amount]:
    invoices = [one for one in books.invoices_of.get(delivery.order_id, ()) if one.id in books.invoices]
    ids = {one.id for one in invoices}
    extras = [one for one in books.supplements if one.supplement_of_id == delivery.order_id]
    parts = (invoices, [note for note in books.credit_notes if note.invoice_id in ids], extras)
    invoiced, credited, supplement = (
        sum((Amount(one.net_cents, one.tax_cents, one.deposit_cents) for one in part), Amount()) for part in parts
    )
    return invoiced, credited, supplement


def _amount_faults(books: Books, delivery: Delivery) -> Iterator[str]:
    invoiced, credited, supplement = _billed(books, delivery)
    billed, wanted = invoiced + -credited + supplement, delivered_amount(books, delivery)
    number = books.orders[delivery.order_id].number
    if billed != wanted:
        yield f"{number}: {billed} ≠ {wanted}"
    goods, prices = books.terms[delivery.terms_id]
    lines = lines_of(delivery)
    anew = Amount.of(price_order(goods, prices, {line.line_id: line.delivered for line in lines})) + Amount.of(
        price_extra(goods, prices, {line.line_id: line.extra for line in lines})
    )
    if (billed.net_cents, billed.deposit_cents) != (anew.net_cents, anew.deposit_cents):
        yield f"{number}: {billed} ≠ {anew}"
