"""A rebate comes off the lines that whoever bills taxes so, on the tax date (R059, T2, T8, C28)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event

from server.billing.service import freeze_order_terms
from server.core.days import day_text
from server.core.transaction import engine, transaction
from server.delivery.service import read_terms
from server.identity.model import OrganisationKind
from server.orders import queries as orders_read
from server.orders import service as orders
from server.orders.presenting import present_entry
from server.parties import service as parties
from server.parties.model import Emission
from server.sync.service.bundles import build_bundle
from shared.money import format_money
from shared.pricing import price_order
from shared.problems import Text
from tests.conftest import Database
from tests.factories.accounts import today
from tests.factories.order_doors import API, Trade, answered, kept, trade_in
from tests.factories.web import Client, application
from tests.factories.world import Deal, make_runs, make_vehicle, make_world, stamp

SMALL = Deal(registered=False, names_agent=True, emission=Emission.MANUAL)
TAXED = ["gst", "qst"]
TAX_CENTS = 225 + 449  # of two cases, 85.00 $, less 40.00 $: 5 % and 9.975 %
LATER = today() + timedelta(days=3)


@pytest.fixture(scope="module")
def trade(module_database: Database) -> Trade:
    """Two unregistered producers, the second registered from ``LATER`` on; the distributor may bill for them."""
    del module_database
    world = make_world([SMALL, SMALL])
    with transaction(world.sellers[1].id) as session:
        for code, number in (("gst", "123452220 RT0001"), ("qst", "1012342220 TQ0001")):
            parties.register_tax(session, tax_code=code, number=number, valid_from=LATER, stamp=stamp())
    return trade_in(application(), world)


def with_rebate(seller: Client, order: dict[str, Any], cents: int = 4000) -> dict[str, Any]:
    """Give an order of two cases an untaxed item of 85.00 $, too, and a rebate of its taxed items."""
    glasses = {"kind": "item", "words": "Verres", "quantity": 1, "unit_price": "85.00", "tax_codes": []}
    content = kept(order, rebates=[{"words": "Fidélité", "amount_cents": cents, "tax_codes": TAXED}])
    content["items"].append(glasses)
    return answered(seller.open(f"{API}/{order['id']}/content", "PUT", json=content))


def later(trade: Trade, planned_on: date, cents: int = 4000) -> tuple[Client, dict[str, Any]]:
    """Return the second producer and its accepted order with a rebate, planned for a day."""
    producer = trade.world.sellers[1]
    seller = trade.member(producer.id, OrganisationKind.SUPPLIER)
    order = trade.order(
        by=seller, seller_id=str(producer.id), planned_on=planned_on.isoformat(),
        items=[{"format_id": str(producer.case_id), "quantity": 2}],
    )  # fmt: skip
    order = with_rebate(seller, order, cents)
    return seller, answered(seller.post(f"{API}/{order['id']}/accept", json={}))


def shares(order: dict[str, Any]) -> list[int]:
    return [line["rebate_cents"] for line in order["lines"]]


def billed(issuer: Client, order: dict[str, Any]) -> tuple[int, int]:
    made = answered(issuer.post(f"{API}/{order['id']}/invoice"))
    invoice = answered(issuer.get(f"/api/v1/invoices/{made['id']}"))
    return invoice["net_cents"], invoice["tax_cents"]


def test_it_is_shared_again_when_another_bills(trade: Trade) -> None:
    """R059, C28: chosen at the acceptance or after, back and forth; saving the same content again changes nothing."""
    order = with_rebate(trade.seller, trade.order(cases=2, kegs=0))
    assert (shares(order), order["tax_cents"]) == ([2000, 2000], 0)
    order = answered(trade.seller.post(f"{API}/{order['id']}/accept", json={"billing_type": "agent"}))
    assert (shares(order), order["net_cents"], order["tax_cents"]) == ([4000, 0], 13000, TAX_CENTS)
    again = answered(
        trade.seller.open(f"{API}/{order['id']}/content", "PUT", json=kept(order, rebates=order["rebates"]))
    )
    assert (shares(again), again["tax_cents"]) == ([4000, 0], TAX_CENTS)
    for billing_type, wanted, tax_cents in (("platform", [2000, 2000], 0), ("agent", [4000, 0], TAX_CENTS)):
        path = f"{API}/{order['id']}/billing"
        order = answered(trade.seller.open(path, "PUT", json={"billing_type": billing_type}))
        assert (shares(order), order["tax_cents"]) == (wanted, tax_cents)
    assert billed(trade.carrier, order) == (13000, TAX_CENTS)


def test_it_is_refused_when_it_is_above_what_the_other_taxes_so(trade: Trade) -> None:
    """R059: the order stays as it was, and the sentence says what to change."""
    order = with_rebate(trade.seller, trade.order(cases=2, kegs=0), cents=15000)
    refused = trade.seller.post(f"{API}/{order['id']}/accept", json={"billing_type": "agent"})
    assert (refused.status_code, "En réduire le montant" in refused.json["detail"]) == (422, True)
    still = answered(trade.seller.get(f"{API}/{order['id']}"))
    assert (still["state"], still["billing_type"], shares(still)) == ("pending", "platform", [7500, 7500])


def test_a_registration_between_the_order_and_its_day_shares_it_again(trade: Trade) -> None:
    """T8, T2: the invoice of that day lowers the taxed base by all of it; of the day before, nothing is taxed."""
    seller, order = later(trade, LATER)
    assert (shares(order), order["tax_cents"]) == ([2000, 2000], 0)
    assert billed(seller, order) == (13000, TAX_CENTS)
    now = answered(seller.get(f"{API}/{order['id']}"))
    assert (shares(now), now["tax_cents"], now["charged_taxes"]) == ([4000, 0], TAX_CENTS, TAXED)
    seller, order = later(trade, LATER - timedelta(days=1))
    assert billed(seller, order) == (13000, 0)


def test_frozen_terms_and_the_invoice_share_it_alike(trade: Trade) -> None:
    """T8, sync (« What binds »): what a tablet shows of the order is what is billed of it, to the cent."""
    seller, order = later(trade, LATER)
    with transaction(trade.world.carrier_id) as session:
        found = orders_read.order(session, order_id=UUID(order["id"]))
        goods, prices = read_terms(freeze_order_terms(session, order=found, stamp=stamp()))
    priced = price_order(goods, prices)
    assert ([line.discount_cents for line in prices.lines], priced.tax_cents) == ([4000, 0], TAX_CENTS)
    assert billed(seller, order) == (priced.net_cents, priced.tax_cents)


def test_a_total_that_frozen_terms_change_stands_in_the_timeline(trade: Trade) -> None:
    """R053, C29: once, with the former and the new total and the day's taxes; without prices only why."""
    seller, order = later(trade, LATER)
    for _ in range(2):
        with transaction(trade.world.carrier_id) as session:
            found = orders_read.order(session, order_id=UUID(order["id"]))
            freeze_order_terms(session, order=found, stamp=stamp())
    said = [one for one in answered(trade.buyer.get(f"{API}/{order['id']}/timeline")) if one["kind"] == "reshared"]
    day = day_text(LATER)
    why = Text(
        f"Rabais répartis selon les taxes de l’émetteur du {day.fr} (TPS + TVQ).",
        f"Rebates shared by the issuer’s taxes of {day.en} (GST + QST).",
    )
    was, now = (order["total_cents"], answered(seller.get(f"{API}/{order['id']}"))["total_cents"])
    assert now - was == TAX_CENTS
    (fr, fr_now), (en, en_now) = ([format_money(one, "CAD", tongue) for one in (was, now)] for tongue in ("fr", "en"))
    assert [one["text"] for one in said] == [
        {"fr": f"{why.fr} Total\u00a0: {fr} → {fr_now}.", "en": f"{why.en} Total: {en} → {en_now}."}
    ]
    with transaction(trade.world.carrier_id) as session:
        [entry] = [one for one in orders_read.timeline(session, order_id=UUID(order["id"])) if one.kind == "reshared"]
        assert present_entry(entry, with_prices=False)["text"] == {"fr": why.fr, "en": why.en}


