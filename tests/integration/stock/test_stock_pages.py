"""Stock on pages: levels by place, adjustments, transfers between companies, movements, container accounts."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from flask import Flask

from server.catalog.model import ProductFormat
from server.core.transaction import transaction
from server.fulfilment.stock_levels import Level, stock_levels
from server.identity.model import OrganisationKind, Role
from server.stock import service as stock
from shared.ids import new_id
from tests.factories.unfolding import unfolded
from tests.factories.web import Client, Organisation, application, browser_of, make_member, program_of
from tests.factories.world import World, make_order, make_world, stamp

KEY, COUNT_KEY = str(new_id()), str(new_id())


@dataclass(frozen=True)
class Desk:
    """A brewery's owner and the carrier's dispatcher, in browsers."""

    app: Flask
    world: World
    supplier: Client
    carrier: Client
    retailer: Client
    driver: Client

    def program(self, browser: Client) -> Client:
        """Return a program of the same member."""
        assert browser.member is not None
        return program_of(self.app, browser.member)


@pytest.fixture(scope="module")
def desk(module_database: object) -> Desk:
    world, app = make_world(), application()
    with transaction(world.seller.id) as session:
        session.get_one(ProductFormat, world.seller.case_id).unlimited = False
    people = (
        (OrganisationKind.SUPPLIER, world.seller.id, Role.OWNER),
        (OrganisationKind.DISTRIBUTOR, world.carrier_id, Role.DISPATCHER),
        (OrganisationKind.RETAILER, world.buyer.id, Role.OWNER),
        (OrganisationKind.DISTRIBUTOR, world.carrier_id, Role.DRIVER),
    )
    return Desk(
        app, world, *(browser_of(app, make_member(Organisation(kind, org), role)) for kind, org, role in people)
    )


def level(desk: Desk) -> Level:
    with transaction(desk.world.seller.id) as session:
        return stock_levels(session, format_ids=[desk.world.seller.case_id])[0]


def told(client: Client, path: str, form: dict[str, object], *, status: int = 303) -> dict[str, object]:
    answer = client.post(path, data=form, headers={"Accept": "application/problem+json"})
    assert answer.status_code == status, answer.text
    return answer.json or {}


def adjusted(desk: Desk, reason: str, quantity: str, *, status: int = 303, **more: object) -> dict[str, object]:
    form = {"format_id": str(desk.world.seller.case_id), "keeper_id": "own", "reason": reason, "quantity": quantity}
    return told(desk.supplier, "/stock", form | more, status=status)


def test_stock_is_adjusted_with_a_reason_and_orders_reserve_it(desk: Desk) -> None:
    """R057, C9: received, counted, broken; every movement is listed with its reason; a form's key is of one of them."""
    adjusted(desk, "received", "100")
    adjusted(desk, "breakage", "4", note="Palette échappée")
    adjusted(desk, "other", "-2", note="Don")
    for _ in range(2):
        adjusted(desk, "counted", "90", key=COUNT_KEY)
    assert adjusted(desk, "counted", "80", key=COUNT_KEY, status=409)["slug"] == "key-used"
    for _ in range(2):  # a form that is sent twice carries its key, and counts once
        adjusted(desk, "breakage", "1", key=KEY)
    assert adjusted(desk, "breakage", "2", key=KEY, status=409)["slug"] == "key-used"
    adjusted(desk, "received", "1")
    assert adjusted(desk, "other", "5", status=422)["where"] == "note"
    assert adjusted(desk, "breakage", "0", status=422)["where"] == "quantity"
    assert adjusted(desk, "trade", "5", status=422)["where"] == "reason"
    make_order(desk.world, cases=30)
    now = level(desk)
    assert (now.in_hand, now.reserved, now.available) == (90, 30, 60)
    page = desk.supplier.get("/stock/mouvements").text
    assert page.count("<tr>") == 7
    for said in ("Palette échappée", "bris", "compté", "Camille Roy"):
        assert said in page
    assert "60" in desk.supplier.get("/stock").text


