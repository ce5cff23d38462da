"""Credit notes: proposed, approved, refused, in parts, in full, and for containers that came back."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from sqlalchemy import text

from server.billing import queries
from server.billing import service as billing
from server.billing.model import CreditKind
from server.core.transaction import transaction
from server.delivery.model import ContainerReturn
from server.delivery.service import Handover
from server.ledger.model import Account
from server.orders import queries as orders
from server.parties import service as parties
from server.receivables.audit import book_faults
from shared.ids import new_id
from shared.lifecycle import IllegalMove
from shared.pricing import credit_of
from shared.problems import Text
from shared.states import BillingState, CreditState
from tests.factories.billing import (
    Counted,
    allocations,
    credits_on,
    live_invoice_of,
    make_provisional,
    publish,
    read_invoice,
    short_day,
    totals,
)
from tests.factories.world import ADJUST, AGENT, CREDIT, NOW, Deal, make_order, make_world, read_order, stamp

REASON = Text("Bris constaté après la livraison", "Breakage found after the delivery")
UNREGISTERED = Deal(registered=False)
THRESHOLD = Deal(settlement_policy=CREDIT.settlement_policy, credit_threshold_cents=2000)


def credit(world, invoice_id, quantities, *, cause_id=None, reason=REASON, acting=None):
    with transaction(acting=acting or world.seller.id) as session:
        invoice = queries.invoice(session, invoice_id=invoice_id)
        taken = queries.credited_quantities(session, invoice_id=invoice_id)
        already = {str(line.order_line_id): taken.get(line.id, 0) for line in invoice.lines}
        wanted = {str(line.order_line_id): quantities.get(line.position, 0) for line in invoice.lines}
        note = billing.issue_credit(
            session,
            invoice=invoice,
            credited=credit_of(billing.priced_of(invoice), already=already, crediting=wanted),
            cause_kind="user",
            cause_id=cause_id or new_id(),
            reason=reason,
            stamp=stamp(),
        )
        billing.publish_pending(session, stamp=stamp())
        return note


def decide(world, verb, credit_id):
    with transaction(acting=world.seller.id) as session:
        note = verb(session, credit=queries.credit_note(session, credit_id=credit_id), stamp=stamp())
        billing.publish_pending(session, stamp=stamp())
        return note


def faults(issuer_id):
    with transaction(acting=issuer_id) as session:
        return [fault.kind for fault in book_faults(session, issuer_id=issuer_id)]


@pytest.mark.parametrize("deal", [CREDIT, AGENT], ids=["seller", "agent"])
def test_any_split_of_credits_ends_at_nothing(database, deal):
    """Laws 8, 9, 10, 34: random partial credits of every unit leave 0 in revenue, taxes, deposits, fee and payable."""
    world = make_world([deal])
    invoice_id = publish(world, make_order(world, cases=7, kegs=3))
    issuer_id = read_invoice(invoice_id, acting=world.seller.id).owner_id
    chance = random.Random(7)
    left = {1: 7, 2: 3}
    while any(left.values()):
        part = {position: chance.randint(0, units) for position, units in left.items()}
        if any(part.values()):
            credit(world, invoice_id, part, acting=issuer_id)
            left = {position: units - part[position] for position, units in left.items()}
    invoice = read_invoice(invoice_id, acting=issuer_id)
    notes = credits_on(invoice_id, acting=issuer_id)
    assert sum(note.total_cents for note in notes) == invoice.total_cents
    assert sum(note.agent_fee_cents for note in notes) == invoice.agent_fee_cents
    assert totals(issuer_id) == {}
    assert faults(issuer_id) == []


def test_more_than_is_left_is_refused(database):
    """Law 8: the fifth case of four is not credited, whoever asks, and nothing is written."""
    world = make_world([CREDIT])
    invoice_id = publish(world, make_order(world, cases=4, kegs=0))
    first = credit(world, invoice_id, {1: 3})
    with transaction(acting=world.seller.id) as session:
        invoice = queries.invoice(session, invoice_id=invoice_id)
        whole = billing.priced_of(invoice)
        with pytest.raises(billing.CreditTooLarge) as refused:
            billing.issue_credit(
                session,
                invoice=invoice,
                credited=whole,
                cause_kind="user",
                cause_id=new_id(),
                reason=REASON,
                stamp=stamp(),
            )
    assert "4 unités" in refused.value.detail.fr
    assert [note.id for note in credits_on(invoice_id, acting=world.seller.id)] == [first.id]


def test_one_cause_makes_one_credit(database):
    """Idempotence: the same command or delivery gives the same note with the same number."""
    world = make_world([CREDIT])
    invoice_id = publish(world, make_order(world))
    cause_id = new_id()
    first = credit(world, invoice_id, {1: 1}, cause_id=cause_id)
    again = credit(world, invoice_id, {1: 1}, cause_id=cause_id)
    assert (first.id, first.number) == (again.id, again.number)
    assert len(credits_on(invoice_id, acting=world.seller.id)) == 1


def test_a_credit_says_why(database):
    """R095: an empty reason is refused."""
    world = make_world([CREDIT])
    invoice_id = publish(world, make_order(world))
    with pytest.raises(billing.ReasonMissing):
        credit(world, invoice_id, {1: 1}, reason=Text(" ", ""))


def test_a_provisional_invoice_is_not_credited(database):
    """C1: what has no number is adjusted or dropped."""
    world = make_world([ADJUST])
    invoice_id = make_provisional(world, make_order(world))
    with pytest.raises(billing.NotPublished):
        credit(world, invoice_id, {1: 1})


def test_an_approved_credit_is_issued_with_a_number(database):
    """C12: above the threshold somebody approves; then it is numbered, posted and applied."""
    world = make_world([THRESHOLD])
    order_id = make_order(world)
    invoice_id = publish(world, order_id)
    proposed = short_day(world, order_id, {1: Counted(3, lost=1)}).credit
    open_before = totals(world.seller.id)[Account.RECEIVABLE]
    issued = decide(world, billing.approve_credit, proposed.id)
    assert (issued.state, issued.number) == (CreditState.ISSUED, "BR1-NC-2026-000001")
    assert totals(world.seller.id)[Account.RECEIVABLE] == open_before - issued.total_cents
    with pytest.raises(IllegalMove):
        decide(world, billing.approve_credit, proposed.id)
    assert live_invoice_of(order_id, acting=world.seller.id).id == invoice_id


def test_an_approved_void_opens_the_order(database):
    """C27: an undelivered order above the threshold opens for a new invoice when its credit is approved."""
    world = make_world([THRESHOLD])
    order_id = make_order(world)
    publish(world, order_id)
    proposed = short_day(world, order_id, {1: Counted(0, returned=4), 2: Counted(0, returned=1)}).credit
    decide(world, billing.approve_credit, proposed.id)
    assert live_invoice_of(order_id, acting=world.seller.id) is None
    assert read_order(order_id, acting=world.seller.id).billing_state is BillingState.UNINVOICED


def test_a_refused_credit_frees_what_it_would_have_taken(database):
    """Section 4, proposée → refusée: no number, no posting; the units can be credited later to the last cent."""
    world = make_world([THRESHOLD])
    order_id = make_order(world, cases=4, kegs=0)
    invoice_id = publish(world, order_id)
    proposed = short_day(world, order_id, {1: Counted(3, lost=1)}).credit
    refused = decide(world, billing.refuse_credit, proposed.id)
    assert (refused.state, refused.number) == (CreditState.REFUSED, "")
    credit(world, invoice_id, {1: 4})
    assert totals(world.seller.id) == {}


def returned(world, *, owner_id, creditor_id, class_code, quantity, unit_cents):
    with transaction(acting=world.carrier_id) as session:
        row = ContainerReturn(
            id=new_id(),
            owner_id=world.carrier_id,
            party_ids=sorted({owner_id, creditor_id, world.buyer.id} - {world.carrier_id}),
            visit_id=new_id(),
            container_owner_id=owner_id,
            creditor_id=creditor_id,
            holder_id=world.buyer.id,
            class_code=class_code,
            quantity=quantity,
            unit_cents=unit_cents,
        )
        session.add(row)
    return row


def give_back(world, issuer_id, rows, visit_id, *, taken_at=NOW):
    with transaction(acting=world.carrier_id) as session:
        note = billing.issue_deposit_credit(
            session,
            issuer_id=issuer_id,
            at=Handover(keeper_id=world.carrier_id, buyer_id=world.buyer.id, visit_id=visit_id),
            returns=rows,
            taken_at=taken_at,
            stamp=stamp(),
        )
        billing.publish_pending(session, stamp=stamp())
        return note


def test_empties_are_credited_once_by_each_issuer(database):
    """R081, C30, law 21: one note for each issuer and visit, at the price that the signer saw, untaxed."""
    world = make_world([CREDIT])
    visit_id = new_id()
    cans = returned(
        world,
        owner_id=world.carrier_id,
        creditor_id=world.carrier_id,
        class_code="can_public",
        quantity=240,
        unit_cents=10,
    )
    kegs = returned(
        world,
        owner_id=world.seller.id,
        creditor_id=world.seller.id,
        class_code="keg_50l",
        quantity=2,
        unit_cents=3000,
    )
    from_carrier = give_back(world, world.carrier_id, [cans], visit_id)
    from_seller = give_back(world, world.seller.id, [kegs], visit_id)
    assert (from_carrier.number, from_carrier.total_cents, from_carrier.tax_cents) == ("DMR-NC-2026-000001", 2400, 0)
    assert (from_seller.number, from_seller.total_cents) == ("BR1-NC-2026-000001", 6000)
    assert from_seller.kind is CreditKind.CONTAINER_DEPOSIT
    assert give_back(world, world.seller.id, [kegs], visit_id).id == from_seller.id
    assert totals(world.seller.id) == {Account.RECEIVABLE: -6000, Account.CONTAINER_DEPOSITS: 6000}
    assert faults(world.seller.id) == faults(world.carrier_id) == []


def test_a_taxable_container_gives_its_taxes_back(database):
    """Law 21: deposits are taxed only if their class is; the note then carries the creditor's taxes."""
    world = make_world([CREDIT])
    with transaction(acting=world.seller.id) as session:
        session.execute(text("UPDATE container_class SET taxable = true WHERE code = 'keg_50l'"))
    kegs = returned(
        world,
        owner_id=world.seller.id,
        creditor_id=world.seller.id,
        class_code="keg_50l",
        quantity=1,
        unit_cents=3000,
    )
    note = give_back(world, world.seller.id, [kegs], new_id())
    assert {row["code"]: row["amount_cents"] for row in note.taxes} == {"gst": 150, "qst": 299}
    assert faults(world.seller.id) == []


