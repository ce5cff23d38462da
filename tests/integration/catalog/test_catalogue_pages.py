"""The catalogue's pages: every one opens in both languages, every form does what it says and refuses at its field."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from flask import Flask

from server.core.web.caller import LANGUAGE_COOKIE
from server.identity.model import OrganisationKind, Role
from tests.factories.web import Client, Organisation, application, browser_of, make_member, program_of
from tests.factories.world import World, make_order, make_world

FORMAT = {
    "name_fr": "caisse de 6 × 4", "name_en": "case of 6 × 4", "sales_unit": "case", "unit_price": "58,8001",
    "weight_kg": "12,4", "container_ml": "473", "units_a_pack": "4", "packs_a_unit": "6", "listed": "1",
    "barcode": "10628504100018", "reference": "BLO-C24",
}  # fmt: skip


@dataclass(frozen=True)
class Desk:
    """A brewery's owner and a retailer's, in browsers."""

    world: World
    app: Flask
    supplier: Client
    retailer: Client


@pytest.fixture(scope="module")
def desk(module_database: object) -> Desk:
    world, app = make_world(buyers=2), application()
    people = (
        browser_of(app, make_member(Organisation(kind, org_id), Role.OWNER))
        for kind, org_id in (
            (OrganisationKind.SUPPLIER, world.seller.id),
            (OrganisationKind.RETAILER, world.buyer.id),
        )
    )
    return Desk(world, app, *people)


def shown(client: Client, path: str) -> str:
    for language in ("en", "fr"):
        client.flask.set_cookie(LANGUAGE_COOKIE, language)
        answer = client.get(path)
        assert answer.status_code == 200, path
    return answer.text


def sent(client: Client, path: str, form: dict[str, object]) -> str:
    answer = client.post(path, data=form)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"])


def test_a_product_is_made_sold_searched_and_put_away(desk: Desk) -> None:
    """Catalogue: pages to keep products: list, search, create, edit, archive."""
    words = {"name_fr": "Rousse d’octobre", "name_en": "October red", "style": "Rousse", "gst": "1", "qst": "1"}
    place = sent(desk.supplier, "/catalogue/produits", words)
    assert "Aucun format" in shown(desk.supplier, place)
    shown(desk.supplier, f"{place}/formats/nouveau")
    can = {"container_class_id": str(desk.world.can_class_id)}
    sent(desk.supplier, f"{place}/formats", FORMAT | can)
    page = shown(desk.supplier, "/catalogue?q=10628504100018")
    assert "Rousse d’octobre" in page
    assert "58,8001\u00a0$" in page
    (format_path,) = re.findall(r'href="(/catalogue/formats/[^"]+)"', page)
    assert 'value="58,8001"' in shown(desk.supplier, format_path)
    sent(desk.supplier, format_path, FORMAT | can | {"unit_price": "60", "max_an_order": "10"})
    assert "60,00\u00a0$" in shown(desk.supplier, place)
    assert "au plus 10" in shown(desk.retailer, "/offre?q=octobre")
    sent(desk.supplier, f"{place}/archives", {"archived": "1"})
    assert "Rousse d’octobre" not in shown(desk.supplier, "/catalogue")
    assert "Rousse d’octobre" in shown(desk.supplier, "/catalogue?etat=archives")
    assert "Rien ne correspond" in shown(desk.retailer, "/offre?q=octobre")


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"unit_price": "beaucoup"}, "unit_price"),
        ({"unit_price": ""}, "unit_price"),
        ({"barcode": "10628504100011"}, "barcode"),
        ({"weight_kg": "0,0001"}, "weight_kg"),
        ({"units_a_pack": "0"}, "units_a_pack"),
        ({"sales_unit": "barrel"}, "sales_unit"),
        ({"buyer_ids": "x"}, "buyer_ids"),
        ({"name_fr": "a" * 500}, "name_fr"),
        ({"name_fr": "a\x00b"}, "name_fr"),
    ],
)
def test_a_form_is_refused_at_its_field(desk: Desk, change: dict[str, str], where: str) -> None:
    """Bad input: the page's script shows the problem at the field that it names; what was typed stays."""
    with desk.app.test_request_context():
        place = sent(desk.supplier, "/catalogue/produits", {"name_fr": "X", "name_en": "X"})
    answer = desk.supplier.post(
        f"{place}/formats", data=FORMAT | {"reference": ""} | change, headers={"Accept": "application/problem+json"}
    )
    assert (answer.status_code, answer.json["where"]) == (422, where)


