"""What was invoiced, credited and supplemented is what was delivered, to the cent; every book balances.

What it should have come to is reckoned anew by the rehearsal's own arithmetic, from the terms alone and by none of the
code that priced, settled or credited it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import msgspec
from sqlalchemy import select

from server.catalog.model import ContainerClass
from server.core.facts import first_break
from server.core.transaction import transaction
from server.delivery.model import Delivery
from server.example.check.books import Books, lines_of
from server.example.check.finding import Finding, finding
from server.orders.service.lines import tax_rules_for
from server.receivables.audit import book_faults
from server.rehearsal.oracle_money import Bill, bill, credit, empties
from shared.money import format_money
from shared.problems import Text


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
    def of(cls, bill: Bill) -> Amount:
        """Return the parts of a reckoned document."""
        return cls(
            sum(line.net for line in bill.values()),
            sum(taxes_of(bill).values()),
            sum(line.deposit for line in bill.values()),
        )


@dataclass(frozen=True, slots=True)
class Reckoned:
    """What a delivery should have left by T1 to T5: its invoice, the credit on it, and the order beyond it."""

    invoice: Bill
    credit: Bill
    supplement: Bill

    @property
    def amount(self) -> Amount:
        """What stays when the credit is taken off."""
        return Amount.of(self.invoice) + -Amount.of(self.credit) + Amount.of(self.supplement)

    @property
    def taxes(self) -> Mapping[str, int]:
        """The taxes of the invoice less its credit, in cents by code."""
        credited = taxes_of(self.credit)
        return {code: cents - credited.get(code, 0) for code, cents in taxes_of(self.invoice).items()}


def taxes_of(bill: Bill) -> dict[str, int]:
    """Return the taxes of a reckoned document, in cents by code."""
    found: Counter[str] = Counter()
    for line in bill.values():
        found.update(line.net_tax)
        found.update(line.deposit_tax)
    return dict(found)


def reckon(books: Books, delivery: Delivery) -> Reckoned:
    """Return what a delivery should have left under the terms that the signer saw.

    A shortage on a published invoice takes its share of the invoice's own amounts (T5); anything else is priced from
    the delivered quantities. What was taken beyond the order is priced on its own, without the order's own discount.
    """
    goods, prices = (msgspec.to_builtins(half) for half in books.terms[delivery.terms_id])
    lines = lines_of(delivery)
    beyond = bill(goods, prices, {line.line_id: line.extra for line in lines}, stretch_discount=False)
    if prices["invoice_standing"] != "published":
        return Reckoned(bill(goods, prices, {line.line_id: line.delivered for line in lines}), {}, beyond)
    whole = bill(goods, prices, {line.line_id: line.ordered for line in lines})
    short = {line.line_id: line.ordered - line.delivered for line in lines}
    return Reckoned(whole, {} if goods["settlement_policy"] == "none" else credit(whole, short), beyond)


def delivered_amount(books: Books, delivery: Delivery) -> Amount:
    """Return what the customer accepted of an order is worth under the terms that the signer saw."""
    return reckon(books, delivery).amount


def check_amounts(books: Books) -> Finding:
    """Order by order: invoiced − credited + supplementary = delivered, net, taxes and deposits apart.

    Each tax must be its own as well, and nets and deposits those of the delivered quantities reckoned anew, whatever
    the policy (law 19).
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
    """Visit by visit and issuer by issuer, what was given back is what the empties are worth, with their tax (C30)."""
    wanted = _empties(books)
    notes = {(note.owner_id, note.cause_id): note for note in books.credit_notes if note.invoice_id is None}
    given = {key: (note.deposit_cents, note.tax_cents) for key, note in notes.items()}
    faults = [
        f"{visit_id}: {given.get((issuer_id, visit_id))} ≠ {wanted.get((issuer_id, visit_id))}"
        for issuer_id, visit_id in sorted(wanted.keys() | given.keys())
        if given.get((issuer_id, visit_id)) != wanted.get((issuer_id, visit_id))
    ]
    units, cents = sum(one.quantity for one in books.returns), sum(deposits for deposits, _ in wanted.values())
    return finding(
        "containers",
        Text("Consignes rendues = contenants repris", "Deposits given back = containers taken back"),
        Text(
            f"{units} contenants, {len(notes)} notes, {format_money(cents, 'CAD', 'fr')}",
            f"{units} containers, {len(notes)} notes, {format_money(cents, 'CAD', 'en')}",
        ),
        faults,
    )


def _empties(books: Books) -> dict[tuple[UUID, UUID], tuple[int, int]]:
    """Return the deposits and the taxes, in cents, that each issuer owes for each visit's empties."""
    taken: dict[tuple[UUID, UUID], list[tuple[int, int, bool]]] = {}
    with transaction(acting=books.scope.carrier_id) as session:
        classes = session.execute(select(ContainerClass.owner_id, ContainerClass.code, ContainerClass.taxable))
        taxed = {(owner_id, code) for owner_id, code, is_taxed in classes if is_taxed}
    for one in books.returns:
        row = (one.quantity, one.unit_cents, (one.container_owner_id, one.class_code) in taxed)
        taken.setdefault((one.creditor_id, one.source_id), []).append(row)
    return {key: _worth(key[0], books.scope.runs_on, rows) for key, rows in taken.items()}


def _worth(issuer_id: UUID, on: date, rows: list[tuple[int, int, bool]]) -> tuple[int, int]:
    with transaction(acting=issuer_id) as session:
        rates = [rule.rate for rule in tax_rules_for(session, issuer_id=issuer_id, on=on)]
    deposits_cents = empties(rows, ())
    return deposits_cents, empties(rows, rates) - deposits_cents


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
    billed, reckoned = invoiced + -credited + supplement, reckon(books, delivery)
    number = books.orders[delivery.order_id].number
    if billed != reckoned.amount:
        yield f"{number}: {billed} ≠ {reckoned.amount}"
    if (taxes := _taxes(books, delivery)) != {code: cents for code, cents in reckoned.taxes.items() if cents}:
        yield f"{number}: {taxes} ≠ {dict(reckoned.taxes)}"
    goods, prices = (msgspec.to_builtins(half) for half in books.terms[delivery.terms_id])
    anew = Amount.of(bill(goods, prices, {str(line.order_line_id): line.delivered for line in delivery.lines}))
    anew += Amount.of(reckoned.supplement)
    if (billed.net_cents, billed.deposit_cents) != (anew.net_cents, anew.deposit_cents):
        yield f"{number}: {billed} ≠ {anew}"


def _taxes(books: Books, delivery: Delivery) -> dict[str, int]:
    """Return the taxes on an order's published invoices less its credits, in cents by code."""
    invoices = [one for one in books.invoices_of.get(delivery.order_id, ()) if one.id in books.invoices]
    ids = {one.id for one in invoices}
    found: Counter[str] = Counter()
    for one in invoices:
        found.update({tax["code"]: tax["amount_cents"] for tax in one.taxes})
    for note in books.credit_notes:
        if note.invoice_id in ids:
            found.subtract({tax["code"]: tax["amount_cents"] for tax in note.taxes})
    return {code: cents for code, cents in found.items() if cents}
