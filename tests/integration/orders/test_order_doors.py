"""Orders over JSON, as each of their parties."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from server.billing.model import Invoice
from server.core.transaction import transaction
from server.identity.model import OrganisationKind, Role
from server.parties.model import BillingType, Emission
from server.parties.terms import ChosenTerms
from shared.ids import new_id
from shared.states import BillingState
from tests.factories.web import Client, Organisation, browser_of, make_member
from tests.factories.world import (
    ADJUST,
    AGENT,
    CREDIT,
    EXTERNAL,
    Deal,
    Seller,
    World,
    make_order,
    make_runs,
    make_vehicle,
    make_world,
    read_order,
)

API = "/api/v1/orders"
As = Callable[..., Client]


def supplier(world: World) -> Organisation:
    return Organisation(OrganisationKind.SUPPLIER, world.seller.id)


def retailer(world: World) -> Organisation:
    return Organisation(OrganisationKind.RETAILER, world.buyer.id)


def carrier(world: World) -> Organisation:
    return Organisation(OrganisationKind.DISTRIBUTOR, world.carrier_id)


def draft_of(world: World, *, cases: int = 2) -> dict:
    return {
        "seller_id": str(world.seller.id),
        "buyer_id": str(world.buyer.id),
        "site_id": str(world.buyer.site_id),
        "carrier_id": str(world.carrier_id),
        "items": [{"format_id": str(world.seller.case_id), "quantity": cases}],
    }


def test_a_key_makes_one_order_of_its_maker(client_as: As) -> None:
    """G2, R035: asked again after a lost answer, the order stands as it is; another maker's equal key is its own."""
    world = make_world()
    buyer, seller = client_as(Role.OWNER, retailer(world)), client_as(Role.OWNER, supplier(world))
    asked = draft_of(world) | {"key": str(new_id())}
    first, again, others = (one.post(API, json=asked) for one in (buyer, buyer, seller))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json == again.json
    assert others.json["number"] != first.json["number"]
    assert buyer.post(API, json=draft_of(world, cases=5) | {"key": asked["key"]}).json["slug"] == "order-made-already"
    assert seller.get(API).json["total"] == 2


def test_a_retailer_orders_and_its_supplier_accepts(client_as: As) -> None:
    """R035, R038, R064: draft, submission, acceptance, each seen by both."""
    world = make_world()
    buyer, seller = client_as(Role.OWNER, retailer(world)), client_as(Role.OWNER, supplier(world))
    made = buyer.post(API, json=draft_of(world))
    assert made.status_code == 201, made.json
    path = f"{API}/{made.json['id']}"
    assert made.json["number"] == "BR1-C-2026-000001"[:6] + made.json["number"][6:]
    assert buyer.post(f"{path}/submit").json["state"] == "pending"
    assert buyer.post(f"{path}/accept", json={}).status_code == 403
    assert seller.post(f"{path}/accept", json={}).json["state"] == "accepted"
    seen = buyer.get(path).json
    assert (seen["state"], seen["next_step"]["fr"], seen["seller"]["name"]) == (
        "accepted",
        "À planifier",
        "Brasserie 1",
    )
    assert [entry["kind"] for entry in buyer.get(f"{path}/timeline").json] == ["created", "submitted", "accepted"]


def test_acceptance_with_emission_on_accept_numbers_the_invoice_in_the_same_request(client_as: As) -> None:
    """R004, R077: the door publishes what acceptance made."""
    world = make_world([Deal(emission=Emission.ON_ACCEPT)])
    order_id = make_order(world, accepted=False)
    seller = client_as(Role.OWNER, supplier(world))
    assert seller.post(f"{API}/{order_id}/accept", json={}).status_code == 200
    with transaction(acting=world.seller.id) as session:
        (invoice,) = session.scalars(select(Invoice))
    assert invoice.number.startswith("BR1-")


def test_a_carrier_that_does_not_bill_for_the_seller_does_not_accept(client_as: As) -> None:
    """Section 3: the distributor accepts only if agreed."""
    world = make_world()
    order_id = make_order(world, accepted=False)
    assert client_as(Role.OWNER, carrier(world)).post(f"{API}/{order_id}/accept", json={}).status_code == 403


def test_a_stranger_finds_no_order(client_as: As) -> None:
    """R034, architecture rule 8: somebody else's order does not exist."""
    world = make_world([CREDIT, CREDIT])
    order_id = make_order(world)
    other = client_as(Role.OWNER, Organisation(OrganisationKind.SUPPLIER, world.sellers[1].id))
    assert other.get(f"{API}/{order_id}").status_code == 404
    assert other.get(API).json["total"] == 0