def test_prices_and_allocations_are_set_on_pages(desk: Desk) -> None:
    """R049: lists, discounts and dated promotions and allocations; an order's page explains its price."""
    case = str(desk.world.seller.case_id)
    rule = {"name_fr": "Liste des bars", "name_en": "Bar list", "valid_from": "2026-01-01", "kind": "list"}
    for kind in ("list", "discount", "promotion"):
        shown(desk.supplier, f"/catalogue/prix/nouveau/{kind}")
    sent(desk.supplier, "/catalogue/prix", rule | {"formats": case, f"price-{case}": "40,25"})
    promotion = {"kind": "promotion", "name_fr": "Oktoberfest", "name_en": "Oktoberfest", "percent_off": "12,5"}
    days = {"valid_from": "2026-01-01", "valid_until": "2026-12-31", "format_ids": case}
    place = sent(desk.supplier, "/catalogue/prix", promotion | days | {"buyer_ids": str(desk.world.buyer.id)})
    page = shown(desk.supplier, "/catalogue/prix")
    assert "−12,5\u00a0%" in page
    assert "Dépanneur 1" in page
    rule_id = place.rpartition("#r-")[2]
    assert 'value="12,50"' in shown(desk.supplier, f"/catalogue/prix/{rule_id}")
    order = shown(desk.retailer, f"/commandes/{make_order(desk.world)}")
    assert re.search(r"35,2188\u00a0\$.*Prix de base.*42,50\u00a0\$.*Liste des bars.*Oktoberfest", order, re.DOTALL)
    sent(desk.supplier, f"/catalogue/prix/{rule_id}/archives", {"archived": "1"})
    assert "Oktoberfest" in shown(desk.supplier, "/catalogue/prix?etat=archives")
    share = {"format_id": case, "quantity": "6", "valid_from": "2026-01-01", "valid_until": "2099-12-31"}
    sent(desk.supplier, "/catalogue/allocations", share)
    page = shown(desk.supplier, "/catalogue/allocations")
    assert "allocation 6" in shown(desk.retailer, "/offre")
    (end,) = re.findall(r'action="(/catalogue/allocations/[^"]+/finir)"', page)
    sent(desk.supplier, end, {})
    assert "Rien n’est compté par client" in shown(desk.supplier, "/catalogue/allocations")


