"""What a client pays, and why: each line keeps the steps of its price."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from server.catalog.model import ProductFormat
from server.catalog.prices import service as prices
from server.catalog.prices.model import RuleKind
from server.catalog.service import Audience
from server.core.problems import Forbidden, Problem
from server.core.transaction import transaction
from server.orders import service as orders
from server.orders.model import Order
from server.orders.pricing import explain_price
from server.orders.service.offer import NotOffered, OverAllocation, OverMaximum
from server.parties import service as parties
from tests.factories.world import NOW, World, make_world, read_order, stamp

TODAY = NOW.date()


@pytest.fixture(scope="module")
def world(module_database: object) -> World:
    return make_world(buyers=4)


@pytest.fixture(autouse=True)
def plain_shelf(world: World) -> Iterator[None]:
    """Put every rule of the test away after it."""
    yield
    with transaction(world.seller.id) as session:
        for rule in session.query(prices.PriceRule).all():
            prices.archive_rule(session, rule_id=rule.id, archived=True, stamp=stamp())
        for made in session.query(prices.StockAllocation).all():
            prices.end_allocation(session, allocation_id=made.id, stamp=stamp())


def rule(world: World, kind: RuleKind, name: str, **terms: Any) -> UUID:
    days = {"valid_from": TODAY - timedelta(days=30), "valid_until": TODAY + timedelta(days=30)}
    with transaction(world.seller.id) as session:
        said = prices.RuleTerms(kind=kind, name_fr=name, name_en=f"{name} (en)", **days | terms)
        return prices.set_rule(session, terms=said, stamp=stamp()).id


def ordered(world: World, *, buyer: int = 0, by_buyer: bool = False, **item: Any) -> Order:
    """Order cases for one buyer; return the order with its lines."""
    client = world.buyers[buyer]
    with transaction(client.id if by_buyer else world.seller.id) as session:
        named = orders.OrderParties(
            seller_id=world.seller.id, buyer_id=client.id, site_id=client.site_id, carrier_id=world.carrier_id
        )
        wanted = orders.OrderItem(**{"format_id": world.seller.case_id, "quantity": 4} | item)
        made = orders.create_order(session, parties_of=named, items=[wanted], stamp=stamp()).id
    return read_order(made, acting=world.seller.id)


def told(order: Order) -> list[tuple[str, str]]:
    return [(step.kind.value, f"{step.unit_price}") for step in explain_price(order.lines[0])]


def test_a_price_is_explained_from_base_to_net(world: World) -> None:
    """R049, R050, T1: base price, list of the group, discount of the client, promotion; exact to 4 decimals, frozen."""
    with transaction(world.seller.id) as session:
        bars = parties.create_group(session, name="Bars", terms=parties.GroupTerms(), stamp=stamp())
        parties.keep_client(session, buyer_id=world.buyer.id, group_id=bars.id, stamp=stamp())
    listed = {world.seller.case_id: Decimal("40.1250")}
    rule(world, RuleKind.LIST, "Bars 2026", audience=Audience(group_ids=(bars.id,)), prices=listed)
    rule(world, RuleKind.DISCOUNT, "Fidèle", audience=Audience(buyer_ids=(world.buyer.id,)), percent_off=Decimal("7.5"))
    promotion = rule(world, RuleKind.PROMOTION, "Automne", amount_off=Decimal("1.5"), min_quantity=4)
    order = ordered(world)
    assert told(order) == [
        ("base", "42.5000"),
        ("list", "40.1250"),
        ("discount", "37.1156"),  # 40.1250 × 0.925 = 37.115625
        ("promotion", "35.6156"),
    ]
    assert (order.lines[0].unit_price, order.net_cents) == (Decimal("35.6156"), 14246)
    last = explain_price(order.lines[0])[-1]
    assert (last.name.fr, last.change, last.rule_id) == ("Automne", "1.5000", promotion)
    assert (last.valid_from, last.valid_until) == (TODAY - timedelta(days=30), TODAY + timedelta(days=30))
    assert told(ordered(world, quantity=3))[-1] == ("discount", "37.1156")
    assert told(ordered(world, buyer=1)) == [("base", "42.5000"), ("promotion", "41.0000")]
    assert told(ordered(world, with_discounts=False))[-1] == ("list", "40.1250")
    prices_now = {"amount_off": Decimal(20), "min_quantity": 4}
    days = {"valid_from": TODAY - timedelta(days=30), "valid_until": TODAY + timedelta(days=30)}
    with transaction(world.seller.id) as session:
        terms = prices.RuleTerms(kind=RuleKind.PROMOTION, name_fr="Solde", name_en="Sale", **days, **prices_now)
        prices.set_rule(session, terms=terms, rule_id=promotion, stamp=stamp())
    again = read_order(order.id, acting=world.seller.id)
    assert explain_price(again.lines[0]) == explain_price(order.lines[0])


def test_the_closest_rule_wins_and_a_rule_out_of_its_days_counts_for_nothing(world: World) -> None:
    """R049: a client's own discount before everybody's, even when it is smaller; yesterday's promotion is over."""
    rule(world, RuleKind.DISCOUNT, "Pour tous", percent_off=Decimal(20))
    rule(
        world, RuleKind.DISCOUNT, "Convenu", percent_off=Decimal(5), audience=Audience(buyer_ids=(world.buyers[1].id,))
    )
    gone = {"valid_from": TODAY - timedelta(days=9), "valid_until": TODAY - timedelta(days=1)}
    rule(world, RuleKind.PROMOTION, "Finie", percent_off=Decimal(50), **gone)
    assert told(ordered(world, buyer=1)) == [("base", "42.5000"), ("discount", "40.3750")]
    assert told(ordered(world, buyer=2)) == [("base", "42.5000"), ("discount", "34.0000")]


