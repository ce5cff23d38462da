"""The catalogue over JSON: products, formats, containers, rules, and each client's own offer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask

from server.identity.model import OrganisationKind, Role
from tests.factories.web import Client, Organisation, application, make_member, program_of
from tests.factories.world import CREDIT, World, make_world

API = "/api/v1"
FORMAT: dict[str, Any] = {
    "name_fr": "caisse de 6 × 4 canettes de 473 ml", "name_en": "case of 6 × 4 473 ml cans", "sales_unit": "case",
    "unit_price": "58.8", "weight_g": 12400, "container_ml": 473, "units_a_pack": 4, "packs_a_unit": 6,
    "barcode": "10628504100018", "pack_barcode": "628504100011", "container_barcode": "06285043",
    "reference": "BLO-C24",
}  # fmt: skip
DAYS = {"valid_from": "2020-01-01", "valid_until": "2099-12-31"}


@dataclass(frozen=True)
class Desk:
    """Who asks: the first brewery's owner, the second's, and the first retailer's."""

    world: World
    app: Flask
    supplier: Client
    rival: Client
    retailer: Client


@pytest.fixture(scope="module")
def desk(module_database: object) -> Desk:
    world, app = make_world([CREDIT, CREDIT], buyers=2), application()
    supplier, rival = (
        program_of(app, make_member(Organisation(OrganisationKind.SUPPLIER, one.id), Role.OWNER))
        for one in world.sellers
    )
    buyer = make_member(Organisation(OrganisationKind.RETAILER, world.buyer.id), Role.OWNER)
    return Desk(world, app, supplier, rival, program_of(app, buyer))


@pytest.fixture(scope="module")
def shelf(desk: Desk) -> str:
    """A product that has a format of the reference TAKEN."""
    found = product(desk, "Étalage")["id"]
    made(desk.supplier, f"/products/{found}/formats", FORMAT | {"reference": "TAKEN"})
    return str(found)


def made(client: Client, path: str, body: dict[str, Any], *, status: int = 201) -> dict[str, Any]:
    answer = client.post(f"{API}{path}", json=body)
    assert answer.status_code == status, answer.json
    found: dict[str, Any] = answer.json
    return found


def product(desk: Desk, name: str, **more: Any) -> dict[str, Any]:
    return made(desk.supplier, "/products", {"name_fr": name, "name_en": name} | more)


def test_a_product_and_its_formats_are_kept(desk: Desk) -> None:
    """R050: container × units × packs, barcodes of each level; a deposit for each container."""
    blonde = product(desk, "Blonde du port", style="Blonde ale", description_fr="Maltée.", reference="BLO")
    can = str(desk.world.can_class_id)
    sold = made(desk.supplier, f"/products/{blonde['id']}/formats", FORMAT | {"container_class_id": can})
    assert (sold["containers_a_unit"], sold["unit_price"], sold["tax_codes"]) == (24, "58.8000", ["gst", "qst"])
    listed = desk.supplier.get(f"{API}/products?q=628504100011").json
    assert [one["id"] for one in listed["products"]] == [blonde["id"]]
    changed = desk.supplier.open(
        f"{API}/products/formats/{sold['id']}", "PUT", json=FORMAT | {"unit_price": "60", "units_a_pack": 6}
    ).json
    assert (changed["unit_price"], changed["containers_a_unit"], changed["units_a_pack"]) == ("60.0000", 0, 6)
    assert desk.rival.get(f"{API}/products/{blonde['id']}").status_code == 404
    refused = desk.retailer.get(f"{API}/products")
    assert (refused.status_code, refused.json["slug"]) == (404, "no-catalogue")


