"""Laws of the books, from priced documents alone: what is posted, credited and paid always sums up."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from server.billing.crediting import agent_fee_cents, fee_part_cents
from server.billing.drafting import Bill, draft_invoice, priced_of, tax_rows
from server.billing.model import CreditNote, Invoice, InvoiceKind
from server.ledger.entries import (
    Billed,
    Producer,
    Received,
    allocation_sides,
    banked_sides,
    credit_sides,
    invoice_sides,
    payment_sides,
    reversed_sides,
)
from server.ledger.model import Account, AllocationSource
from server.orders.model import Order
from server.parties.model import BillingType
from shared.ids import new_id
from shared.money import cash_rounding
from shared.pricing import credit_of
from shared.states import InvoiceState
from tests.factories.terms import LineTermsDraft, cans, keg, make_terms
from tests.factories.world import stamp

CENTS = st.integers(0, 10**9)
AMOUNTS = st.dictionaries(st.sampled_from(["gst", "qst", "hst"]), CENTS, max_size=3)


@st.composite
def billed(draw) -> Billed:
    net_cents = draw(CENTS)
    producer = draw(st.none() | st.builds(Producer, st.just(new_id()), st.integers(0, net_cents)))
    return Billed(
        document_id=new_id(),
        customer_id=new_id(),
        currency="CAD",
        net_cents=net_cents,
        taxes=draw(AMOUNTS),
        deposits=draw(st.dictionaries(st.sampled_from(["can_public", "keg_50l"]), CENTS, max_size=2)),
        producer=producer,
    )


@st.composite
def bills(draw) -> Bill:
    """Up to five lines with prices of four decimals, discounts and deposits, some of them taxable."""
    lines = [
        LineTermsDraft(
            name=str(at),
            quantity=draw(st.integers(1, 60)),
            unit_price=f"{draw(st.integers(0, 400_000)) / 10_000:.4f}",
            deposits=draw(st.sampled_from([(), (cans(),), (keg(taxable=True),)])),
        )
        for at in range(draw(st.integers(1, 5)))
    ]
    return Bill.of(*make_terms(*lines))


def an_order(bill: Bill, *, billing_type: BillingType = BillingType.PLATFORM) -> Order:
    return Order(
        id=UUID(bill.goods.order_id),
        owner_id=UUID(bill.goods.seller_id),
        party_ids=[UUID(bill.goods.buyer_id)],
        buyer_id=UUID(bill.goods.buyer_id),
        billing_type=billing_type,
        currency="CAD",
        net_days=30,
        number="C-1",
    )


def an_invoice(bill: Bill) -> Invoice:
    order = an_order(bill)
    state = InvoiceState.DRAFT
    return draft_invoice(order=order, issuer_id=order.owner_id, bill=bill, state=state, stamp=stamp())


@given(billed())
def test_an_invoice_and_its_credit_post_to_nothing(amounts):
    """Laws 1 and 10: each entry sums to zero, and an invoice credited whole leaves every account as it was."""
    invoice, credit = invoice_sides(amounts), credit_sides(amounts)
    assert sum(side.amount_cents for side in invoice) == sum(side.amount_cents for side in credit) == 0
    left = Counter()
    for side in (*invoice, *credit):
        left[side.account, side.detail] += side.amount_cents
    assert set(left.values()) <= {0}


@given(billed())
def test_agent_billing_splits_the_net_and_nothing_else(amounts):
    """Law 34: the producer's share and the agent's fee are the net; taxes and deposits are the issuer's."""
    sides = invoice_sides(amounts)
    net = {Account.REVENUE, Account.PRODUCER_PAYABLE, Account.AGENT_FEE}
    assert -sum(side.amount_cents for side in sides if side.account in net) == amounts.net_cents
    if amounts.producer:
        assert not any(side.account is Account.REVENUE for side in sides)


@given(CENTS, st.booleans())
def test_a_payment_and_its_failure_post_to_nothing(cents, in_cash):
    """Laws 1, 13, 15, T7: with the cash rounding of five cents or without, banked or not, undone exactly."""
    rounding = cash_rounding(cents) if in_cash else 0
    received = Received(
        payment_id=new_id(), customer_id=new_id(), currency="CAD", amount_cents=cents, rounding_cents=rounding
    )
    paid = payment_sides(received, into=Account.IN_TRANSIT)
    assert sum(side.amount_cents for side in paid) == 0
    assert sum(side.amount_cents for side in banked_sides(received)) == 0
    assert received.cash_cents % 5 == 0 or not in_cash
    undone = Counter()
    for side in (*paid, *reversed_sides(paid)):
        undone[side.account, side.detail] += side.amount_cents
    assert set(undone.values()) <= {0}


