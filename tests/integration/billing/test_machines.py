"""Stateful machines over the real services: the ledger of a customer, the life of an order, and container accounts.

Each step is any verb in any order; after each one the books are walked and compared to a model of plain numbers.
"""

from __future__ import annotations

import os
from collections import Counter
from datetime import date
from typing import ClassVar
from uuid import UUID

import hypothesis
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select

from server.billing import queries
from server.billing import service as billing
from server.billing.crediting import CreditTooLarge
from server.billing.drafting import priced_of
from server.billing.model import CreditNote, Invoice, InvoiceOrder
from server.billing.service.credits import PERSON
from server.core.problems import Problem
from server.core.transaction import transaction
from server.fulfilment.service.invoicing import publish_by_hand, republish, void_by_hand
from server.fulfilment.service.orders import accept_order, cancel_order, revise_order
from server.ledger.model import Account, Posting
from server.ledger.queries import balance_cents, open_cents
from server.orders import queries as orders_read
from server.orders import service as orders
from server.orders.model import Order
from server.receivables import service as receivables
from server.receivables.audit import book_faults
from server.receivables.model import Payment, PaymentMethod
from server.stock.model import ContainerEntry
from server.stock.queries import container_balance
from server.stock.service import move_containers
from shared.ids import new_id
from shared.pricing import credit_of
from shared.problems import Text
from shared.states import BillingState, InvoiceState, OrderState, PaymentState
from tests.factories.billing import publish
from tests.factories.world import ADJUST, RUN_DAY, World, items_of, make_order, make_world, read_order, stamp

IS_NIGHT = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
STEPS = hypothesis.settings(
    deadline=None,
    max_examples=150 if IS_NIGHT else 4,
    stateful_step_count=40 if IS_NIGHT else 14,
    suppress_health_check=list(hypothesis.HealthCheck),
)
REASON = Text("Motif", "Reason")
pytestmark = pytest.mark.timeout(7_200 if IS_NIGHT else 180)
PICK = st.integers(0, 10**6)