def test_a_transfer_is_sent_accepted_short_and_cancelled(desk: Desk) -> None:
    """R057: goods on the way are nobody's; the other company accepts what arrived, the sender takes back."""
    case, carrier = str(desk.world.seller.case_id), str(desk.world.carrier_id)
    before = level(desk)
    sent = {"source": "own", "target": carrier, "formats": case, f"quantity-{case}": "20", "note": "Lot 12"}
    told(desk.supplier, "/stock/transferts", sent)
    assert (level(desk).in_hand, level(desk).in_transit) == (before.in_hand - 20, 20)
    page = desk.carrier.get("/stock/transferts").text
    (accept,) = re.findall(r'action="(/stock/transferts/[^"]+/accepter)"', page)
    assert "/accepter" not in desk.supplier.get("/stock/transferts").text
    told(desk.supplier, accept, {}, status=403)
    arrived = {"formats": case, f"arrived-{case}": "21"}
    told(desk.carrier, accept, arrived, status=422)
    told(desk.carrier, accept, arrived | {f"arrived-{case}": "18"})
    told(desk.carrier, accept, {}, status=409)
    now = level(desk)
    assert (now.kept[desk.world.carrier_id], now.in_transit, now.in_hand) == (18, 0, before.in_hand - 2)
    told(desk.supplier, "/stock/transferts", sent)
    (cancel,) = re.findall(r'action="(/stock/transferts/[^"]+/annuler)"', desk.supplier.get("/stock/transferts").text)
    told(desk.supplier, cancel, {})
    assert level(desk).in_hand == before.in_hand - 2
    told(desk.supplier, "/stock/transferts", sent | {f"quantity-{case}": "100000"}, status=409)
    told(desk.supplier, "/stock/transferts", sent | {"target": "own"}, status=422)
    told(desk.supplier, "/stock/transferts", sent | {"target": str(new_id())}, status=403)


def test_a_carrier_adjusts_what_it_keeps_and_nothing_else(desk: Desk) -> None:
    """Permission matrix (stock: the distributor): its own depot alone, of sellers it has an agreement with."""
    mine = {
        "format_id": str(desk.world.seller.case_id), "reason": "breakage", "quantity": "1",
        "seller_id": str(desk.world.seller.id), "keeper_id": str(desk.world.carrier_id),
    }  # fmt: skip
    before = level(desk)
    told(desk.carrier, "/stock", mine)
    assert level(desk).in_hand == before.in_hand - 1
    told(desk.carrier, "/stock", mine | {"keeper_id": "own"}, status=403)
    told(desk.carrier, "/stock", mine | {"seller_id": str(desk.world.buyer.id)}, status=404)
    assert all("caisse de 24" in desk.carrier.get(path).text for path in ("/stock/mouvements", "/stock"))
    assert [one.get("/stock").status_code for one in (desk.retailer, desk.driver)] == [403, 403]


def test_container_accounts_show_who_holds_whose(desk: Desk) -> None:
    """C30: accounts are (holder, owner, class), with what their deposits come to."""
    with transaction(desk.world.seller.id) as session:
        stock.move_containers(
            session, class_owner_id=desk.world.seller.id, class_id=desk.world.seller.keg_class_id,
            from_holder_id=desk.world.seller.id, to_holder_id=desk.world.buyer.id, quantity=3, movement_id=new_id(),
            stamp=stamp(),
        )  # fmt: skip
    page = desk.supplier.get("/stock/contenants").text
    assert "Dépanneur 1" in page
    assert "90,00\u00a0$" in page
    assert 9_000 in unfolded(desk.supplier, "/stock/contenants")
    seller, buyer = desk.world.seller, desk.world.buyer
    door = f"/api/v1/stock/containers/{seller.id}/{seller.keg_class_id}/{buyer.id}/explanation"
    [whole] = desk.program(desk.supplier).get(door).json["totals"]
    assert (whole["amount_cents"], whole["says"]["fr"]) == (9_000, "3 × 30,00\u00a0$")
    assert [one["amount_cents"] for one in whole["parts"]] == [9_000]
    assert desk.program(desk.retailer).get(door).status_code == 403
    stranger = Organisation(OrganisationKind.SUPPLIER, new_id())
    assert program_of(desk.app, make_member(stranger, Role.OWNER)).get(door).status_code == 404