@given(CENTS, st.sampled_from(AllocationSource))
def test_an_allocation_moves_between_two_documents(cents, source):
    """Laws 1 and 7: what the source gives is what the invoice gets."""
    source_id, invoice_id = new_id(), new_id()
    sides = allocation_sides(
        source=source, source_id=source_id, invoice_id=invoice_id, customer_id=new_id(), amount_cents=cents
    )
    assert {side.detail: side.amount_cents for side in sides} == {str(source_id): cents, str(invoice_id): -cents}


@given(bills())
def test_an_invoice_s_rows_are_the_priced_document(bill):
    """Laws 3 and 4, T6: rows written and read again are the very same document, so credits share the same amounts."""
    invoice = an_invoice(bill)
    assert priced_of(invoice) == bill.priced
    assert invoice.total_cents == invoice.net_cents + invoice.tax_cents + invoice.deposit_cents
    for row in invoice.taxes:
        shares = [line.taxes.get(row["code"], 0) + line.deposit_taxes.get(row["code"], 0) for line in invoice.lines]
        assert sum(shares) == row["amount_cents"]


@given(bills())
def test_a_line_prints_as_it_is_counted(bill):
    """T1: what stands on the line, quantity × unit price − discounts, is its net to the cent."""
    for line in an_invoice(bill).lines:
        exact = line.quantity * line.unit_price * 100 - line.discount_cents - line.document_discount_cents
        assert abs(exact - line.net_cents) <= 0.5


@given(bills(), st.data())
def test_any_split_of_credits_posts_back_exactly_the_invoice(bill, data):
    """Laws 8, 9, 10: partial credits in any sizes sum to the invoice in net, deposits and every tax."""
    invoice = an_invoice(bill)
    whole = priced_of(invoice)
    already = dict.fromkeys((line.line_id for line in whole.lines), 0)
    total, rows = Counter(), Counter()
    while any(already[line.line_id] < line.quantity for line in whole.lines):
        crediting = {
            line.line_id: data.draw(st.integers(0, line.quantity - already[line.line_id])) for line in whole.lines
        }
        if not any(crediting.values()):
            crediting = {line.line_id: line.quantity - already[line.line_id] for line in whole.lines}
        part = credit_of(whole, already=already, crediting=crediting)
        assert min((part.net_cents, part.deposits_cents, *part.taxes.values())) >= 0
        total.update({"net": part.net_cents, "deposits": part.deposits_cents})
        rows.update({row["code"]: row["amount_cents"] for row in tax_rows(part, bill.prices.taxes)})
        already = {line_id: units + crediting.get(line_id, 0) for line_id, units in already.items()}
    assert (total["net"], total["deposits"]) == (whole.net_cents, whole.deposits_cents)
    assert {code: cents for code, cents in rows.items() if cents} == {c: v for c, v in whole.taxes.items() if v}


@given(st.integers(0, 10**7), st.integers(0, 10_000), st.lists(st.integers(1, 10**6), max_size=6))
def test_the_agents_fee_comes_back_whole_with_the_last_credit(net_cents, fee_bp, cuts):
    """Law 34: whatever the split, the fee of the net that stays is what stays, and of the whole net nothing."""
    fee_cents = agent_fee_cents(net_cents, fee_bp)
    invoice = Invoice(kind=InvoiceKind.AGENT, net_cents=net_cents, agent_fee_cents=fee_cents, agent_fee_bp=fee_bp)
    earlier: list[CreditNote] = []
    left = net_cents
    for cut in [*cuts, net_cents]:
        part = min(cut, left)
        given_cents = fee_part_cents(invoice, part, earlier)
        assert given_cents >= 0
        earlier.append(CreditNote(net_cents=part, agent_fee_cents=given_cents))
        left -= part
        assert fee_cents - sum(note.agent_fee_cents for note in earlier) == agent_fee_cents(left, fee_bp)
    assert sum(note.agent_fee_cents for note in earlier) == (invoice.agent_fee_cents if net_cents else 0)
