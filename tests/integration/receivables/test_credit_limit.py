"""A customer's credit limit: what counts on it, and orders that come at once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import update

from server.catalog.model import ProductFormat
from server.core.transaction import transaction
from server.fulfilment.service.importing import import_orders
from server.fulfilment.service.order_rows import read_orders
from server.identity.model import OrganisationKind
from server.parties.model import Client, Emission
from shared.ids import new_id
from tests.conftest import Database
from tests.factories.order_doors import API, Trade, answered, trade_in
from tests.factories.queues import at_the_end
from tests.factories.web import application
from tests.factories.world import Buyer, Deal, make_world, stamp

ONE_CASE, TWO_CASES = 5_127, 10_253


@pytest.fixture(scope="module")
def trade(module_database: Database) -> Trade:
    """A seller that accepts by itself and invoices by hand, with a shop for each test."""
    return trade_in(application(), make_world([Deal(auto_accept=True, emission=Emission.MANUAL)], buyers=5))


def limited(trade: Trade, shop: Buyer, cents: int) -> Trade:
    """Return the trade with one shop, which may owe so much."""
    path = f"/api/v1/accounts/{shop.id}/limit"
    answered(trade.seller.open(path, "PUT", json={"limit_cents": cents}))
    return replace(trade, world=replace(trade.world, buyers=(shop,)))


def ordered(trade: Trade, **more: Any) -> dict[str, Any]:
    return trade.order(**{"cases": 2, "kegs": 0} | more)


def why(trade: Trade, order: dict[str, Any]) -> str:
    entries = answered(trade.seller.get(f"{API}/{order['id']}/timeline"))
    return " ".join(one["text"]["fr"] for one in entries).replace("\u00a0", " ")


def deliver(trade: Trade, order: dict[str, Any], *, missing: int = 0) -> None:
    [line] = order["lines"]
    counted = {"order_line_id": line["id"], "ordered": line["quantity"], "delivered": line["quantity"] - missing}
    told = counted | {"extra": 0, "reason": "breakage" if missing else ""}
    asked = {"key": str(new_id()), "words": "Sans tablette", "lines": [told]}
    answered(trade.carrier.post(f"{API}/{order['id']}/deliver", json=asked))


def test_what_was_delivered_counts_until_it_is_invoiced_and_afterwards(trade: Trade) -> None:
    """R068, R070: goods in the customer's hands count, invoiced or not; a second order is beyond what it may owe."""
    shop = limited(trade, trade.world.buyers[0], 12_000)
    first = ordered(shop)
    assert (first["state"], first["total_cents"]) == ("accepted", TWO_CASES)
    deliver(shop, first)
    second = ordered(shop)
    assert second["state"] == "pending"
    assert "Limite de crédit dépassée : 205,06 $ sur 120,00 $" in why(shop, second)
    answered(shop.seller.post(f"{API}/{first['id']}/invoice"))
    third = ordered(shop)
    assert "Limite de crédit dépassée : 205,06 $ sur 120,00 $" in why(shop, third)


def test_an_order_delivered_in_part_counts_as_received(trade: Trade) -> None:
    """R016, R068, R070: one case of two arrived; to the cent the rest of the limit takes another order of two."""
    shop = limited(trade, trade.world.buyers[1], ONE_CASE + TWO_CASES)
    deliver(shop, ordered(shop), missing=1)
    assert ordered(shop)["state"] == "accepted"
    assert "sur 153,80 $" in why(shop, ordered(shop, cases=1))


def test_an_order_billed_outside_is_never_owed_here(trade: Trade) -> None:
    """R007, R068, R070: neither does it take of the limit, nor does the limit keep it waiting; a hold does."""
    shop = limited(trade, trade.world.buyers[2], 12_000)
    outside = ordered(shop, cases=20, billing_type="external")
    assert (outside["state"], ordered(shop)["state"], ordered(shop)["state"]) == ("accepted", "accepted", "pending")
    assert ordered(shop, billing_type="external")["state"] == "accepted"
    path = f"/api/v1/accounts/{shop.world.buyer.id}/hold"
    answered(shop.seller.open(path, "PUT", json={"reason": "Deux chèques sans fonds."}))
    assert "Compte retenu" in why(shop, ordered(shop, billing_type="external"))


def test_orders_submitted_at_once_stay_within_the_limit_together(module_database: Database, trade: Trade) -> None:
    """R068, R070: each is weighed with what the ones before it were accepted for, however close together they come."""
    shop = limited(trade, trade.world.buyers[3], 12_000)
    drafts = [answered(shop.seller.post(API, json=shop.draft(cases=2, kegs=0)), 201) for _ in range(3)]
    people = [shop.member(shop.world.seller.id, OrganisationKind.SUPPLIER) for _ in drafts]

    def submitted(at: int) -> Any:
        return people[at].post(f"{API}/{drafts[at]['id']}/submit")

    doors = [lambda at=at: submitted(at) for at in range(len(drafts))]
    states = [answered(one)["state"] for one in at_the_end(module_database, shop.world.seller.id, *doors)]
    assert sorted(states) == ["accepted", "pending", "pending"]


def test_orders_of_one_file_stay_within_the_limit_together(trade: Trade) -> None:
    """R035, R068, R070: a file's second order finds what its first one took."""
    shop = limited(trade, trade.world.buyers[4], 12_000)
    with transaction(shop.world.seller.id) as session:
        mine = Client.buyer_id == shop.world.buyer.id
        session.execute(update(Client).where(mine).values(external_id="C9"))
        case = ProductFormat.id == shop.world.seller.case_id
        session.execute(update(ProductFormat).where(case).values(reference="CASE"))
    sheet = "No commande;No client;Référence du format;Quantité;Prix\nX-1;C9;CASE;2;\nX-2;C9;CASE;2;\n"
    with transaction(shop.world.seller.id) as session:
        report = import_orders(session, found=read_orders(sheet.encode()), stamp=stamp())
    assert [str(one.note.fr).partition(",")[0] for one in report.changes] == ["Acceptée", "En attente"]
