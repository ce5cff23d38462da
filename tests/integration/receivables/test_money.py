"""What customers owe and pay: credits that wait, payments that are set against the oldest, and undoing both."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from server.billing import queries as billing_read
from server.billing import service as billing
from server.core.acting import acting_for
from server.core.transaction import transaction
from server.delivery.model import Collection
from server.ledger.model import Account
from server.ledger.service import AlreadyUndone, OverAllocated, undo_allocation
from server.receivables import queries, service
from server.receivables.model import Payment, PaymentMethod
from server.receivables.queries import Standing
from shared.ids import new_id
from shared.lifecycle import IllegalMove
from shared.problems import Text
from shared.states import PaymentState
from tests.factories.billing import (
    Counted,
    allocations,
    credits_on,
    entry_sums,
    publish,
    read_invoice,
    short_day,
    totals,
)
from tests.factories.world import CREDIT, make_order, make_world, stamp

REASON = Text("Erreur", "Mistake")
LATER = datetime(2026, 11, 20, 16, tzinfo=UTC)


def pay(world, cents, *, key=None, seller=None):
    issuer_id = (seller or world.seller).id
    with transaction(acting=issuer_id) as session:
        return service.record_payment(
            session,
            issuer_id=issuer_id,
            paid=service.NewPayment(
                buyer_id=world.buyer.id,
                method=PaymentMethod.CHEQUE,
                amount_cents=cents,
                received_on=date(2026, 11, 20),
            ),
            key=key or new_id(),
            stamp=stamp(LATER),
        )


def test_a_payment_told_twice_at_once_is_one(database):
    """R084: two requests with one key, side by side, are answered with the same payment."""
    world = make_world([CREDIT])
    invoice_id = publish(world, make_order(world))
    for key in (new_id(), new_id(), new_id()):
        with ThreadPoolExecutor(max_workers=4) as threads:
            told = [threads.submit(pay, world, 1_000, key=key) for _ in range(4)]
        assert len({one.result().id for one in told}) == 1
    with transaction(acting=world.seller.id) as session:
        assert len(session.scalars(select(Payment)).all()) == 3
    assert (
        totals(world.seller.id)[Account.RECEIVABLE]
        == read_invoice(invoice_id, acting=world.seller.id).total_cents - 3_000
    )


def standing(world, invoice_id, *, acting=None, on=date(2026, 11, 21)):
    with transaction(acting=acting or world.seller.id) as session:
        invoice = billing_read.invoice(session, invoice_id=invoice_id)
        return queries.standings(session, invoices=[invoice], on=on)[invoice_id]


def balance(world) -> int:
    with transaction(acting=world.seller.id) as session:
        return service.balance(session, issuer_id=world.seller.id, buyer_id=world.buyer.id)


def collect(world, cents, *, rounding_cents=0, method="cash") -> Payment:
    with transaction(acting=world.carrier_id) as session:
        collection = Collection(
            id=new_id(),
            owner_id=world.carrier_id,
            party_ids=[world.seller.id],
            visit_id=new_id(),
            issuer_id=world.seller.id,
            buyer_id=world.buyer.id,
            method=method,
            amount_cents=cents,
            rounding_cents=rounding_cents,
        )
        session.add(collection)
        session.flush()
        first = service.record_collection(session, collection=collection, stamp=stamp(LATER))
        assert service.record_collection(session, collection=collection, stamp=stamp(LATER)) is first
        return first


def change(world, verb, payment_id) -> Payment:
    with transaction(acting=world.seller.id) as session:
        return verb(session, payment=session.get_one(Payment, payment_id), stamp=stamp(LATER))


def test_a_delivery_credit_goes_to_its_own_invoice_first(database):
    """C11, R024: the credit lowers what is open of the invoice that it belongs to, at once."""
    world = make_world([CREDIT])
    older = publish(world, make_order(world, cases=1, kegs=0))
    order_id = make_order(world)
    invoice_id = publish(world, order_id)
    settlement = short_day(world, order_id, {1: Counted(3, lost=1)})
    invoice = read_invoice(invoice_id, acting=world.seller.id)
    assert standing(world, invoice_id) == (
        Standing.PARTLY_PAID,
        invoice.total_cents - settlement.credit.total_cents,
    )
    assert standing(world, older)[0] is Standing.TO_PAY


def test_the_rest_of_a_credit_waits_for_the_next_invoice(database):
    """R083, C11: the credit of a paid invoice waits, and the next invoice consumes it without anybody's action."""
    world = make_world([CREDIT])
    order_id = make_order(world)
    invoice_id = publish(world, order_id)
    invoice = read_invoice(invoice_id, acting=world.seller.id)
    pay(world, invoice.total_cents)
    credit = short_day(world, order_id, {1: Counted(3, lost=1)}).credit
    assert balance(world) == -credit.total_cents
    next_id = publish(world, make_order(world))
    after = read_invoice(next_id, acting=world.seller.id)
    assert standing(world, next_id) == (Standing.PARTLY_PAID, after.total_cents - credit.total_cents)
    assert balance(world) == after.total_cents - credit.total_cents
    assert set(entry_sums(world.seller.id)) == {0}