def test_programs_keep_stock_as_the_pages_do(desk: Desk) -> None:
    """R057, stock through the API: levels, adjustments once for each key, movements with their reasons."""
    program, case = desk.program(desk.supplier), str(desk.world.seller.case_id)
    before = level(desk)
    (shown,) = [one for one in program.get("/api/v1/stock").json if one["format_id"] == case]
    assert (shown["in_hand"], shown["reserved"], shown["available"]) == (
        before.in_hand, before.reserved, before.available,
    )  # fmt: skip
    said = {"key": str(new_id()), "format_id": case, "reason": "breakage", "quantity": 2, "note": "Chute"}
    first, again = (program.post("/api/v1/stock/adjustments", json=said) for _ in range(2))
    assert (first.status_code, first.json["change"], again.json["change"]) == (200, -2, -2), first.json
    assert again.json["level"]["in_hand"] == level(desk).in_hand == before.in_hand - 2
    refused = program.post("/api/v1/stock/adjustments", json=said | {"key": str(new_id()), "quantity": 0})
    assert (refused.status_code, refused.json["slug"], refused.json["where"]) == (422, "bad-stock", "quantity")
    (move,) = program.get(f"/api/v1/stock/moves?format_id={case}&limit=1").json
    assert (move["reason"], move["quantity"], move["note"], move["moved_by"]) == ("breakage", 2, "Chute", "Camille Roy")
    accounts = program.get("/api/v1/stock/containers").json
    assert all(one["quantity"] for one in accounts)
    assert desk.program(desk.retailer).get("/api/v1/stock").status_code == 403


def test_programs_send_accept_and_take_back_transfers(desk: Desk) -> None:
    """R057, transfers sent, accepted and cancelled: the same doors and refusals for programs."""
    supplier, carrier = desk.program(desk.supplier), desk.program(desk.carrier)
    case, kept = str(desk.world.seller.case_id), level(desk)
    sent = {
        "key": str(new_id()), "target_keeper_id": str(desk.world.carrier_id),
        "lines": [{"format_id": case, "quantity": 6}],
    }  # fmt: skip
    made, again = (supplier.post("/api/v1/stock/transfers", json=sent) for _ in range(2))
    assert (made.status_code, again.json["id"]) == (201, made.json["id"]), made.json
    for other in ({"lines": [{"format_id": case, "quantity": 7}]}, {"note": "Lot 13"}):
        assert supplier.post("/api/v1/stock/transfers", json=sent | other).json["slug"] == "key-used"
    assert level(desk).in_transit == kept.in_transit + 6
    path = f"/api/v1/stock/transfers/{made.json['id']}"
    assert supplier.post(f"{path}/accept", json={}).status_code == 403
    assert made.json["id"] in {one["id"] for one in carrier.get("/api/v1/stock/transfers?state=sent").json}
    twice = {"lines": [{"format_id": case, "quantity": 3}] * 2}
    assert carrier.post(f"{path}/accept", json=twice).status_code == 400
    arrived = carrier.post(f"{path}/accept", json={"lines": [{"format_id": case, "quantity": 5}]})
    assert (arrived.status_code, arrived.json["state"], arrived.json["lines"][0]["accepted"]) == (200, "accepted", 5)
    assert carrier.post(f"{path}/cancel").status_code == 409
    mine = carrier.get(f"/api/v1/stock?seller_id={desk.world.seller.id}").json
    assert any(one["keeper_id"] == str(desk.world.carrier_id) for row in mine for one in row["kept"])
    assert carrier.get("/api/v1/stock").status_code == 404
    back = supplier.post("/api/v1/stock/transfers", json=sent | {"key": str(new_id())}).json["id"]
    assert supplier.post(f"/api/v1/stock/transfers/{back}/cancel").json["state"] == "cancelled"
    stranger = program_of(desk.app, make_member(Organisation(OrganisationKind.SUPPLIER)))
    assert stranger.get(path).status_code == 404