def test_a_retailer_sees_what_is_left_of_its_allocation_before_it_orders(desk: Desk) -> None:
    """Allocation and maximum per order: in catalogue, form and API; the refusal says what is left."""
    case, seller = str(desk.world.seller.case_id), str(desk.world.seller.id)
    assert desk.retailer.member is not None
    program = program_of(desk.app, desk.retailer.member)

    def offered() -> dict[str, object]:
        rows = program.get(f"/api/v1/offers?seller_id={seller}").json["offered"]
        return next(one for one in rows if one["format_id"] == case)

    assert (offered()["allocation"], offered()["allocation_left"]) == (None, None)
    days = {"valid_from": "2026-01-01", "valid_until": "2099-12-31"}
    sent(desk.supplier, "/catalogue/allocations", {"format_id": case, "quantity": "600", **days})
    before = offered()["allocation_left"]
    assert isinstance(before, int)
    assert before < 600
    wanted = {
        "seller_id": seller, "buyer_id": str(desk.world.buyer.id), "site_id": str(desk.world.buyer.site_id),
        "carrier_id": str(desk.world.carrier_id), "items": [{"format_id": case, "quantity": before - 2}],
    }  # fmt: skip
    made = program.post("/api/v1/orders", json=wanted)
    assert made.status_code == 201, made.json
    assert (offered()["allocation_left"], offered()["allocation_until"]) == (2, "2099-12-31")
    assert "il vous en reste 2" in shown(desk.retailer, "/offre")
    form = shown(desk.retailer, f"/commandes/nouvelle?vendeur={seller}")
    assert re.search(r"de l’allocation, jusqu’au [^<]+: 2<", form)
    beyond = program.post("/api/v1/orders", json=wanted | {"items": [{"format_id": case, "quantity": 3}]})
    assert (beyond.status_code, beyond.json["slug"]) == (409, "over-allocation")
    assert "Il vous reste 2 de 600" in beyond.json["details"]["fr"]
    last = program.post("/api/v1/orders", json=wanted | {"items": [{"format_id": case, "quantity": 2}]})
    assert last.status_code == 201
    assert "tout est commandé" in shown(desk.retailer, "/offre")


def test_container_classes_are_kept_on_a_page(desk: Desk) -> None:
    """C17, C30: one's own classes with their table, a partner's to read; a taxed one says who decided."""
    keg = {"code": "keg_30l", "kind": "keg", "name_fr": "Fût de 30 L", "name_en": "30 L keg", "deposit": "30"}
    place = sent(desk.supplier, "/catalogue/contenants", keg | {"valid_from": "2024-01-01"})
    path = f"/catalogue/contenants/{place.rpartition('#c-')[2]}"
    sent(desk.supplier, f"{path}/consignes", {"deposit": "50,00", "valid_from": "2099-01-01"})
    words = {"name_fr": "Fût de 30 L", "name_en": "30 L keg", "taxable": "1"}
    assert desk.supplier.post(path, data=words).status_code == 422
    sent(desk.supplier, path, words | {"decided_by": "Nadia Roy, CPA"})
    page = shown(desk.supplier, "/catalogue/contenants")
    for said in ("50,00\u00a0$", "à venir", "Nadia Roy, CPA", "Canette"):
        assert said in page


def test_a_retailer_keeps_no_catalogue(desk: Desk) -> None:
    """Permission matrix: who only buys may see what is offered; there is no catalogue of its own to see, or to keep."""
    none = desk.retailer.get("/catalogue")
    assert (none.status_code, "ne tient pas de catalogue" in none.text) == (404, True)
    for path in ("/catalogue/prix", "/catalogue/contenants", "/catalogue/allocations"):
        assert desk.retailer.get(path).status_code == 403


def test_an_accountant_reads_the_catalogue_and_changes_nothing(desk: Desk) -> None:
    """Permission matrix (see the catalogue: supplier, accountant, admin): the list, without what only keepers do."""
    accountant = make_member(Organisation(OrganisationKind.SUPPLIER, desk.world.seller.id), Role.ACCOUNTANT)
    client, program = browser_of(desk.app, accountant), program_of(desk.app, accountant)
    page = shown(client, "/catalogue")
    (product, *_others) = program.get("/api/v1/products").json["products"]
    assert product["name_fr"] in page
    assert 'href="/catalogue"' in page
    assert "/catalogue/produits/" not in page
    assert "/catalogue/prix" not in page
    for path in ("price-rules", "allocations", "container-classes", f"products/{product['id']}"):
        assert program.get(f"/api/v1/{path}").status_code == 200
    for path in (f"/catalogue/produits/{product['id']}", "/catalogue/produits/nouveau", "/catalogue/contenants"):
        assert client.get(path).status_code == 403
    assert program.post("/api/v1/products", json={"name_fr": "x", "name_en": "x"}).status_code == 403
    assert program_of(desk.app, desk.retailer.member).get("/api/v1/price-rules").status_code == 404