def test_lists_are_narrowed_and_every_order_is_in_one_bucket_of_each_axis(client_as: As) -> None:
    """R008, R028, R029, R031: filters, buckets, badge and next step."""
    world = make_world([ADJUST, EXTERNAL])
    first = make_order(world)
    outside = make_order(world, seller=world.sellers[1], accepted=False)
    buyer = client_as(Role.OWNER, retailer(world))
    found = {one["id"]: one for one in buyer.get(API).json["orders"]}
    assert set(found) == {str(first), str(outside)}
    assert found[str(outside)]["is_billed_outside"]
    buckets = ["upcoming", "under_way", "late", "done"]
    for axis in ("delivery_bucket", "billing_bucket"):
        totals = [buyer.get(API, query_string={axis: bucket}).json["total"] for bucket in buckets]
        assert sum(totals) == 2
    assert buyer.get(API, query_string={"state": "pending"}).json["total"] == 1
    assert buyer.get(API, query_string={"number": "BR2"}).json["total"] == 1
    assert buyer.get(API, query_string={"number": "%"}).json["total"] == 0


def test_an_order_is_edited_by_its_seller_and_never_by_its_buyer(client_as: As) -> None:
    """R045, R062, R063: 403 for the retailer; the seller changes quantity, price and discount."""
    world = make_world()
    order_id = make_order(world, accepted=False)
    item = {"format_id": str(world.seller.case_id), "quantity": 3, "unit_price": "40.1250", "discount_cents": 50}
    content = {"items": [item], "document_discount_cents": 100}
    path = f"{API}/{order_id}/content"
    assert client_as(Role.OWNER, retailer(world)).open(path, "PUT", json=content).status_code == 403
    edited = client_as(Role.OWNER, supplier(world)).open(path, "PUT", json=content).json
    assert edited["net_cents"] == 12038 - 50 - 100
    assert edited["lines"][0]["unit_price"] == "40.1250"


def test_a_dispatcher_plans_but_does_not_edit_content(client_as: As) -> None:
    """Section 3: date and run only."""
    world = make_world()
    order_id = make_order(world, accepted=False)
    dispatcher = client_as(Role.DISPATCHER, carrier(world))
    content = {"items": [{"format_id": str(world.seller.case_id), "quantity": 3}]}
    assert dispatcher.open(f"{API}/{order_id}/content", "PUT", json=content).status_code == 403
    assert dispatcher.get(f"{API}/{order_id}").status_code == 200


def test_a_driver_sees_its_own_runs_orders_and_no_price_without_an_invoice(app: Flask) -> None:
    """Section 3, C29: own runs; prices only for orders delivered with an invoice."""
    world = make_world([ADJUST, EXTERNAL], buyers=2)
    with_invoice, without = make_order(world), make_order(world, seller=world.sellers[1])
    make_vehicle(world)
    driver = make_member(carrier(world), Role.DRIVER)
    mine = World(**{**world.__dict__, "driver_id": driver.user_id})
    make_runs(mine)
    elsewhere = make_order(world)
    client = browser_of(app, driver)
    assert client.get(f"{API}/{with_invoice}").json["total_cents"] > 0
    assert client.get(f"{API}/{without}").json["total_cents"] is None
    assert client.get(f"{API}/{elsewhere}").status_code == 404
    assert client.get(API).json["total"] == 2


def test_parties_talk_on_their_order(client_as: As) -> None:
    """R046: the chat of the order."""
    world = make_world()
    path = f"{API}/{make_order(world)}/messages"
    assert client_as(Role.OWNER, retailer(world)).post(path, json={"text": "Une caisse de moins?"}).status_code == 201
    (said,) = client_as(Role.OWNER, supplier(world)).get(path).json
    assert said["text"]["fr"] == "Une caisse de moins?"


@pytest.mark.parametrize(
    "change",
    [
        {"items": []},
        {"items": [{"format_id": "x", "quantity": 1}]},
        {"note": "a\x00b"},
        {"note": "\ud800"},
        {"planned_on": "0001-01-01"},
        {"document_discount_cents": 10**30},
        {"document_discount_cents": 999_999},
        {"surprise": 1},
        {"site_id": "00000000-0000-0000-0000-000000000000"},
    ],
)
def test_bad_drafts_are_refused_in_words(client_as: As, change: dict) -> None:
    """Bad input: a clear problem with its place, nothing half-written, never a fault of ours."""
    world = make_world()
    answer = client_as(Role.OWNER, retailer(world)).post(API, json=draft_of(world) | change)
    assert answer.status_code in {403, 404, 422}
    assert answer.json["details"]["fr"]
    assert answer.json["details"]["en"]
    assert client_as(Role.OWNER, supplier(world)).get(API).json["total"] == 0


