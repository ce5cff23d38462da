"""Editing an order over JSON: lines that stay, lines in words, rebates, relief, and who may."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from server.core import clock
from server.core.transaction import transaction
from server.identity.model import OrganisationKind, Role
from server.orders.service import OrderParties, create_order, note_lots
from server.parties.service import GroupTerms, change_group
from tests.conftest import Database
from tests.factories.order_doors import API, Trade, answered, kept, trade_in
from tests.factories.web import application
from tests.factories.world import AGENT, items_of, make_world, read_order, stamp


@pytest.fixture(scope="module")
def trade(module_database: Database) -> Trade:
    del module_database
    return trade_in(application(), make_world())


def put(trade: Trade, order: dict, content: dict, *, by=None, status: int = 200) -> dict:
    return answered((by or trade.seller).open(f"{API}/{order['id']}/content", "PUT", json=content), status)


def said(trade: Trade, order: dict) -> str:
    return trade.buyer.get(f"{API}/{order['id']}/timeline").json[-1]["text"]["fr"]


def test_a_line_keeps_its_identity_price_and_lots_when_its_quantity_changes(trade: Trade) -> None:
    """R057, R063: quantities change in place; the line stays the same line, and the timeline says what changed."""
    order = trade.order(cases=4)
    lots = {"lines": [{"line_id": order["lines"][0]["id"], "lots": ["L-26-11"]}]}
    answered(trade.seller.open(f"{API}/{order['id']}/lots", "PUT", json=lots))
    edited = put(trade, order, kept(order, quantities={0: 3}))
    assert [line["id"] for line in edited["lines"]] == [line["id"] for line in order["lines"]]
    assert edited["lines"][0]["lots"] == ["L-26-11"]
    assert edited["net_cents"] == 3 * 4250 + 18900
    assert (edited["revision"], edited["state"]) == (2, "pending")
    assert "4 → 3" in said(trade, order)


def test_price_discount_and_taxes_of_one_line_change(trade: Trade) -> None:
    """R063: per line, price, discount and taxes; totals follow, with T3's rounding."""
    order = trade.order(cases=2, kegs=1)
    case, keg = order["lines"]
    items = [
        {"line_id": case["id"], "quantity": 2, "unit_price": "40.1250", "discount_cents": 25},
        {"line_id": keg["id"], "quantity": 1, "tax_codes": ["gst"]},
    ]
    edited = put(trade, order, {"items": items})
    assert edited["net_cents"] == 8025 - 25 + 18900
    assert edited["tax_cents"] == 1345 + 798  # 5 % of both, 9.975 % of the cases alone
    assert edited["lines"][1]["tax_codes"] == ["gst"]


def test_items_are_added_from_the_catalogue_and_in_words_with_their_own_taxes(trade: Trade) -> None:
    """R059, R063: an item of the catalogue, goods in words, a charge; each with its own taxation."""
    order = trade.order(cases=1, kegs=0)
    content = kept(order)
    content["items"] += [
        {"format_id": str(trade.world.seller.keg_id), "quantity": 2},
        {"kind": "item", "words": "Verres gravés", "quantity": 6, "unit_price": "3.50", "tax_codes": ["gst", "qst"]},
        {"kind": "charge", "words": "Livraison urgente", "quantity": 1, "unit_price": "15", "tax_codes": []},
    ]
    edited = put(trade, order, content)
    assert [line["kind"] for line in edited["lines"]] == ["goods", "goods", "item", "charge"]
    assert edited["net_cents"] == 4250 + 2 * 18900 + 2100 + 1500
    taxed = 4250 + 2 * 18900 + 2100
    assert edited["tax_cents"] == round(taxed * 0.05) + round(taxed * 0.09975)
    assert edited["lines"][3]["tax_codes"] == []


def test_a_rebate_lowers_the_items_of_its_own_taxation_alone(trade: Trade) -> None:
    """R059: a rebate chooses its taxes as an EN 16931 allowance does; one above its items is refused in words."""
    order = trade.order(cases=2, kegs=0)
    content = kept(order)
    content["items"].append({"kind": "charge", "words": "Palette", "quantity": 1, "unit_price": "20", "tax_codes": []})
    untaxed = {"words": "Geste sur la palette", "amount_cents": 500, "tax_codes": []}
    edited = put(trade, order, content | {"rebates": [untaxed]})
    assert edited["net_cents"] == 8500 + 2000 - 500
    assert edited["tax_cents"] == 425 + 848  # the taxed base is untouched
    assert [line["rebate_cents"] for line in edited["lines"]] == [0, 500]
    taxed = {"words": "Fidélité", "amount_cents": 1000, "tax_codes": ["gst", "qst"]}
    again = put(trade, order, kept(edited) | {"rebates": [untaxed, taxed]})
    assert (again["net_cents"], again["tax_cents"]) == (9000, 375 + 748)
    refused = put(trade, order, kept(again) | {"rebates": [untaxed | {"amount_cents": 2001}]}, status=422)
    assert "dépasse" in refused["details"]["fr"]