def test_empties_bear_the_taxes_of_the_day_that_they_came_back(database):
    """Law 21, T8: a seller that registered while its tablet was out of reach gives back no tax of then."""
    world = make_world([UNREGISTERED])
    with transaction(acting=world.seller.id) as session:
        session.execute(text("UPDATE container_class SET taxable = true WHERE code = 'keg_50l'"))
        parties.register_tax(session, tax_code="gst", number="123452220 RT0001", valid_from=NOW.date(), stamp=stamp())
    kegs = returned(
        world, owner_id=world.seller.id, creditor_id=world.seller.id, class_code="keg_50l", quantity=1, unit_cents=3000
    )
    before = give_back(world, world.seller.id, [kegs], new_id(), taken_at=NOW - timedelta(days=1))
    assert (before.total_cents, before.taxes, before.parties_text["issuer"]["registrations"]) == (3000, [], [])
    assert give_back(world, world.seller.id, [kegs], new_id()).total_cents == 3150


def test_an_unknown_container_is_refused(database):
    """Bad input: a class that its owner does not have names itself; nothing is written."""
    world = make_world([CREDIT])
    odd = returned(
        world, owner_id=world.seller.id, creditor_id=world.seller.id, class_code="crate", quantity=1, unit_cents=500
    )
    with pytest.raises(billing.UnknownContainer) as refused:
        give_back(world, world.seller.id, [odd], new_id())
    assert refused.value.where == "crate"