def test_a_run_s_orders_with_rebates_are_held_together_before_their_terms_are_frozen(trade: Trade) -> None:
    """Sync (« What binds »): in the one order of all locks, whatever the order of the stops; none is locked alone."""
    day = LATER + timedelta(days=1)
    wanted = {later(trade, day)[1]["id"] for _ in range(3)}
    make_vehicle(trade.world)
    [run_id] = make_runs(trade.world, runs_on=day)
    with _locks() as sent, transaction(trade.world.carrier_id) as session:
        build_bundle(session, run_id, stamp=stamp())
    [(statement, told)] = sent
    assert "lock_orders" in statement
    assert all(order_id in str(told) for order_id in wanted)
    for order_id in wanted:
        assert shares(answered(trade.carrier.get(f"{API}/{order_id}"))) == [4000, 0]


@contextmanager
def _locks() -> Iterator[list[tuple[str, Any]]]:
    """Note every statement that locks orders meanwhile, with its values."""
    sent: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, told: Any, *_rest: Any) -> None:
        """Note one."""
        if "lock_orders" in statement or ('"order"' in statement and "FOR UPDATE" in statement):
            sent.append((statement, told))

    event.listen(engine(), "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine(), "before_cursor_execute", note)


def test_what_no_longer_fits_is_changed_while_it_can_be(trade: Trade) -> None:
    """R059, T8: an accepted order is refused its invoice, with a remedy that works; it is billed once it is done."""
    seller, order = later(trade, LATER, cents=15000)
    path = f"{API}/{order['id']}"
    refused = seller.post(f"{path}/invoice")
    assert (refused.status_code, "En réduire le montant" in refused.json["detail"]) == (422, True)
    lower = kept(order, rebates=[order["rebates"][0] | {"amount_cents": 8000}])
    order = answered(seller.open(f"{path}/content", "PUT", json=lower))
    assert billed(seller, order) == (9000, 25 + 50)


def test_on_a_run_a_rebate_that_no_longer_fits_keeps_its_agreed_shares(trade: Trade) -> None:
    """R059, R014: no truck waits for it; nothing of the rebate is lost, and what is left of the goods is taxed."""
    _seller, order = later(trade, LATER, cents=15000)
    with transaction(trade.world.carrier_id) as session:
        found = orders_read.order(session, order_id=UUID(order["id"]))
        orders.mark_planned(session, order=found, planned_on=LATER, stamp=stamp())
        goods, prices = read_terms(freeze_order_terms(session, order=found, stamp=stamp()))
    priced = price_order(goods, prices)
    assert [line.discount_cents for line in prices.lines] == [7500, 7500]
    assert (priced.net_cents, priced.tax_cents) == (2000, 50 + 100)