def test_taxes_and_deposits_are_removed_put_back_and_logged(trade: Trade) -> None:
    """R052: both apply by default, are removed for one order, and come back whole; each time the timeline says it."""
    order = trade.order(cases=1, kegs=0)
    bare = put(trade, order, kept(order, taxed=False, with_deposits=False))
    assert (bare["tax_cents"], bare["deposit_cents"], bare["lines"][0]["tax_codes"]) == (0, 0, [])
    assert "Taxes : retrait" in said(trade, order).replace("\u00a0", " ")
    whole = put(trade, order, kept(bare))
    assert (whole["tax_cents"], whole["deposit_cents"]) == (order["tax_cents"], order["deposit_cents"])
    assert "Consignes : rétablissement" in said(trade, order).replace("\u00a0", " ")


def test_a_removed_discount_is_logged(trade: Trade) -> None:
    """R049: a discount on the order may be removed by the seller, and the timeline says from what to what."""
    order = trade.order(document_discount_cents=1000)
    edited = put(trade, order, kept(order, document_discount_cents=0))
    assert edited["net_cents"] == order["net_cents"] + 1000
    assert "10,00 $ → 0,00 $" in said(trade, order).replace("\u00a0", " ")


def test_the_groups_discount_applies_by_itself_and_can_be_removed(trade: Trade) -> None:
    """R049: a group's percentage is a step of every price; the seller takes it off a line, and the timeline says so."""
    with transaction(trade.world.seller.id) as session:
        change_group(session, terms=GroupTerms(discount_bp=1000), stamp=stamp())
    order = trade.order(cases=2, kegs=0)
    with transaction(trade.world.seller.id) as session:
        change_group(session, terms=GroupTerms(), stamp=stamp())
    assert order["net_cents"] == 8500 - 850
    assert put(trade, order, kept(order, quantities={0: 1}))["net_cents"] == 4250 - 425
    content = {"items": [{"line_id": order["lines"][0]["id"], "quantity": 2, "with_discounts": False}]}
    put(trade, order, content, by=trade.carrier, status=403)
    bare = put(trade, order, content)
    assert (bare["net_cents"], [step["kind"] for step in bare["lines"][0]["price_steps"]]) == (8500, ["base"])
    assert "prix 38.2500 → 42.5000" in said(trade, order)


def test_restore_gives_back_every_line_rebate_and_note(trade: Trade) -> None:
    """R066: whatever was edited, the order is again what was submitted; the seller's side alone restores."""
    order = trade.order(note="Par la ruelle", document_discount_cents=300)
    content = {
        "items": [{"kind": "item", "words": "Autre chose", "quantity": 1, "unit_price": "9.9999", "tax_codes": []}],
        "rebates": [{"words": "Essai", "amount_cents": 100, "tax_codes": []}],
        "note": "Changée",
    }
    put(trade, order, content)
    assert trade.carrier.post(f"{API}/{order['id']}/restore").status_code == 403
    restored = answered(trade.seller.post(f"{API}/{order['id']}/restore"))
    changing = ("revision",)
    assert {key: value for key, value in restored.items() if key not in changing} == {
        key: value for key, value in order.items() if key not in changing
    }


def test_restore_gives_back_all_that_the_doors_say_of_the_order(trade: Trade) -> None:
    """R066, R009, R012, R013: whatever door changed it, the order and why it comes to that answer as at the submission.

    How it is billed, the paper that goes along, relief, lots and the day of its rates come back with the lines.
    """
    order = made_the_day_before(trade)
    path = f"{API}/{order['id']}"
    before = as_told(trade, path)
    lots = [{"line_id": line["id"], "lots": ["L-26-12"]} for line in order["lines"]]
    for door, told in (
        ("lots", {"lines": lots}),
        ("relief", {"taxed": False, "with_deposits": False}),
        ("billing", {"billing_type": "external"}),
        ("content", {"items": [{"format_id": str(trade.world.seller.keg_id), "quantity": 2}], "note": "Autre"}),
        ("billing", {"billing_type": "platform"}),
        ("deliver-with", {"deliver_with": "po"}),
        ("billing", {"billing_type": "external"}),
    ):
        answered(trade.seller.open(f"{path}/{door}", "PUT", json=told))
        assert as_told(trade, path) != before
    answered(trade.seller.post(f"{path}/restore"))
    assert as_told(trade, path) == before
    assert (before["order"]["billing_type"], before["order"]["deliver_with"]) == ("platform", "invoice")


def made_the_day_before(trade: Trade) -> dict:
    """Return an order submitted today, with lots on its lines, that was made and priced yesterday."""
    seller, buyer = trade.world.seller, trade.world.buyer
    named = OrderParties(
        seller_id=seller.id, buyer_id=buyer.id, site_id=buyer.site_id, carrier_id=trade.world.carrier_id
    )
    with transaction(seller.id) as session:
        made = create_order(
            session,
            parties_of=named,
            items=items_of(seller, cases=3, kegs=1),
            stamp=stamp(clock.now() - timedelta(days=1)),
            note="Par la ruelle",
        )
        lots = {line.id: ["L-26-11"] for line in made.lines}
        note_lots(session, order=made, lots=lots, stamp=stamp())
    return answered(trade.seller.post(f"{API}/{made.id}/submit"))