def test_one_credit_is_split_over_several_invoices(database):
    """R082, R083: a large waiting credit pays small invoices one after the other, never more than it holds."""
    world = make_world([CREDIT])
    order_id = make_order(world, cases=4, kegs=1)
    big = read_invoice(publish(world, order_id), acting=world.seller.id)
    pay(world, big.total_cents)
    credit = short_day(world, order_id, {1: Counted(0, lost=4), 2: Counted(0, lost=1)}).credit
    small = [publish(world, make_order(world, cases=2, kegs=0)) for _ in range(5)]
    applied = [cents for source, _, cents in allocations(world.seller.id) if source == credit.id]
    assert sum(applied) == credit.total_cents
    assert [standing(world, one)[0] for one in small] == [
        Standing.CREDITED,
        Standing.CREDITED,
        Standing.CREDITED,
        Standing.CREDITED,
        Standing.PARTLY_PAID,
    ]


def test_a_payment_pays_the_oldest_invoices_first(database):
    """R044, R084, R085: full payment makes « Payée » on both sides; the rest goes to the next, then stays credit."""
    world = make_world([CREDIT])
    ids = [publish(world, make_order(world, cases=1, kegs=0)) for _ in range(2)]
    one = read_invoice(ids[0], acting=world.seller.id).total_cents
    payment = pay(world, one + 1000)
    for reader in (world.seller.id, world.buyer.id):
        assert standing(world, ids[0], acting=reader) == (Standing.PAID, 0)
    assert standing(world, ids[1]) == (Standing.PARTLY_PAID, one - 1000)
    assert payment.state is PaymentState.ALLOCATED
    assert queries.STANDING_LABELS[Standing.PAID].fr == "Payée"


def test_too_much_money_stays_the_customers(database):
    """Table of the ledger: an overpayment is customer credit; the balance says what is owed back."""
    world = make_world([CREDIT])
    invoice = read_invoice(publish(world, make_order(world)), acting=world.seller.id)
    pay(world, invoice.total_cents + 500)
    assert balance(world) == -500
    assert totals(world.seller.id)[Account.CUSTOMER_CREDIT] == -500


def test_the_same_command_pays_once(database):
    """A retried command has its key and changes nothing."""
    world = make_world([CREDIT])
    publish(world, make_order(world))
    key = new_id()
    assert pay(world, 1000, key=key).id == pay(world, 1000, key=key).id
    assert totals(world.seller.id)[Account.BANK] == 1000


@pytest.mark.parametrize("cents", [0, -5, 10**12])
def test_a_payment_that_cannot_be_is_refused(database, cents):
    """Limits on every input: a clear problem, nothing half-written."""
    world = make_world([CREDIT])
    with pytest.raises(service.BadPayment):
        pay(world, cents)
    assert totals(world.seller.id) == {}


def test_cash_in_the_truck_waits_until_the_run_is_settled(database):
    """C29, R084: collected money is pending and in transit; confirmed, it is banked and pays the invoice."""
    world = make_world([CREDIT])
    invoice_id = publish(world, make_order(world))
    due = read_invoice(invoice_id, acting=world.seller.id).total_cents
    payment = collect(world, due, rounding_cents=2)
    assert (payment.state, standing(world, invoice_id)[0]) == (PaymentState.PENDING, Standing.TO_PAY)
    assert totals(world.seller.id)[Account.IN_TRANSIT] == due + 2
    confirmed = change(world, service.confirm_payment, payment.id)
    booked = totals(world.seller.id)
    assert confirmed.state is PaymentState.ALLOCATED
    assert standing(world, invoice_id) == (Standing.PAID, 0)
    assert (booked[Account.BANK], booked[Account.CASH_ROUNDING]) == (due + 2, -2)
    assert Account.IN_TRANSIT not in booked
    change(world, service.confirm_payment, payment.id)
    assert totals(world.seller.id) == booked


def test_a_failed_payment_leaves_what_was_open_before(database):
    """Laws 13 and 15: its allocations are undone exactly, whether it was confirmed or not."""
    world = make_world([CREDIT])
    invoice_id = publish(world, make_order(world))
    before = (totals(world.seller.id), standing(world, invoice_id))
    for confirm in (False, True):
        payment = collect(world, 5000)
        if confirm:
            change(world, service.confirm_payment, payment.id)
        change(world, service.fail_payment, payment.id)
        assert (totals(world.seller.id), standing(world, invoice_id)) == before
        with pytest.raises(IllegalMove):
            change(world, service.confirm_payment, payment.id)


