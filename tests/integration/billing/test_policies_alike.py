"""Law 19 through the real services: random deliveries earn the same under *adjust* and *credit*."""

from __future__ import annotations

import os
import random
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import func, select

from server.billing.queries import credits_of, live_invoice
from server.core.transaction import transaction
from server.ledger.model import Account, Posting
from server.orders.model import Order
from server.orders.service import OrderItem
from server.parties.model import BillingType, SettlementPolicy
from server.receivables.audit import book_faults
from tests.factories.billing import Counted, make_provisional, publish, short_day
from tests.factories.world import ADJUST, CREDIT, Deal, Seller, World, make_order, make_world, read_order

IS_NIGHT = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
DELIVERIES = 300 if IS_NIGHT else 10
pytestmark = pytest.mark.timeout(1_800 if IS_NIGHT else 180)
AGENT_CREDIT = Deal(billing_type=BillingType.AGENT, settlement_policy=SettlementPolicy.CREDIT)
AGENT_ADJUST = Deal(billing_type=BillingType.AGENT)
EARNED = (Account.REVENUE, Account.PRODUCER_PAYABLE, Account.AGENT_FEE, Account.CONTAINER_DEPOSITS)


def random_count(chance: random.Random, ordered: int) -> Counted:
    """What became of ``ordered`` units: any part delivered, lost, returned or left behind, now and then some extra."""
    rest = [chance.randint(0, ordered) for _ in range(3)] if chance.random() < 0.7 else [0, 0, 0]
    lost = min(rest[0] // 2, ordered)
    returned = min(rest[1] // 2, ordered - lost)
    not_shipped = min(rest[2] // 2, ordered - lost - returned)
    delivered = ordered - lost - returned - not_shipped
    extra = chance.randint(1, 3) if delivered == ordered and chance.random() < 0.3 else 0
    return Counted(delivered, not_shipped=not_shipped, lost=lost, returned=returned, extra=extra)


def earned(issuer_id: UUID, seller_id: UUID) -> dict[Account, int]:
    """What an issuer's books earned, its own revenue or its producer's share and fee, and the deposits it holds."""
    with transaction(acting=issuer_id) as session:
        mine = select(Posting.account, func.sum(Posting.amount_cents)).where(
            Posting.owner_id == issuer_id, Posting.account.in_(EARNED)
        )
        if issuer_id != seller_id:  # an agent's books hold several producers
            mine = mine.where(Posting.detail == str(seller_id))
        rows = session.execute(mine.group_by(Posting.account))
        return {account: -int(cents) for account, cents in rows if cents}


def accounted(world: World, order_id: UUID, settlement) -> dict[UUID, int]:
    """Invoiced − credited + supplementary, of each line of an order."""
    order = read_order(order_id, acting=world.carrier_id)
    with transaction(acting=order.issuer_id) as session:
        invoice = live_invoice(session, order_id=order_id)
        found = {line.id: settlement.supplement_lines.get(str(line.id), 0) for line in order.lines}
        for line in invoice.lines if invoice else ():
            found[line.order_line_id] += line.quantity
        for note in credits_of(session, invoice_id=invoice.id) if invoice else ():
            for line in note.lines:
                found[line.order_line_id] -= line.quantity
        return found


def delivered_day(world: World, seller: Seller, policy: SettlementPolicy, case: dict) -> tuple[Order, dict[UUID, int]]:
    """Order, make the run's documents, deliver and settle under one policy."""
    items = [
        OrderItem(format_id=format_id, quantity=case[kind], **case.get("priced", {}).get(kind, {}))
        for kind, format_id in (("cases", seller.case_id), ("kegs", seller.keg_id))
    ]
    order_id = make_order(world, seller=seller, items=items, document_discount_cents=case.get("document_discount", 0))
    (make_provisional if policy is SettlementPolicy.ADJUST else publish)(world, order_id)
    settlement = short_day(world, order_id, case["counted"])
    assert not settlement.differences
    return read_order(order_id, acting=world.carrier_id), accounted(world, order_id, settlement)


def a_case(chance: random.Random) -> dict:
    cases, kegs = chance.randint(1, 30), chance.randint(1, 6)
    return {
        "cases": cases,
        "kegs": kegs,
        "counted": {1: random_count(chance, cases), 2: random_count(chance, kegs)},
    }


def a_finely_priced_case(chance: random.Random) -> dict:
    """Prices of four decimals, a discount on each line or none, and one on the whole order or none."""
    case = a_case(chance)

    def priced(quantity: int) -> dict:
        price = Decimal(chance.randint(10_000, 2_000_000)) / 10_000
        return {
            "unit_price": price,
            "discount_cents": chance.choice((0, chance.randint(1, int(price * quantity * 40)))),
        }

    case["priced"] = {kind: priced(case[kind]) for kind in ("cases", "kegs")}
    return case | {"document_discount": chance.choice((0, chance.randint(1, 50)))}


def test_random_deliveries_earn_the_same_under_both_policies(database) -> None:
    """Law 19, law 34, R016, R017, R023, R024: per line invoiced − credited + supplementary is what was accepted."""
    chance = random.Random(19)
    world = make_world([ADJUST, CREDIT, AGENT_ADJUST, AGENT_CREDIT])
    policies = (SettlementPolicy.ADJUST, SettlementPolicy.CREDIT) * 2
    issuers = (world.sellers[0].id, world.sellers[1].id, world.carrier_id, world.carrier_id)
    for number in range(DELIVERIES):
        case = a_case(chance)
        for seller, policy in zip(world.sellers, policies, strict=True):
            order, found = delivered_day(world, seller, policy, case)
            wanted = {line.id: case["counted"][line.position] for line in order.lines}
            assert found == {line_id: one.delivered + one.extra for line_id, one in wanted.items()}
        books = [earned(issuer, seller.id) for issuer, seller in zip(issuers, world.sellers, strict=True)]
        assert books[0] == books[1], (number, case)
        assert books[2] == books[3], (number, case)
        own = books[0].get(Account.REVENUE, 0)
        assert sum(books[2].values()) == own, "an agent's producer and fee are what the seller itself would have earned"
    for issuer_id in {*issuers}:
        with transaction(acting=issuer_id) as session:
            assert list(book_faults(session, issuer_id=issuer_id)) == []


def test_prices_finer_than_a_cent_earn_the_same_but_for_a_cent_a_line(database) -> None:
    """Law 19 with T1 and T5: through the services, too, each of both lines is at most a cent apart, deposits never."""
    chance = random.Random(1919)
    world = make_world([ADJUST, CREDIT])
    apart = []
    for number in range(DELIVERIES):
        case = a_finely_priced_case(chance)
        before = [earned(seller.id, seller.id) for seller in world.sellers]
        for seller, policy in zip(world.sellers, (SettlementPolicy.ADJUST, SettlementPolicy.CREDIT), strict=True):
            order, found = delivered_day(world, seller, policy, case)
            wanted = {line.id: case["counted"][line.position] for line in order.lines}
            assert found == {line_id: one.delivered + one.extra for line_id, one in wanted.items()}
        after = [earned(seller.id, seller.id) for seller in world.sellers]
        (adjusted, credited) = (
            {account: now.get(account, 0) - then.get(account, 0) for account in EARNED}
            for then, now in zip(before, after, strict=True)
        )
        assert adjusted[Account.CONTAINER_DEPOSITS] == credited[Account.CONTAINER_DEPOSITS], (number, case)
        apart.append(abs(adjusted[Account.REVENUE] - credited[Account.REVENUE]))
        assert apart[-1] <= len(order.lines), (number, case)
    assert any(apart) or DELIVERIES < 50, "prices this fine must meet the rounding that the bound is for"
    for seller in world.sellers:
        with transaction(acting=seller.id) as session:
            assert list(book_faults(session, issuer_id=seller.id)) == []