def test_an_outside_invoice_is_noted_and_leaves_the_list_to_invoice(client_as: As) -> None:
    """R010: delivered external orders wait in « à facturer » until their number is given."""
    world = make_world([EXTERNAL])
    order_id = make_order(world)
    deliver(world, order_id)
    seller = client_as(Role.OWNER, supplier(world))
    waiting = {"to_invoice_outside": "true"}
    assert seller.get(API, query_string=waiting).json["total"] == 1
    noted = seller.post(f"{API}/{order_id}/outside-invoice", json={"number": "F-77", "issued_on": "2026-11-20"})
    assert noted.json["billing_state"] == "invoiced_outside"
    assert seller.get(API, query_string=waiting).json["total"] == 0


def test_a_mistyped_outside_invoice_is_corrected(client_as: As) -> None:
    """R010: by the program or on the page; the timeline keeps the former one, and saying it twice adds nothing."""
    world = make_world([EXTERNAL])
    order_id = make_order(world)
    deliver(world, order_id)
    seller = client_as(Role.OWNER, supplier(world))
    path = f"{API}/{order_id}"
    for number in ("F-77", "F-87", "F-87"):
        noted = seller.post(f"{path}/outside-invoice", json={"number": number, "issued_on": "2026-11-20"})
        assert (noted.status_code, noted.json["outside_invoice_number"]) == (200, number)
    page = seller.get(f"/commandes/{order_id}").text
    assert "Corriger votre facture" in page
    told = {"number": "F-88", "issued_on": "2026-11-21"}
    assert seller.post(f"/commandes/{order_id}/facture-externe", data=told).status_code == 303
    kept = read_order(order_id, acting=world.seller.id)
    assert (kept.outside_invoice_number, str(kept.outside_invoice_on)) == ("F-88", "2026-11-21")
    assert kept.billing_state is BillingState.INVOICED_OUTSIDE
    said = [one["text"]["fr"] for one in seller.get(f"{path}/timeline").json if "externe" in one["text"]["fr"]]
    assert [("F-77" in one, "F-87" in one, "F-88" in one) for one in sorted(said, key=len)] == [
        (True, False, False), (True, True, False), (False, True, True),
    ]  # fmt: skip
    shop = client_as(Role.OWNER, Organisation(OrganisationKind.RETAILER, world.buyer.id))
    assert "Corriger votre facture" not in shop.get(f"/commandes/{order_id}").text


def test_nobody_but_the_seller_says_how_it_billed_outside(client_as: As) -> None:
    """R010, section 4 (facturée_externe: the supplier marks): no carrier does, though it bills the seller's others."""
    world = make_world([EXTERNAL, AGENT])
    for seller in world.sellers:
        order_id = make_order(world, seller=seller, chosen=ChosenTerms(billing_type=BillingType.EXTERNAL))
        deliver(world, order_id, seller=seller)
        carrier = client_as(Role.OWNER, Organisation(OrganisationKind.DISTRIBUTOR, world.carrier_id))
        told = {"number": "FAUX-1", "issued_on": "2026-11-20"}
        refused = carrier.post(f"{API}/{order_id}/outside-invoice", json=told)
        assert (refused.status_code, "Seul le vendeur" in refused.json["details"]["fr"]) == (403, True)
        assert carrier.post(f"/commandes/{order_id}/facture-externe", data=told).status_code == 403
        kept = read_order(order_id, acting=seller.id)
        assert (kept.billing_state, kept.outside_invoice_number) == (BillingState.UNINVOICED, "")


def deliver(world: World, order_id: UUID, *, seller: Seller | None = None) -> None:
    from server.orders import queries, service
    from tests.factories.world import stamp

    keeper = seller or world.seller
    with transaction(acting=keeper.id) as session:
        order = queries.order(session, order_id=order_id)
        service.mark_shipped(session, order=order, stamp=stamp())
        service.mark_delivered(session, order=order, stamp=stamp())
    assert read_order(order_id, acting=keeper.id).delivered_at