def as_told(trade: Trade, path: str) -> dict:
    """Return what the doors say of an order but the count of its changes, and the day that its rates are of."""
    order = answered(trade.seller.get(path))
    priced_on = read_order(UUID(order["id"]), acting=trade.world.seller.id).priced_on
    return {
        "order": {key: value for key, value in order.items() if key != "revision"},
        "priced_on": priced_on,
        "for the buyer": trade.buyer.get(path).json | {"revision": 0},
    }


def test_two_people_who_edit_at_once_are_told(trade: Trade) -> None:
    """R063, R065: the second to save, or to accept, learns that the order is no longer what they read."""
    order = trade.order()
    put(trade, order, kept(order, quantities={0: 2}))
    late = put(trade, order, kept(order, quantities={0: 9}), status=409)
    assert late["slug"] == "order-changed-meanwhile"
    accepted = trade.seller.post(f"{API}/{order['id']}/accept", json={"revision": order["revision"]})
    assert (accepted.status_code, accepted.json["slug"]) == (409, "order-changed-meanwhile")
    assert trade.seller.get(f"{API}/{order['id']}").json["lines"][0]["quantity"] == 2


def test_a_distributor_edits_quantities_but_relieves_nothing(trade: Trade) -> None:
    """R052, R062, C22: taxes, deposits and discounts come off by the seller's side; a billing agent is of it."""
    order = trade.order(document_discount_cents=200)
    edited = put(trade, order, kept(order, quantities={0: 5}, document_discount_cents=200), by=trade.carrier)
    assert edited["lines"][0]["quantity"] == 5
    for relief in ({"taxed": False}, {"with_deposits": False}, {"document_discount_cents": 0}):
        content = kept(edited, **({"document_discount_cents": 200} | relief))
        put(trade, order, content, by=trade.carrier, status=403)
    assert trade.seller.get(f"{API}/{order['id']}").json["revision"] == 2
    for maker in (trade.carrier, trade.dispatcher, trade.buyer):
        for relief in ({"taxed": False}, {"with_deposits": False}):
            assert maker.post(API, json=trade.draft(**relief)).status_code == 403
    assert trade.seller.post(API, json=trade.draft(taxed=False)).status_code == 201


def test_the_quote_of_a_change_is_what_saving_gives_and_keeps_nothing(trade: Trade) -> None:
    """R063: live totals are the server's own, to the cent; asking changes neither order nor timeline."""
    order = trade.order()
    content = kept(order, quantities={0: 7}, document_discount_cents=123)
    content["items"].append({"kind": "charge", "words": "Frais", "quantity": 1, "unit_price": "4.99", "tax_codes": []})
    entries = len(trade.seller.get(f"{API}/{order['id']}/timeline").json)
    quoted = answered(trade.seller.post(f"{API}/{order['id']}/quote", json=content))
    assert trade.seller.get(f"{API}/{order['id']}").json == order
    assert len(trade.seller.get(f"{API}/{order['id']}/timeline").json) == entries
    saved = put(trade, order, content)
    for amount in ("net_cents", "tax_cents", "deposit_cents", "total_cents"):
        assert quoted[amount] == saved[amount]
    assert quoted["nets"] == [7 * 4250, 18900, 499]


@pytest.mark.parametrize(
    "item",
    [
        {"kind": "charge", "words": "", "quantity": 1, "unit_price": "1"},
        {"kind": "charge", "words": "Sans prix", "quantity": 1},
        {"words": "Article sans format", "quantity": 1, "unit_price": "1"},
        {"line_id": "01a203b8-6460-7124-9f6b-161ba3efbd87", "quantity": 1},
        {"kind": "charge", "words": "x" * 201, "quantity": 1, "unit_price": "1"},
        {"kind": "charge", "words": "Négatif", "quantity": 1, "unit_price": "-1"},
        {"kind": "charge", "words": "Démesuré", "quantity": 100_000, "unit_price": "1000000"},
    ],
)
def test_bad_lines_are_refused_in_words_and_nothing_changes(trade: Trade, item: dict) -> None:
    """R059: what cannot be is refused with its place; the order stays as it was."""
    order = trade.order()
    content = kept(order)
    content["items"].append(item)
    refused = put(trade, order, content, status=422)
    assert refused["details"]["fr"]
    assert trade.seller.get(f"{API}/{order['id']}").json == order


def test_a_billing_agent_relieves(module_database: Database) -> None:
    """C22, C28: under agent billing the distributor is of the seller's side."""
    del module_database
    trade = trade_in(application(), make_world([AGENT]))
    order = trade.order()
    bare = put(trade, order, kept(order, taxed=False), by=trade.carrier)
    assert bare["tax_cents"] == 0
    assert (
        trade.member(trade.world.carrier_id, OrganisationKind.DISTRIBUTOR, Role.DISPATCHER)
        .open(f"{API}/{order['id']}/content", "PUT", json=kept(bare))
        .status_code
        == 403
    )
