"""Places: position, hours, access, equipment and permit, kept by their owner or, without an account, by its seller."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask

from server.core.transaction import transaction
from server.identity.model import OrganisationKind
from server.parties import queries
from server.parties import service as parties
from tests.conftest import Database
from tests.factories.web import Client, Organisation, application, browser_of, make_member, program_of
from tests.factories.world import World, make_world, stamp

FORM = {
    "name": "Quai arrière", "street": "12, rue X", "city": "Montréal", "postal_code": "h2x1y6", "lat": "45,51",
    "lon": "-73.57", "windows": "8:00-12:00, 13h-17h", "service_min": "10", "access_note": "Sonner",
    "needs_tail_lift": "1", "needs_hand_truck": "1", "permit_number": "R-123",
}  # fmt: skip


@pytest.fixture(scope="module")
def world(module_database: Database) -> World:
    return make_world()


@pytest.fixture(scope="module")
def app(world: World) -> Flask:
    return application()


@pytest.fixture(scope="module")
def seller(app: Flask, world: World) -> Client:
    return browser_of(app, make_member(Organisation(OrganisationKind.SUPPLIER, world.seller.id)))


@pytest.fixture(scope="module")
def retailer(app: Flask, world: World) -> Client:
    return browser_of(app, make_member(Organisation(OrganisationKind.RETAILER, world.buyer.id)))


def test_a_retailer_keeps_its_place_with_all_that_a_driver_needs(retailer: Client, world: World) -> None:
    """R074: address, position, delivery windows, access notes, equipment needs, permit with expiry."""
    soon = date.today() + timedelta(days=12)  # noqa: DTZ011  # days apart, whatever the zone
    sent = retailer.post(f"/lieux/nouveau/{world.buyer.id}", data=FORM | {"permit_expires_on": soon.isoformat()})
    assert sent.status_code == 303
    with transaction(world.buyer.id) as session:
        site = queries.sites_of(session, org_id=world.buyer.id)[-1]
    assert (site.lat_e7, site.lon_e7, site.windows) == (455100000, -735700000, [[480, 720], [780, 1020]])
    assert (site.postal_code, site.service_s, site.equipment) == ("H2X 1Y6", 600, ["hand_truck", "tail_lift"])
    page = retailer.get("/lieux").text
    assert "échoit bientôt" in page
    assert "hayon" in page
    over = FORM | {"permit_expires_on": "2020-01-31", "windows": ""}
    assert retailer.post(f"/lieux/{site.id}", data=over).status_code == 303
    page = retailer.get("/lieux").text
    assert ("échu" in page, "toute la journée" in page) == (True, True)
    assert 'value="45.5100000"' in retailer.get(f"/lieux/{site.id}").text


def test_a_seller_keeps_the_places_of_clients_without_an_account_alone(
    seller: Client, retailer: Client, world: World
) -> None:
    """C26: a client with an account keeps its places itself; a stranger's are not there."""
    with transaction(world.seller.id) as session:
        leo = parties.add_client(session, name="Bar Léo", stamp=stamp()).buyer_id
    assert seller.post(f"/lieux/nouveau/{leo}", data=FORM).status_code == 303
    assert "Quai arrière" in seller.get(f"/clients/{leo}/lieux").text
    refused = seller.post(f"/lieux/nouveau/{world.buyer.id}", data=FORM)
    assert refused.status_code == 403
    assert retailer.post(f"/lieux/nouveau/{leo}", data=FORM).status_code == 404
    assert retailer.get(f"/clients/{leo}/lieux").status_code == 404


@pytest.mark.parametrize(
    "wrong", [{"lat": "91"}, {"lat": ""}, {"windows": "12:00-8:00"}, {"postal_code": "12345"}, {"service_min": "999"}]
)
def test_a_place_that_cannot_be_is_refused_on_the_page(retailer: Client, world: World, wrong: dict[str, str]) -> None:
    """Bad input: what is wrong, and what to write."""
    before = len(retailer.get("/lieux").text)
    assert retailer.post(f"/lieux/nouveau/{world.buyer.id}", data=FORM | wrong).status_code == 422
    assert len(retailer.get("/lieux").text) == before


PLACE = {
    "name": "Quai nord", "street": "14, rue X", "city": "Laval", "postal_code": "h7n 1a1", "lat_e7": 455500000,
    "lon_e7": -736900000, "windows": [[480, 720]], "service_s": 900, "equipment": ["tail_lift"],
    "permit_number": "R-9", "permit_expires_on": "2027-05-31",
}  # fmt: skip


def test_programs_keep_places_as_the_page_does(app: Flask, seller: Client, retailer: Client, world: World) -> None:
    """Places through the API: every field, kept by their owner, or by its seller without an account (C26)."""
    program = program_of(app, retailer.member)
    made = program.post("/api/v1/places", json=PLACE)
    assert (made.status_code, made.json["postal_code"], made.json["equipment"]) == (201, "H7N 1A1", ["tail_lift"])
    path = f"/api/v1/places/{made.json['id']}"
    changed = program.open(path, "PUT", json=PLACE | {"windows": [[780, 1020]], "access_note": "Cour"})
    assert (changed.json["windows"], changed.json["access_note"]) == ([[780, 1020]], "Cour")
    assert program.get(path).json == changed.json
    assert made.json["id"] in {one["id"] for one in program.get("/api/v1/places").json}
    wrong = program.post("/api/v1/places", json=PLACE | {"windows": [[720, 480]]})
    assert (wrong.status_code, wrong.json["slug"]) == (422, "bad-place")
    assert program.post("/api/v1/places", json=PLACE | {"postal_code": "12345"}).json["where"] == "postal_code"
    assert program.post("/api/v1/places", json=PLACE | {"name": " "}).json["where"] == "name"
    assert program.post("/api/v1/places", json=PLACE | {"lat_e7": 10**9}).status_code == 422
    office = program_of(app, seller.member)
    kept = office.post("/api/v1/clients", json={"name": "Bar Zoé"}).json["buyer_id"]
    theirs = office.post("/api/v1/places", json=PLACE | {"organisation_id": kept})
    assert theirs.status_code == 201
    assert [one["id"] for one in office.get(f"/api/v1/places?organisation_id={kept}").json] == [theirs.json["id"]]
    assert office.post("/api/v1/places", json=PLACE | {"organisation_id": str(world.buyer.id)}).status_code == 403
    assert program.get(f"/api/v1/places?organisation_id={kept}").status_code == 404
    assert program.get(f"/api/v1/places/{theirs.json['id']}").status_code == 404
