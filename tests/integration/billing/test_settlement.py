"""A delivery meets its invoice: each policy, each standing of the invoice, each way of being short."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal

import pytest
from sqlalchemy import select

from server.billing.drafting import priced_of
from server.billing.model import CreditKind, InvoiceState
from server.core.acting import acting_for
from server.core.facts import Fact
from server.core.transaction import transaction
from server.delivery.model import Terms
from server.delivery.service import read_terms
from server.ledger.model import Account
from server.orders import queries as orders_read
from server.orders import service as orders
from server.parties.model import BillingType, DeliverWith, Emission
from server.parties.terms import ChosenTerms
from shared.pricing import price_order
from shared.states import BillingState, CreditState
from tests.factories.billing import (
    Counted,
    credits_on,
    deliver,
    entry_sums,
    freeze,
    live_invoice_of,
    make_provisional,
    publish,
    read_invoice,
    settle,
    short_day,
    totals,
)
from tests.factories.world import (
    ADJUST,
    AGENT,
    CREDIT,
    EXTERNAL,
    Deal,
    items_of,
    make_order,
    make_world,
    read_order,
    stamp,
)

CASE, KEG = 4250, 18900
FULL = {}
SHORT = {1: Counted(3, lost=1, reason="breakage")}
NOTHING = {1: Counted(0, returned=4), 2: Counted(0, returned=1)}
EXTRA = {1: Counted(4, extra=2)}
SHORT_AND_EXTRA = {1: Counted(3, not_shipped=1), 2: Counted(1, extra=1)}
AGENT_CREDIT = Deal(billing_type=BillingType.AGENT, settlement_policy=CREDIT.settlement_policy)
PO = Deal(deliver_with=DeliverWith.PO, emission=Emission.ON_DELIVERED)
PO_ACCEPTED = Deal(deliver_with=DeliverWith.PO, emission=Emission.ON_ACCEPT)
PO_PAPERS = Deal(deliver_with=DeliverWith.PO, emission=Emission.ON_RUN_DOCUMENTS)
PO_MANUAL = Deal(deliver_with=DeliverWith.PO, emission=Emission.MANUAL)
THRESHOLD = Deal(settlement_policy=CREDIT.settlement_policy, credit_threshold_cents=2000)


@dataclass(frozen=True)
class Case:
    """One way of a delivery and what it comes to; ``billed`` and ``credited`` are nets in cents."""

    name: str
    deal: Deal
    standing: str
    counted: dict
    kind: str
    billed: int = 0
    credited: int = 0
    extras: dict = field(default_factory=dict)
    variance: bool = False


WHOLE = 4 * CASE + KEG
CASES = [
    Case("provisional, full", ADJUST, "provisional", FULL, "invoice", billed=WHOLE),
    Case("provisional, short", ADJUST, "provisional", SHORT, "invoice", billed=WHOLE - CASE),
    Case("provisional, nothing", ADJUST, "provisional", NOTHING, "dropped"),
    Case("provisional, extra", ADJUST, "provisional", EXTRA, "invoice", billed=WHOLE, extras={1: 2}),
    Case("provisional, both", ADJUST, "provisional", SHORT_AND_EXTRA, "invoice", billed=WHOLE - CASE, extras={2: 1}),
    Case("none, full", ADJUST, "none", FULL, "invoice", billed=WHOLE),
    Case("none, short", ADJUST, "none", SHORT, "invoice", billed=WHOLE - CASE),
    Case("none, nothing", ADJUST, "none", NOTHING, "none"),
    Case("published under adjust, short", ADJUST, "published", SHORT, "credit", billed=WHOLE, credited=CASE),
    Case("published, full", CREDIT, "published", FULL, "none", billed=WHOLE),
    Case("published, short", CREDIT, "published", SHORT, "credit", billed=WHOLE, credited=CASE),
    Case("published, nothing", CREDIT, "published", NOTHING, "credit", billed=WHOLE, credited=WHOLE),
    Case("published, extra", CREDIT, "published", EXTRA, "none", billed=WHOLE, extras={1: 2}),
    Case("published, both", CREDIT, "published", SHORT_AND_EXTRA, "credit", billed=WHOLE, credited=CASE, extras={2: 1}),
    Case("above the threshold", THRESHOLD, "published", SHORT, "credit_pending", billed=WHOLE, credited=CASE),
    Case("order only, invoiced when delivered", PO, "none", SHORT, "invoice", billed=WHOLE - CASE),
    Case("order only, nothing delivered", PO, "none", NOTHING, "none"),
    Case("order only, invoice at acceptance gone", PO_ACCEPTED, "none", SHORT, "invoice", billed=WHOLE - CASE),
    Case("order only, no papers to invoice with", PO_PAPERS, "none", SHORT, "invoice", billed=WHOLE - CASE),
    Case("order only, invoiced by hand", PO_MANUAL, "none", SHORT, "none"),
    Case("order only, already invoiced", PO, "published", SHORT, "credit", billed=WHOLE, credited=CASE),
    Case("external, full", EXTERNAL, "none", FULL, "none"),
    Case("external, short", EXTERNAL, "none", SHORT, "none", variance=True),
    Case("external, nothing", EXTERNAL, "none", NOTHING, "none", variance=True),
    Case("external, extra", EXTERNAL, "none", EXTRA, "none", extras={1: 2}),
    Case("agent, short", AGENT, "provisional", SHORT, "invoice", billed=WHOLE - CASE),
    Case("agent, published, short", AGENT_CREDIT, "published", SHORT, "credit", billed=WHOLE, credited=CASE),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_a_delivery_does(database, case):
    """R007, R016, R017, R023, R024; C1, C2, C12, C14, C27: kind, amounts, books and the order, case by case."""
    world = make_world([case.deal])
    order_id = make_order(world, cases=4, kegs=1)
    issuer_id = read_order(order_id, acting=world.seller.id).issuer_id
    if case.standing == "provisional":
        make_provisional(world, order_id)
    elif case.standing == "published":
        publish(world, order_id)
    settlement = short_day(world, order_id, case.counted)
    order = read_order(order_id, acting=world.seller.id)
    by_position = {str(line.id): line.position for line in order.lines}
    assert (settlement.kind, settlement.variance, settlement.differences) == (case.kind, case.variance, ())
    assert {by_position[line]: units for line, units in settlement.supplement_lines.items()} == case.extras
    booked = totals(issuer_id)
    issued_cents = 0 if case.kind == "credit_pending" else case.credited
    revenue = -(
        booked.get(Account.REVENUE, 0) + booked.get(Account.PRODUCER_PAYABLE, 0) + booked.get(Account.AGENT_FEE, 0)
    )
    assert revenue == case.billed - issued_cents
    assert set(entry_sums(issuer_id)) <= {0}
    if settlement.credit:
        assert settlement.credit.net_cents == case.credited
    is_billed = case.billed and case.counted is not NOTHING
    assert order.billing_state is (BillingState.SETTLED if is_billed else BillingState.UNINVOICED)


def test_a_provisional_invoice_is_published_with_what_was_delivered(database):
    """R016, C1: the reference gets revision 2, then a number; the prior revision is kept, both readable."""
    world = make_world([ADJUST])
    order_id = make_order(world, cases=4, kegs=1)
    provisional_id = make_provisional(world, order_id)
    before = read_invoice(provisional_id, acting=world.seller.id)
    short_day(world, order_id, SHORT)
    invoice = read_invoice(provisional_id, acting=world.seller.id)
    assert (before.reference, before.number, before.hash) == (f"P-{_number(order_id, world)}-1", "", None)
    assert (invoice.reference, invoice.number) == (f"P-{_number(order_id, world)}-2", "BR1-2026-000001")
    assert [line.quantity for line in before.lines] == [4, 1]
    assert [line.quantity for line in invoice.lines] == [3, 1]
    assert invoice.tax_on.isoformat() == "2026-11-19"
    assert invoice.due_on.isoformat() == "2026-12-19"


@pytest.mark.parametrize(
    ("change", "counted"),
    [({"discount_cents": 500}, FULL), ({"quantity": 5}, {1: Counted(4, not_shipped=1)})],
    ids=["another discount", "one more ordered, one missing"],
)
def test_as_many_units_as_printed_come_to_what_was_signed(database, change, counted):
    """R016, C1: an order that changed after its papers is billed by the terms that were signed, not by the papers."""
    world = make_world([ADJUST])
    case, keg = items_of(world.seller, cases=4, kegs=1)
    order_id = make_order(world, items=[replace(case, discount_cents=125), keg])
    provisional_id = make_provisional(world, order_id)
    with transaction(acting=world.seller.id) as session:
        order = orders_read.order(session, order_id=order_id)
        same = [
            orders.OrderItem(line_id=line.id, quantity=line.quantity, discount_cents=line.discount_cents)
            for line in order.lines
        ]
        orders.revise(session, order=order, items=[replace(same[0], **change), *same[1:]], stamp=stamp())
    terms_id = freeze(world, order_id)
    settlement = settle(world, deliver(world, order_id, terms_id, counted))
    assert (settlement.kind, settlement.invoice.id) == ("invoice", provisional_id)
    with transaction(acting=world.carrier_id) as session:
        goods, prices = read_terms(session.get_one(Terms, terms_id))
    first, second = (line.line_id for line in goods.lines)
    signed = price_order(goods, prices, {first: 4, second: 1})
    invoice = read_invoice(provisional_id, acting=world.seller.id)
    assert priced_of(invoice) == signed
    assert (invoice.total_cents, invoice.tax_cents) == (signed.total_cents, signed.tax_cents)


def test_what_comes_to_the_same_is_printed_as_it_was_signed(database):
    """R016, T6: 4 at 42.50 less 1.25 and 4 at 43.00 less 3.25 are 168.75; the invoice says which was signed."""
    world = make_world([ADJUST])
    case, keg = items_of(world.seller, cases=4, kegs=1)
    order_id = make_order(world, items=[replace(case, discount_cents=125), keg])
    provisional_id = make_provisional(world, order_id)
    with transaction(acting=world.seller.id) as session:
        order = orders_read.order(session, order_id=order_id)
        first, second = (
            orders.OrderItem(line_id=line.id, quantity=line.quantity, discount_cents=line.discount_cents)
            for line in order.lines
        )
        dearer = replace(first, unit_price=Decimal("43.0000"), discount_cents=325)
        orders.revise(session, order=order, items=[dearer, second], stamp=stamp())
    before = read_invoice(provisional_id, acting=world.seller.id)
    settlement = settle(world, deliver(world, order_id, freeze(world, order_id), {}))
    assert settlement.invoice.id == provisional_id
    invoice = read_invoice(provisional_id, acting=world.seller.id)
    assert (invoice.total_cents, invoice.revision) == (before.total_cents, before.revision + 1)
    assert next((line.unit_price, line.discount_cents) for line in invoice.lines) == (Decimal("43.0000"), 325)


def test_what_is_printed_as_it_was_signed_keeps_its_revision(database):
    """R016, C1: a provisional invoice of all that was delivered is published as it was printed."""
    world = make_world([ADJUST])
    order_id = make_order(world, cases=4, kegs=1)
    provisional_id = make_provisional(world, order_id)
    settle(world, deliver(world, order_id, freeze(world, order_id), {}))
    assert read_invoice(provisional_id, acting=world.seller.id).revision == 1


def test_a_published_invoice_never_changes(database):
    """R017: after a shortage the invoice has the hash it had; the credit note names it and its reason."""
    world = make_world([CREDIT])
    order_id = make_order(world, cases=4, kegs=1)
    invoice_id = publish(world, order_id)
    before = read_invoice(invoice_id, acting=world.seller.id)
    short_day(world, order_id, SHORT)
    after = read_invoice(invoice_id, acting=world.seller.id)
    [note] = credits_on(invoice_id, acting=world.seller.id)
    assert (after.hash, after.total_cents, after.number) == (before.hash, before.total_cents, before.number)
    assert (note.number, note.deposit_cents, note.kind) == ("BR1-NC-2026-000001", 240, CreditKind.ITEMS)
    assert (note.reason_fr, note.lines[0].reason) == ("Quantités non livrées", "breakage")
    assert note.parties_text["invoice"]["number"] == before.number


def test_settling_the_same_delivery_again_changes_nothing(database):
    """Replays yield zero: one invoice or one credit, whatever the policy."""
    for deal, standing in ((ADJUST, make_provisional), (CREDIT, publish)):
        world = make_world([deal])
        order_id = make_order(world)
        standing(world, order_id)
        delivery_id = deliver(world, order_id, freeze(world, order_id), SHORT)
        first = settle(world, delivery_id)
        booked = totals(world.seller.id)
        again = settle(world, delivery_id)
        assert (again.kind, again.differences) == (first.kind, ())
        assert (again.invoice.id, again.credit and again.credit.id) == (
            first.invoice.id,
            first.credit and first.credit.id,
        )
        assert totals(world.seller.id) == booked


def test_an_undelivered_order_opens_for_a_new_invoice(database):
    """C27: its published invoice is credited in full; the next download publishes another under a new number."""
    world = make_world([CREDIT])
    order_id = make_order(world)
    first_id = publish(world, order_id)
    settlement = short_day(world, order_id, NOTHING)
    second_id = publish(world, order_id)
    second = read_invoice(second_id, acting=world.seller.id)
    assert settlement.credit.kind is CreditKind.VOID
    assert settlement.credit.total_cents == read_invoice(first_id, acting=world.seller.id).total_cents
    assert (second_id != first_id, second.number) == (True, "BR1-2026-000002")


def test_a_pending_void_keeps_the_invoice_until_somebody_approves(database):
    """C12, C27: above the threshold nothing is freed by the delivery alone."""
    world = make_world([THRESHOLD])
    order_id = make_order(world)
    invoice_id = publish(world, order_id)
    settlement = short_day(world, order_id, NOTHING)
    assert (settlement.kind, settlement.credit.state, settlement.credit.number) == (
        "credit_pending",
        CreditState.PROPOSED,
        "",
    )
    assert live_invoice_of(order_id, acting=world.seller.id).id == invoice_id


def test_the_next_delivery_credits_what_is_newly_short(database):
    """T5: with terms frozen after a first credit, the second takes the rest of the line."""
    world = make_world([CREDIT])
    order_id = make_order(world, cases=4, kegs=0)
    invoice_id = publish(world, order_id)
    short_day(world, order_id, {1: Counted(3, lost=1)})
    settlement = short_day(world, order_id, {1: Counted(2, lost=2)})
    assert settlement.kind == "credit"
    assert sum(note.net_cents for note in credits_on(invoice_id, acting=world.seller.id)) == 2 * CASE


def test_agent_billing_keeps_the_producers_share_apart(database):
    """Law 34, R011, C28: the agent issues; the producer is owed the net less the fee, credits included."""
    world = make_world([AGENT_CREDIT])
    order_id = make_order(world, cases=4, kegs=1)
    invoice_id = publish(world, order_id)
    invoice = read_invoice(invoice_id, acting=world.seller.id)
    short_day(world, order_id, SHORT)
    [note] = credits_on(invoice_id, acting=world.carrier_id)
    booked = totals(world.carrier_id)
    assert (invoice.number, invoice.owner_id) == ("DMR-2026-000001", world.carrier_id)
    assert invoice.parties_text["issuer"]["name"] == "Distribution Mont-Royal"
    assert booked[Account.AGENT_FEE] == -(1795 - note.agent_fee_cents)
    assert booked[Account.PRODUCER_PAYABLE] == -(WHOLE - CASE) + 1795 - note.agent_fee_cents
    assert Account.REVENUE not in booked
    assert totals(world.seller.id) == {}


def test_each_side_of_the_settlement_is_a_fact_of_its_owner(database):
    """Architecture: published and credited are facts of the issuer, readable by the order's parties."""
    world = make_world([CREDIT])
    order_id = make_order(world)
    publish(world, order_id)
    short_day(world, order_id, SHORT)
    with transaction(acting=world.buyer.id) as session, acting_for(session, world.buyer.id):
        names = set(session.scalars(select(Fact.name).where(Fact.owner_id == world.seller.id)))
    assert {"invoice.published", "credit.issued"} <= names


def test_a_dropped_invoice_is_gone_for_good(database):
    """Section 4: provisoire → annulée has no number to explain; the next run makes another with a new reference id."""
    world = make_world([ADJUST])
    order_id = make_order(world)
    first_id = make_provisional(world, order_id)
    short_day(world, order_id, NOTHING)
    assert read_invoice(first_id, acting=world.seller.id).state is InvoiceState.DROPPED
    assert make_provisional(world, order_id) != first_id


def test_terms_chosen_for_one_order_win(database):
    """C2: an order that is to go with a purchase order gets its invoice at delivery, though its supplier adjusts."""
    world = make_world([ADJUST])
    chosen = ChosenTerms(deliver_with=DeliverWith.PO, emission=Emission.ON_DELIVERED)
    order_id = make_order(world, chosen=chosen)
    settlement = short_day(world, order_id, SHORT)
    assert (settlement.kind, settlement.invoice.net_cents) == ("invoice", WHOLE - CASE)


def _number(order_id, world) -> str:
    return read_order(order_id, acting=world.seller.id).number