def test_voiding_a_paid_invoice_frees_its_payments(database):
    """Section 4, publiée → annulée: payments are the customer's credit again, the invoice is annulled."""
    world = make_world([CREDIT])
    invoice_id = publish(world, make_order(world))
    total = read_invoice(invoice_id, acting=world.seller.id).total_cents
    payment_id = pay(world, total).id
    with transaction(acting=world.seller.id) as session:
        invoice = billing_read.invoice(session, invoice_id=invoice_id)
        note = billing.void_invoice(session, invoice=invoice, reason=REASON, stamp=stamp(LATER))
        billing.publish_pending(session, stamp=stamp(LATER))
    with transaction(acting=world.seller.id) as session:
        assert session.get_one(Payment, payment_id).state is PaymentState.SUCCEEDED
    assert note.total_cents == total
    assert standing(world, invoice_id) == (Standing.ANNULLED, 0)
    assert balance(world) == -total


def test_an_invoice_is_overdue_after_its_due_date(database):
    """Section 4: en souffrance is derived from the due date, never stored."""
    world = make_world([CREDIT])
    invoice_id = publish(world, make_order(world))
    due_on = read_invoice(invoice_id, acting=world.seller.id).due_on
    assert standing(world, invoice_id, on=due_on)[0] is Standing.TO_PAY
    assert standing(world, invoice_id, on=date.fromordinal(due_on.toordinal() + 1))[0] is Standing.OVERDUE


def test_a_credit_never_gives_more_than_it_holds_or_is_open(database):
    """Laws 11 and 12: over-allocation, another customer's or another seller's invoice are refused."""
    world = make_world([CREDIT, CREDIT], buyers=2)
    order_id = make_order(world)
    pay(world, read_invoice(publish(world, order_id), acting=world.seller.id).total_cents)
    credit = short_day(world, order_id, {1: Counted(3, lost=1)}).credit
    strangers = [
        publish(world, make_order(world, buyer=world.buyers[1])),
        publish(world, make_order(world, seller=world.sellers[1])),
    ]
    for invoice_id in strangers:
        with transaction(acting=world.carrier_id) as session:
            with acting_for(session, world.seller.id):
                note = billing_read.credit_note(session, credit_id=credit.id)
            invoice = billing_read.invoice(session, invoice_id=invoice_id)
            with pytest.raises(service.NotOneAccount):
                service.allocate_credit(session, credit=note, invoice=invoice, amount_cents=1, stamp=stamp(LATER))


def test_a_credit_is_set_against_a_chosen_invoice_within_its_limits(database):
    """R082, law 11: by hand, a part of a waiting credit goes to an older open invoice; one cent too many is refused."""
    world = make_world([CREDIT])
    order_id = make_order(world)
    total = read_invoice(publish(world, order_id), acting=world.seller.id).total_cents
    pay(world, total)
    other_id = publish(world, make_order(world))
    credit = short_day(world, order_id, {1: Counted(3, lost=1)}).credit
    with transaction(acting=world.seller.id) as session:
        note = billing_read.credit_note(session, credit_id=credit.id)
        other = billing_read.invoice(session, invoice_id=other_id)
        with pytest.raises(OverAllocated):
            service.allocate_credit(
                session, credit=note, invoice=other, amount_cents=note.total_cents + 1, stamp=stamp(LATER)
            )
        made = service.allocate_credit(
            session, credit=note, invoice=other, amount_cents=note.total_cents, stamp=stamp(LATER)
        )
        assert service.open_amount(session, invoice=other) == other.total_cents - note.total_cents
        undone = undo_allocation(
            session, allocation=made, customer_id=note.buyer_id, currency="CAD", on=LATER.date(), stamp=stamp(LATER)
        )
        session.flush()
        assert service.open_amount(session, invoice=other) == other.total_cents
        with pytest.raises(AlreadyUndone):
            undo_allocation(
                session, allocation=undone, customer_id=note.buyer_id, currency="CAD", on=LATER.date(), stamp=stamp()
            )


def test_what_is_received_is_what_the_books_hold(database):
    """Law 7: the customer's receivable is the sum of open invoices less open credits."""
    world = make_world([CREDIT])
    order_ids = [make_order(world, cases=cases) for cases in (1, 2, 3)]
    invoice_ids = [publish(world, order_id) for order_id in order_ids]
    pay(world, 3000)
    short_day(world, order_ids[1], {1: Counted(1, lost=1)})
    still = sum(standing(world, invoice_id)[1] for invoice_id in invoice_ids)
    notes = [note for invoice_id in invoice_ids for note in credits_on(invoice_id, acting=world.seller.id)]
    waiting = sum(note.total_cents for note in notes) - sum(
        cents for source, _, cents in allocations(world.seller.id) if source in {note.id for note in notes}
    )
    assert totals(world.seller.id)[Account.RECEIVABLE] == still - waiting
    with transaction(acting=world.buyer.id) as session:
        assert session.scalars(select(Payment)).all() != []