class Ledger(RuleBasedStateMachine):
    """Invoices, credits of three kinds, voids, payments that fail, allocations: what a customer owes is one number."""

    def __init__(self) -> None:
        super().__init__()
        self.owed = 0
        self.invoices: list[UUID] = []
        self.payments: list[UUID] = []
        self.free: list[UUID] = []

    @initialize()
    def found(self) -> None:
        self.world: World = make_world([ADJUST])

    @property
    def issuer_id(self) -> UUID:
        return self.world.seller.id

    @rule(cases=st.integers(1, 9), kegs=st.integers(0, 3))
    def invoice(self, cases: int, kegs: int) -> None:
        invoice_id = publish(self.world, make_order(self.world, cases=cases, kegs=kegs))
        with transaction(acting=self.issuer_id) as session:
            self.owed += session.get_one(Invoice, invoice_id).total_cents
        self.invoices.append(invoice_id)

    @precondition(lambda self: self.invoices)
    @rule(pick=PICK, units=st.integers(1, 12))
    def credit_items(self, pick: int, units: int) -> None:
        """Credit units of one line; more than it has left is refused and changes nothing (law 8)."""
        with transaction(acting=self.issuer_id) as session:
            invoice = queries.invoice(session, invoice_id=self.invoices[pick % len(self.invoices)])
            taken = queries.credited_quantities(session, invoice_id=invoice.id)
            line = invoice.lines[pick % len(invoice.lines)]
            already = {str(one.order_line_id): taken.get(one.id, 0) for one in invoice.lines}
            key, left = str(line.order_line_id), line.quantity - taken.get(line.id, 0)
            if units > left:
                with pytest.raises(Problem):
                    credit_of(priced_of(invoice), already=already, crediting={key: units})
                whole = credit_of(priced_of(invoice), already={}, crediting={key: line.quantity})
                if left < line.quantity:
                    with pytest.raises(CreditTooLarge):
                        self._issue(session, invoice, whole)
                return
            note = self._issue(session, invoice, credit_of(priced_of(invoice), already=already, crediting={key: units}))
            billing.publish_pending(session, stamp=stamp())
            self.owed -= note.total_cents

    def _issue(self, session, invoice: Invoice, credited) -> CreditNote:
        return billing.issue_credit(
            session,
            invoice=invoice,
            credited=credited,
            cause_kind=PERSON,
            cause_id=new_id(),
            reason=REASON,
            stamp=stamp(),
        )

    @rule(cents=st.integers(1, 50_000), taxed=st.booleans())
    def credit_an_amount(self, cents: int, taxed: bool) -> None:
        key = new_id()
        for _ in range(2):  # told twice, done once
            with transaction(acting=self.issuer_id) as session:
                note = billing.issue_free_credit(
                    session,
                    issuer_id=self.issuer_id,
                    buyer_id=self.world.buyer.id,
                    lines=[billing.FreeLine(REASON, cents, taxed)],
                    reason=REASON,
                    key=key,
                    stamp=stamp(),
                )
                billing.publish_pending(session, stamp=stamp())
        self.owed -= note.total_cents
        self.free.append(note.id)

    @rule(cents=st.integers(1, 90_000), method=st.sampled_from([PaymentMethod.CASH, PaymentMethod.INTERAC]))
    def pay(self, cents: int, method: PaymentMethod) -> None:
        with transaction(acting=self.issuer_id) as session:
            payment = receivables.record_payment(
                session,
                issuer_id=self.issuer_id,
                paid=receivables.NewPayment(
                    buyer_id=self.world.buyer.id,
                    method=method,
                    amount_cents=cents,
                    received_on=date(2026, 11, 18),
                ),
                key=new_id(),
                stamp=stamp(),
            )
            self.owed -= payment.amount_cents
            self.payments.append(payment.id)

    @precondition(lambda self: self.payments)
    @rule(pick=PICK)
    def bounce(self, pick: int) -> None:
        """A payment fails: everything that it gave is open again (laws 13 and 15)."""
        payment_id = self.payments.pop(pick % len(self.payments))
        with transaction(acting=self.issuer_id) as session:
            payment = session.get_one(Payment, payment_id)
            receivables.fail_payment(session, payment=payment, stamp=stamp())
            self.owed += payment.amount_cents
            assert payment.state is PaymentState.FAILED
        assert self.open_of([payment_id]) == [0]

    @precondition(lambda self: self.invoices)
    @rule(pick=PICK)
    def void(self, pick: int) -> None:
        invoice_id = self.invoices.pop(pick % len(self.invoices))
        with transaction(acting=self.issuer_id) as session:
            note = void_by_hand(session, invoice_id=invoice_id, reason="Erreur", stamp=stamp())
            billing.publish_pending(session, stamp=stamp())
            self.owed -= note.total_cents
        assert self.open_of([invoice_id]) == [0]

    @precondition(lambda self: self.invoices and self.free)
    @rule(pick=PICK, cents=st.integers(1, 9_000))
    def allocate(self, pick: int, cents: int) -> None:
        """Set a part of a waiting credit against an invoice; beyond either side it is refused (laws 11, 12)."""
        credit_id, invoice_id = self.free[pick % len(self.free)], self.invoices[pick % len(self.invoices)]
        held, still = self.open_of([credit_id, invoice_id])
        with transaction(acting=self.issuer_id) as session:
            credit = queries.credit_note(session, credit_id=credit_id)
            invoice = queries.invoice(session, invoice_id=invoice_id)
            if cents > min(-held, still):
                with pytest.raises(Problem):
                    receivables.allocate_credit(
                        session, credit=credit, invoice=invoice, amount_cents=cents, stamp=stamp()
                    )
                return
            receivables.allocate_credit(session, credit=credit, invoice=invoice, amount_cents=cents, stamp=stamp())
        assert self.open_of([credit_id, invoice_id]) == [held + cents, still - cents]

    @invariant()
    def books_hold(self) -> None:
        """Laws 1-4, 6-12, 17: the walk finds nothing, and the balance is the model's number."""
        if not hasattr(self, "world"):
            return
        with transaction(acting=self.issuer_id) as session:
            assert list(book_faults(session, issuer_id=self.issuer_id)) == []
            found = balance_cents(session, issuer_id=self.issuer_id, customer_id=self.world.buyer.id, currency="CAD")
        assert found == self.owed

    def teardown(self) -> None:
        """Law 10: once every invoice is void, nothing is left but what free credits gave."""
        if not hasattr(self, "world"):
            return
        while self.invoices:
            self.void(0)
        with transaction(acting=self.issuer_id) as session:
            given = session.execute(
                select(
                    func.coalesce(func.sum(CreditNote.net_cents), 0), func.coalesce(func.sum(CreditNote.tax_cents), 0)
                ).where(CreditNote.id.in_(self.free))
            ).one()
            left = [
                session.scalar(
                    select(func.coalesce(func.sum(Posting.amount_cents), 0)).where(Posting.account == account)
                )
                for account in (Account.REVENUE, Account.TAX, Account.CONTAINER_DEPOSITS)
            ]
        assert left == [given[0], given[1], 0]

    def open_of(self, ids: list[UUID]) -> list[int]:
        with transaction(acting=self.issuer_id) as session:
            found = open_cents(session, issuer_id=self.issuer_id, document_ids=ids)
        return [found[one] for one in ids]