def test_a_groups_standing_discount_counts_where_no_rule_fits(world: World) -> None:
    """R049: the discount of the client's group, field by field from « Tous » (R071), explained like any other."""
    with transaction(world.seller.id) as session:
        group = parties.create_group(session, name="Amis", terms=parties.GroupTerms(discount_bp=1250), stamp=stamp())
        parties.keep_client(session, buyer_id=world.buyers[2].id, group_id=group.id, stamp=stamp())
    order = ordered(world, buyer=2)
    assert told(order) == [("base", "42.5000"), ("discount", "37.1875")]
    assert "Amis" in explain_price(order.lines[0])[-1].name.fr


def test_a_typed_price_says_so(world: World) -> None:
    """R063: a seller types another price; the line says that, and what the base price was."""
    assert told(ordered(world, unit_price=Decimal("39.99"))) == [("base", "42.5000"), ("typed", "39.9900")]


def test_a_buyer_orders_what_it_is_offered_and_no_more(world: World) -> None:
    """R049: visibility, maximum per order and allocation hold for a buyer, its seller goes beyond them."""
    with transaction(world.seller.id) as session:
        session.get_one(ProductFormat, world.seller.case_id).max_an_order = 10
        prices.allocate(
            session, format_id=world.seller.case_id, audience=Audience(), quantity=15, valid_from=TODAY,
            valid_until=TODAY + timedelta(days=7), stamp=stamp(),
        )  # fmt: skip
    refused(OverMaximum, world, quantity=11)
    ordered(world, buyer=3, by_buyer=True, quantity=9)
    refused(OverAllocation, world, quantity=7)
    ordered(world, buyer=3, by_buyer=True, quantity=6)
    ordered(world, buyer=3, quantity=50)
    refused(Forbidden, world, quantity=1, unit_price=Decimal("0.01"))
    refused(Forbidden, world, quantity=1, discount_cents=100)
    with transaction(world.seller.id) as session:
        sold = session.get_one(ProductFormat, world.seller.case_id)
        sold.max_an_order, sold.buyer_ids = None, [world.buyers[1].id]
    refused(NotOffered, world, quantity=1)
    with transaction(world.seller.id) as session:
        session.get_one(ProductFormat, world.seller.case_id).buyer_ids = []


def refused(problem: type[Problem], world: World, **item: Any) -> None:
    with pytest.raises(problem):
        ordered(world, buyer=3, by_buyer=True, **item)


@pytest.mark.parametrize(
    "terms",
    [
        {"kind": RuleKind.DISCOUNT},
        {"kind": RuleKind.DISCOUNT, "percent_off": Decimal("100.0001")},
        {"kind": RuleKind.DISCOUNT, "percent_off": Decimal(5), "amount_off": Decimal(1)},
        {"kind": RuleKind.DISCOUNT, "fixed_price": Decimal(5)},
        {"kind": RuleKind.PROMOTION, "percent_off": Decimal(5), "valid_until": None},
        {"kind": RuleKind.PROMOTION, "percent_off": Decimal("NaN")},
        {"kind": RuleKind.PROMOTION, "amount_off": Decimal("0.00001")},
        {"kind": RuleKind.LIST},
        {"kind": RuleKind.LIST, "prices": {UUID(int=1): Decimal(1)}},
        {"kind": RuleKind.PROMOTION, "percent_off": Decimal(5), "valid_until": date(2020, 1, 1)},
        {"kind": RuleKind.PROMOTION, "percent_off": Decimal(5), "audience": Audience(buyer_ids=(UUID(int=1),))},
        {"kind": RuleKind.PROMOTION, "percent_off": Decimal(5), "name": " "},
    ],
)
def test_a_rule_that_cannot_be_is_refused(world: World, terms: dict[str, Any]) -> None:
    """Bad input: one way to change a price, inside its bounds, for clients and formats of one's own."""
    with pytest.raises(Problem):
        rule(world, terms.pop("kind"), terms.pop("name", "Règle"), **terms)