def test_a_deposit_credit_waits_for_the_next_invoice(database):
    """R083: a credit without invoice is consumed by the customer's next one."""
    world = make_world([CREDIT])
    kegs = returned(
        world, owner_id=world.seller.id, creditor_id=world.seller.id, class_code="keg_50l", quantity=1, unit_cents=3000
    )
    give_back(world, world.seller.id, [kegs], new_id())
    invoice_id = publish(world, make_order(world))
    invoice = read_invoice(invoice_id, acting=world.seller.id)
    assert totals(world.seller.id)[Account.RECEIVABLE] == invoice.total_cents - 3000
    assert faults(world.seller.id) == []


def test_empties_of_a_visit_lower_its_own_invoice(database):
    """R083: deposits credited in the same batch as the visit's invoice are set against it at once."""
    world = make_world([ADJUST])
    order_id = make_order(world)
    make_provisional(world, order_id)
    kegs = returned(
        world, owner_id=world.seller.id, creditor_id=world.seller.id, class_code="keg_50l", quantity=1, unit_cents=3000
    )
    with transaction(acting=world.carrier_id) as session:
        order = orders.order(session, order_id=order_id)
        invoice = billing.publish_for_order(session, order=order, stamp=stamp())
        note = billing.issue_deposit_credit(
            session,
            issuer_id=world.seller.id,
            at=Handover(keeper_id=world.carrier_id, buyer_id=world.buyer.id, visit_id=new_id()),
            returns=[kegs],
            taken_at=NOW,
            stamp=stamp(),
        )
        billing.publish_pending(session, stamp=stamp())
    assert allocations(world.seller.id) == [(note.id, invoice.id, 3000)]
    assert faults(world.seller.id) == []