class OrderLife(RuleBasedStateMachine):
    """One order through any verbs: what is allowed happens whole, what is refused changes nothing."""

    ARRIVED: ClassVar = (OrderState.DELIVERED, OrderState.PARTLY_DELIVERED)

    @initialize()
    def order(self) -> None:
        self.world: World = make_world([ADJUST])
        self.order_id = make_order(self.world, accepted=False)

    def attempt(self, verb, **options) -> bool:
        """Do one verb as the seller; a refusal leaves order and invoices as they were."""
        before = self.seen()
        try:
            with transaction(acting=self.world.seller.id) as session:
                verb(session, order=orders_read.order(session, order_id=self.order_id), stamp=stamp(), **options)
                billing.publish_pending(session, stamp=stamp())
        except Problem:
            assert self.seen() == before
            return False
        return True

    def seen(self) -> tuple:
        order = read_order(self.order_id, acting=self.world.seller.id)
        with transaction(acting=self.world.seller.id) as session:
            invoices = session.execute(
                select(Invoice.id, Invoice.state, Invoice.total_cents).order_by(Invoice.id)
            ).all()
            notes = session.execute(select(CreditNote.id, CreditNote.total_cents).order_by(CreditNote.id)).all()
        return order.state, order.billing_state, order.total_cents, order.revision, tuple(invoices), tuple(notes)

    @rule()
    def accept(self) -> None:
        self.attempt(accept_order)

    @rule()
    def publish(self) -> None:
        self.attempt(publish_by_hand)

    @rule(cases=st.integers(1, 20))
    def revise(self, cases: int) -> None:
        """R043: nobody changes a line of an order that has an invoice."""
        billed = read_order(self.order_id, acting=self.world.seller.id).billing_state is BillingState.SETTLED
        assert not (self.attempt(revise_order, items=items_of(self.world.seller, cases=cases)) and billed)

    @rule()
    def reject(self) -> None:
        self.attempt(orders.reject, reason="Rupture")

    @rule()
    def cancel(self) -> None:
        self.attempt(cancel_order, reason="Erreur")

    @rule(step=st.sampled_from(["plan", "unplan", "ship", "deliver", "fail", "reopen"]))
    def move(self, step: str) -> None:
        verbs = {
            "plan": (orders.mark_planned, {"planned_on": RUN_DAY}),
            "unplan": (orders.mark_unplanned, {}),
            "ship": (orders.mark_shipped, {}),
            "deliver": (orders.mark_delivered, {}),
            "fail": (orders.mark_not_delivered, {}),
            "reopen": (orders.reopen, {}),
        }
        verb, options = verbs[step]
        self.attempt(verb, **options)

    @rule(again=st.booleans())
    def void(self, again: bool) -> None:
        """C6: void the standing invoice, and perhaps publish the next one."""
        with transaction(acting=self.world.seller.id) as session:
            standing = queries.live_invoice(session, order_id=self.order_id)
            if standing is None:
                return
            void_by_hand(session, invoice_id=standing.id, reason="Erreur", stamp=stamp())
            billing.publish_pending(session, stamp=stamp())
        if again:
            before = self.seen()
            try:
                with transaction(acting=self.world.seller.id) as session:
                    republish(session, invoice_id=standing.id, stamp=stamp())
                    billing.publish_pending(session, stamp=stamp())
            except Problem:
                assert self.seen() == before

    @invariant()
    def one_invoice_and_sound_books(self) -> None:
        """R042, laws 3, 17, 18: at most one live invoice, of the order's own amounts; drafts have no number."""
        if not hasattr(self, "world"):
            return
        with transaction(acting=self.world.seller.id) as session:
            order = session.get_one(Order, self.order_id)
            live = session.scalars(
                select(Invoice).join(InvoiceOrder).where(InvoiceOrder.order_id == order.id, InvoiceOrder.live_final)
            ).all()
            assert len(live) == (order.billing_state is BillingState.SETTLED)
            for invoice in live:
                assert (invoice.state, invoice.total_cents) == (InvoiceState.PUBLISHED, order.total_cents)
            unnumbered = select(func.count()).select_from(Invoice).where(Invoice.state != InvoiceState.PUBLISHED)
            assert session.scalar(unnumbered.where(Invoice.number != "")) == 0
            assert list(book_faults(session, issuer_id=self.world.seller.id)) == []


