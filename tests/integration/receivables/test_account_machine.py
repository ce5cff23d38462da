"""Laws of accounts under any order of what people do: a stateful machine through the services, on PostgreSQL."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from server.billing import service as billing
from server.billing.model import CreditNote, Invoice
from server.core.problems import Problem, Text
from server.core.stamp import Stamp
from server.core.transaction import transaction
from server.ledger.model import Allocation
from server.ledger.queries import open_cents
from server.receivables import accounts, service, statements
from server.receivables.audit import book_faults
from server.receivables.model import Payment, PaymentMethod, Refund, RefundState
from server.receivables.service.crediting import Amounts, Items, NewCredit, write_credit
from shared.ids import new_id
from shared.states import CreditState, InvoiceState
from tests.factories.accounts import Books, make_books
from tests.factories.billing import totals

REASON = Text("Essai", "Trial")
CENTS = st.integers(1, 9_000)
PICK = st.integers(0, 10**6)
EVERYTHING = date(2100, 1, 1)


class AccountMachine(RuleBasedStateMachine):
    """What an issuer does with one customer's account; refusals are allowed, broken laws are not."""

    books: Books

    def __init__(self) -> None:
        """Act for the issuer of the module's world; days go on as the machine runs."""
        super().__init__()
        self.issuer_id = self.books.world.seller.id
        self.buyer_id = self.books.world.buyer.id
        self.marks: list[tuple[date, int]] = []

    def stamp(self) -> Stamp:
        return Stamp(by=None, at=datetime.now(UTC))

    def picked(self, session, kind, pick: int, **where):
        """Return one row of the issuer by its turn, or None."""
        rows = session.scalars(select(kind).filter_by(owner_id=self.issuer_id, **where).order_by(kind.id)).all()
        return rows[pick % len(rows)] if rows else None

    def tried(self, verb) -> None:
        """Do it in a transaction of its own; what is refused must leave nothing behind."""
        before = totals(self.issuer_id)
        try:
            with transaction(self.issuer_id) as session:
                verb(session)
        except Problem:
            assert totals(self.issuer_id) == before

    @rule(cases=st.integers(1, 3))
    def invoice(self, cases: int) -> None:
        """A new invoice takes what waits (R083)."""
        self.books.invoice(cases=cases)

    @rule(cents=CENTS, part=st.none() | CENTS, pick=PICK, back=st.integers(0, 3))
    def pay(self, cents: int, part: int | None, pick: int, back: int) -> None:
        """Pay the oldest, or a chosen invoice."""

        def verb(session) -> None:
            chosen = self.picked(session, Invoice, pick, state=InvoiceState.PUBLISHED) if part else None
            paid = service.NewPayment(
                buyer_id=self.buyer_id,
                method=PaymentMethod.CHEQUE,
                amount_cents=cents,
                received_on=datetime.now(UTC).date() - timedelta(days=back + 1),
                parts=[service.Part(chosen.id, part)] if chosen and part else None,
            )
            service.record_payment(session, issuer_id=self.issuer_id, paid=paid, key=new_id(), stamp=self.stamp())

        self.tried(verb)

    @rule(pick=PICK, cents=CENTS, to=PICK, elsewhere=st.booleans())
    def allocate(self, pick: int, cents: int, to: int, elsewhere: bool) -> None:
        """Set a payment, or all of it elsewhere."""

        def verb(session) -> None:
            payment = self.picked(session, Payment, pick)
            invoice = self.picked(session, Invoice, to, state=InvoiceState.PUBLISHED)
            if payment and invoice:
                move = service.reallocate_payment if elsewhere else service.allocate_payment
                move(session, payment=payment, parts=[service.Part(invoice.id, cents)], stamp=self.stamp())

        self.tried(verb)

    @rule(cents=CENTS, part=st.none() | CENTS, to=PICK)
    def credit(self, cents: int, part: int | None, to: int) -> None:
        """Write a free credit, set against a chosen invoice or waiting."""

        def verb(session) -> None:
            invoice = self.picked(session, Invoice, to, state=InvoiceState.PUBLISHED) if part else None
            parts = [service.Part(invoice.id, part)] if invoice and part else []
            lines = [billing.FreeLine(REASON, cents, taxed=True)]
            new = NewCredit(buyer_id=self.buyer_id, of=Amounts(lines), reason=REASON, parts=parts)
            write_credit(session, new=new, key=new_id(), stamp=self.stamp())

        self.tried(verb)

    @rule(pick=PICK)
    def credit_items(self, pick: int) -> None:
        """Credit one unit of an invoice's first line."""

        def verb(session) -> None:
            invoice = self.picked(session, Invoice, pick, state=InvoiceState.PUBLISHED)
            if invoice is not None:
                from server.billing.queries import with_lines

                with_lines(session, [invoice])
                of = Items(invoice.id, {invoice.lines[0].id: 1})
                write_credit(
                    session,
                    new=NewCredit(buyer_id=self.buyer_id, of=of, reason=REASON),
                    key=new_id(),
                    stamp=self.stamp(),
                )

        self.tried(verb)

    @rule(pick=PICK)
    def undo(self, pick: int) -> None:
        """Take something off an invoice; both sides are exactly as before (law 13)."""

        def verb(session) -> None:
            done = self.picked(session, Allocation, pick)
            if done is not None:
                ids = (done.source_id, done.invoice_id)
                was = open_cents(session, issuer_id=self.issuer_id, document_ids=ids)
                known = session.scalars(select(Allocation).where(Allocation.reverses_id == done.id)).first()
                service.undo_allocation(session, allocation_id=done.id, stamp=self.stamp())
                now = open_cents(session, issuer_id=self.issuer_id, document_ids=ids)
                gained = 0 if known else done.amount_cents
                assert now[done.invoice_id] == was[done.invoice_id] + gained
                if done.source.value != "write_off":
                    assert now[done.source_id] == was[done.source_id] - gained

        self.tried(verb)

    @rule(pick=PICK, cents=CENTS, of_credit=st.booleans())
    def refund(self, pick: int, cents: int, of_credit: bool) -> None:
        """Give back what a payment or a credit holds."""

        def verb(session) -> None:
            source = self.picked(session, CreditNote if of_credit else Payment, pick)
            if source is not None:
                wish = service.Wish(amount_cents=cents, method=PaymentMethod.CASH, reason="Essai")
                service.refund(session, source=source, wish=wish, key=new_id(), stamp=self.stamp())

        self.tried(verb)

    @rule(pick=PICK)
    def fail(self, pick: int) -> None:
        """A payment does not hold (law 15)."""

        def verb(session) -> None:
            payment = self.picked(session, Payment, pick)
            if payment is not None:
                service.fail_by_hand(session, payment=payment, stamp=self.stamp())

        self.tried(verb)

    @rule(pick=PICK, cents=CENTS)
    def write_off(self, pick: int, cents: int) -> None:
        """Let the customer off a part."""

        def verb(session) -> None:
            invoice = self.picked(session, Invoice, pick, state=InvoiceState.PUBLISHED)
            if invoice is not None:
                service.write_off(
                    session, invoice=invoice, amount_cents=cents, reason="Essai", key=new_id(), stamp=self.stamp()
                )

        self.tried(verb)

    @invariant()
    def the_books_hold(self) -> None:
        """Laws 1, 6, 11, 12: every entry sums to zero, nothing is open below zero or above its total."""
        with transaction(self.issuer_id) as session:
            assert [one.kind for one in book_faults(session, issuer_id=self.issuer_id)] == []

    @invariant()
    def balances_agree(self) -> None:
        """Laws 7, 16, 25, 26: open documents, ages, balance and statement are one number; refunds fit."""
        with transaction(self.issuer_id) as session:
            today = datetime.now(UTC).date() + timedelta(days=1)
            [account] = accounts.accounts(session, on=EVERYTHING, buyer_id=self.buyer_id)
            documents = self._documents(session)
            still = open_cents(session, issuer_id=self.issuer_id, document_ids=documents)
            assert sum(still.values()) == account.balance_cents == sum(account.ages.values())
            cuts = [date(2020, 1, 1), today - timedelta(days=2), today, EVERYTHING]
            carried = 0
            for first, after in pairwise(cuts):
                found = statements.statement(
                    session,
                    buyer_id=self.buyer_id,
                    currency="CAD",
                    first_day=first,
                    last_day=after - timedelta(days=1),
                )
                assert found.opening_cents == carried
                carried = found.closing_cents
            assert carried == account.balance_cents
            self._refunds_within(session)

    def _documents(self, session) -> list[UUID]:
        notes = select(CreditNote.id).filter_by(owner_id=self.issuer_id, state=CreditState.ISSUED)
        invoices = select(Invoice.id).filter_by(owner_id=self.issuer_id, state=InvoiceState.PUBLISHED)
        payments = select(Payment.id).filter_by(owner_id=self.issuer_id)
        return [one for query in (notes, invoices, payments) for one in session.scalars(query)]

    def _refunds_within(self, session) -> None:
        back: dict[UUID, int] = {}
        for one in session.scalars(select(Refund).filter_by(owner_id=self.issuer_id, state=RefundState.DONE)):
            back[one.source_id] = back.get(one.source_id, 0) + one.amount_cents
        for kind, column in ((Payment, "amount_cents"), (CreditNote, "total_cents")):
            for row in session.scalars(select(kind).where(kind.id.in_(back))):
                assert back[row.id] <= getattr(row, column)


@pytest.fixture(scope="module")
def books(module_database) -> Books:
    """One account that every run of the machine goes on with: the longer, the odder."""
    made = make_books()
    made.invoice()
    return made


def test_the_laws_of_accounts_hold_whatever_people_do(books: Books) -> None:
    """Laws 1, 6, 7, 8, 11-13, 15, 16, 25, 26: payments, credits, allocations, refunds and write-offs in any order."""
    AccountMachine.books = books
    by_night = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
    run_state_machine_as_test(
        AccountMachine,
        settings=settings(
            max_examples=60 if by_night else 4,
            stateful_step_count=40 if by_night else 14,
            deadline=None,
            derandomize=not by_night,
            suppress_health_check=list(HealthCheck),
        ),
    )