def test_a_taxes_rule_of_a_product_reaches_its_formats(desk: Desk) -> None:
    """Catalogue: tax rules by product; a format that says otherwise keeps its own."""
    bread = product(desk, "Pain de drêche")
    follows = made(desk.supplier, f"/products/{bread['id']}/formats", FORMAT | {"reference": "P1"})
    own = made(desk.supplier, f"/products/{bread['id']}/formats", FORMAT | {"reference": "P2", "tax_codes": ["gst"]})
    words = {"name_fr": "Pain de drêche", "name_en": "Spent grain bread", "tax_codes": []}
    found = desk.supplier.open(f"{API}/products/{bread['id']}", "PUT", json=words).json
    assert {one["id"]: one["tax_codes"] for one in found["formats"]} == {follows["id"]: [], own["id"]: ["gst"]}


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"barcode": "10628504100017"}, "barcode"),
        ({"pack_barcode": "123456"}, "pack_barcode"),
        ({"units_a_pack": 500, "packs_a_unit": 3}, "units_a_pack"),
        ({"container_class_id": "00000000-0000-0000-0000-000000000001"}, "container_class_id"),
        ({"reference": "TAKEN"}, "reference"),
        ({"name_fr": "  "}, "name_fr"),
        ({"unit_price": "1.00001"}, "unit_price"),
        ({"tax_codes": ["vat"]}, "tax_codes.0"),
    ],
)
def test_a_format_that_cannot_be_is_refused_at_its_field(
    desk: Desk, shelf: str, change: dict[str, Any], where: str
) -> None:
    """Bad input: check digits, bounds, references; the answer names the field, in both languages."""
    answer = desk.supplier.post(f"{API}/products/{shelf}/formats", json=FORMAT | {"reference": "NEW"} | change)
    assert answer.status_code in {409, 422}
    assert answer.json["where"] == where
    assert answer.json["details"]["fr"] != answer.json["details"]["en"]


def test_what_is_put_away_is_offered_no_more_and_comes_back(desk: Desk) -> None:
    """Catalogue: archive, never delete; a product takes its formats along and brings back those alone."""
    ipa = product(desk, "Rare du grenier")
    first, second = (
        made(desk.supplier, f"/products/{ipa['id']}/formats", FORMAT | {"reference": f"R{number}"}) for number in (1, 2)
    )
    made(desk.supplier, f"/products/formats/{first['id']}/archive", {"archived": True}, status=200)
    assert offered(desk, "Rare du grenier") == {second["id"]}
    made(desk.supplier, f"/products/{ipa['id']}/archive", {"archived": True}, status=200)
    assert offered(desk, "Rare du grenier") == set()
    made(desk.supplier, f"/products/{ipa['id']}/archive", {"archived": False}, status=200)
    assert offered(desk, "Rare du grenier") == {second["id"]}


def offered(desk: Desk, words: str) -> set[str]:
    found = desk.retailer.get(f"{API}/offers?seller_id={desk.world.seller.id}&q={words}").json
    return {one["format_id"] for one in found["offered"]}


def test_each_client_sees_its_own_offer_and_prices(desk: Desk) -> None:
    """R050, R112: what a retailer may order, at its own prices, with what more of it brings, and with the deposit."""
    stout = product(desk, "Stout de minuit")
    can = {"container_class_id": str(desk.world.can_class_id), "max_an_order": 12}
    sold = made(desk.supplier, f"/products/{stout['id']}/formats", FORMAT | can | {"reference": "ST"})
    hidden = {"buyer_ids": [str(desk.world.buyers[1].id)], "reference": "ST2"}
    made(desk.supplier, f"/products/{stout['id']}/formats", FORMAT | hidden)
    made(desk.supplier, f"/products/{stout['id']}/formats", FORMAT | {"listed": False, "reference": "ST3"})
    mine = {"buyer_ids": [str(desk.world.buyer.id)], "name_fr": "Liste", "name_en": "List", **DAYS}
    listed = [{"format_id": sold["id"], "unit_price": "50"}]
    made(desk.supplier, "/price-rules", {"kind": "list", "prices": listed} | mine)
    more = {"kind": "promotion", "percent_off": "10", "min_quantity": 5, "format_ids": [sold["id"]]}
    rule = made(desk.supplier, "/price-rules", more | mine)
    found = desk.retailer.get(f"{API}/offers?seller_id={desk.world.seller.id}&q=Stout").json
    (one,) = found["offered"]
    assert (one["unit_price"], one["base_price"], one["deposit_cents"]) == ("50.0000", "58.8000", 240)
    assert (one["max_an_order"], one["later"]) == (12, [{"quantity": 5, "unit_price": "45.0000"}])
    assert [step["kind"] for step in one["steps"]] == ["base", "list"]
    made(desk.supplier, f"/price-rules/{rule['id']}/archive", {"archived": True}, status=200)
    found = desk.retailer.get(f"{API}/offers?seller_id={desk.world.seller.id}&q=Stout").json
    assert found["offered"][0]["later"] == []
    assert desk.rival.get(f"{API}/price-rules/{rule['id']}").status_code == 404
    stranger = {"seller_id": str(desk.world.carrier_id)}
    assert desk.retailer.get(f"{API}/offers", query_string=stranger).status_code == 403