class Containers(RuleBasedStateMachine):
    """Kegs between their owner, a carrier and two retailers: accounts sum to zero whatever moves."""

    @initialize()
    def accounts(self) -> None:
        self.world: World = make_world([ADJUST], buyers=2)
        self.holders = [self.world.seller.id, self.world.carrier_id, *(one.id for one in self.world.buyers)]
        self.balance: Counter[UUID] = Counter()

    @rule(ends=st.permutations(range(4)), quantity=st.integers(1, 50), told=st.integers(1, 3))
    def move(self, ends: list[int], quantity: int, told: int) -> None:
        source, target, movement_id = self.holders[ends[0]], self.holders[ends[1]], new_id()
        for _ in range(told):
            with transaction(acting=self.world.seller.id) as session:
                move_containers(
                    session,
                    class_owner_id=self.world.seller.id,
                    class_id=self.world.seller.keg_class_id,
                    from_holder_id=source,
                    to_holder_id=target,
                    quantity=quantity,
                    movement_id=movement_id,
                    stamp=stamp(),
                )
        self.balance[source] -= quantity
        self.balance[target] += quantity

    @rule(holder=st.integers(0, 3), quantity=st.integers(-5, 0))
    def refuse(self, holder: int, quantity: int) -> None:
        """Nothing moves from a holder to itself, nor less than one container."""
        one, other = self.holders[holder], self.holders[(holder + 1) % 4]
        for target, much in ((one, 3), (other, quantity)):
            with pytest.raises(Problem), transaction(acting=self.world.seller.id) as session:
                move_containers(
                    session,
                    class_owner_id=self.world.seller.id,
                    class_id=self.world.seller.keg_class_id,
                    from_holder_id=one,
                    to_holder_id=target,
                    quantity=much,
                    movement_id=new_id(),
                    stamp=stamp(),
                )

    @invariant()
    def accounts_sum_up(self) -> None:
        """Law 20: out less in is each holder's balance, and all accounts of a class come to nothing."""
        if not hasattr(self, "world"):
            return
        with transaction(acting=self.world.seller.id) as session:
            class_id = self.world.seller.keg_class_id
            for holder_id in self.holders:
                found = container_balance(session, class_id=class_id, holder_id=holder_id)
                assert found == self.balance[holder_id]
            total = select(func.coalesce(func.sum(ContainerEntry.quantity), 0))
            assert session.scalar(total.where(ContainerEntry.class_id == class_id)) == 0


def test_the_ledger_holds_whatever_is_done(database) -> None:
    """Laws 1-4, 6-13, 15, 17: invoices, credits, voids, payments, failures and allocations in any order."""
    run_state_machine_as_test(Ledger, settings=STEPS)


def test_an_order_lives_within_its_table_of_moves(database) -> None:
    """R042, R043, R058, laws 3, 17, 18: any verb in any order; refusals change nothing, one live invoice at most."""
    run_state_machine_as_test(OrderLife, settings=STEPS)


def test_container_accounts_sum_to_nothing(database) -> None:
    """Law 20, C30: movements in any order, told once or thrice; the balance is what went out less what came back."""
    run_state_machine_as_test(Containers, settings=STEPS)