def give(world, net_cents, *, taxed=True, key=None, reason=REASON):
    with transaction(acting=world.seller.id) as session:
        note = billing.issue_free_credit(
            session,
            issuer_id=world.seller.id,
            buyer_id=world.buyer.id,
            lines=[billing.FreeLine(REASON, net_cents, taxed)],
            reason=reason,
            key=key or new_id(),
            stamp=stamp(),
        )
        billing.publish_pending(session, stamp=stamp())
        return note


def test_a_free_amount_is_credited_with_its_taxes(database):
    """R081, R088, R093: 100.00 gives back 114.98, numbered once for a command, and the next invoice consumes it."""
    world = make_world([CREDIT])
    key = new_id()
    note = give(world, 10_000, key=key)
    assert (note.total_cents, note.kind, give(world, 10_000, key=key).id) == (11_498, CreditKind.FREE_AMOUNT, note.id)
    invoice_id = publish(world, make_order(world))
    assert allocations(world.seller.id) == [(note.id, invoice_id, 11_498)]
    assert give(world, 10_000, taxed=False).total_cents == 10_000
    assert faults(world.seller.id) == []


@pytest.mark.parametrize("net_cents", [0, -1, 10**12])
def test_a_free_amount_that_cannot_be_is_refused(database, net_cents):
    """Limits on every input: nothing is written."""
    world = make_world([CREDIT])
    with pytest.raises(billing.BadAmount):
        give(world, net_cents)
    with pytest.raises(billing.ReasonMissing):
        give(world, 100, reason=Text("", ""))
    assert totals(world.seller.id) == {}