def test_deposits_have_days_and_a_taxed_class_says_who_decided(desk: Desk) -> None:
    """C17, law 21, T8: the table of a class by day; taxed kegs need a name behind the setting."""
    keg = {"code": "keg_20l", "kind": "keg", "name_fr": "Fût de 20 L", "name_en": "20 L keg", "unit_cents": 3000}
    first = made(desk.supplier, "/container-classes", keg | {"valid_from": "2024-01-01"})
    path = f"/container-classes/{first['id']}"
    later = made(desk.supplier, f"{path}/deposits", {"unit_cents": 5000, "valid_from": "2027-01-01"})
    assert [one["unit_cents"] for one in later["deposits"]] == [5000, 3000]
    made(desk.supplier, f"{path}/deposits", {"unit_cents": 1, "valid_from": "2027-01-01"}, status=409)
    words = {"name_fr": "Fût", "name_en": "Keg", "taxable": True}
    assert desk.supplier.open(f"{API}{path}", "PUT", json=words).status_code == 422
    decided = desk.supplier.open(f"{API}{path}", "PUT", json=words | {"decided_by": "Me Roy, CPA"})
    assert (decided.json["taxable"], decided.json["decided_by"]) == (True, "Me Roy, CPA")
    assert desk.rival.open(f"{API}{path}", "PUT", json=words | {"decided_by": "X"}).status_code == 404


def test_a_line_over_json_says_why_it_costs_that_much(desk: Desk) -> None:
    """R049: each line of an order explains its price, with the rule’s name, days and author."""
    cider = product(desk, "Cidre de garde")
    sold = made(desk.supplier, f"/products/{cider['id']}/formats", FORMAT | {"reference": "CI"})
    off = {"kind": "discount", "name_fr": "Rentrée", "name_en": "Back to school", "amount_off": "1.25", **DAYS}
    made(desk.supplier, "/price-rules", off | {"format_ids": [sold["id"]]})
    world = desk.world
    draft = {
        "seller_id": str(world.seller.id), "buyer_id": str(world.buyer.id), "site_id": str(world.buyer.site_id),
        "carrier_id": str(world.carrier_id), "items": [{"format_id": sold["id"], "quantity": 2}],
    }  # fmt: skip
    order = made(desk.retailer, "/orders", draft)
    base, discount = order["lines"][0]["price_steps"]
    assert (base["unit_price"], base["set_by"]) == ("58.8000", "Camille Roy")
    assert (discount["name"]["en"], discount["change"], discount["unit_price"]) == (
        "Back to school",
        "1.2500",
        "57.5500",
    )
    assert (discount["valid_from"], discount["set_by"]) == ("2020-01-01", "Camille Roy")
    assert order["net_cents"] == 11510
    too_much = draft | {"items": [{"format_id": sold["id"], "quantity": 2, "unit_price": "1"}]}
    made(desk.retailer, "/orders", too_much, status=403)


def test_an_allocation_is_set_and_ended(desk: Desk) -> None:
    """Catalogue: allocation of a scarce format, shown to its client and taken away again."""
    rare = product(desk, "Barrique 2026")
    sold = made(desk.supplier, f"/products/{rare['id']}/formats", FORMAT | {"reference": "BA"})
    share = made(desk.supplier, "/allocations", {"format_id": sold["id"], "quantity": 3, **DAYS})
    found = desk.retailer.get(f"{API}/offers?seller_id={desk.world.seller.id}&q=Barrique").json["offered"][0]
    assert found["allocation"] == 3
    assert desk.rival.delete(f"{API}/allocations/{share['id']}").status_code == 404
    assert desk.supplier.delete(f"{API}/allocations/{share['id']}").status_code == 204
    assert share["id"] not in {one["id"] for one in desk.supplier.get(f"{API}/allocations").json}
