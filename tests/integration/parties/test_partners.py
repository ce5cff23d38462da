"""Relations and agreements: proposed, active, inactive, from either side."""

from __future__ import annotations

import pytest
from flask import Flask

from server.identity.model import OrganisationKind, Role
from server.notifications.following.jobs import tell_fact
from tests.conftest import Database
from tests.factories.matrix import make_organisation
from tests.factories.web import Client, Organisation, application, browser_of, make_member, program_of
from tests.factories.world import World, make_world


@pytest.fixture(scope="module")
def world(module_database: Database) -> World:
    return make_world(buyers=2)


@pytest.fixture(scope="module")
def app(world: World) -> Flask:
    return application()


@pytest.fixture(scope="module")
def seller(app: Flask, world: World) -> Client:
    return program_of(app, make_member(Organisation(OrganisationKind.SUPPLIER, world.seller.id)))


@pytest.fixture(scope="module")
def buyer(app: Flask, world: World) -> Client:
    return program_of(app, make_member(Organisation(OrganisationKind.RETAILER, world.buyer.id)))


@pytest.fixture(scope="module")
def carrier(app: Flask, world: World) -> Client:
    return program_of(app, make_member(Organisation(OrganisationKind.DISTRIBUTOR, world.carrier_id)))


def bond(client: Client, kind: str, other: str) -> str:
    return next(
        one["id"] for one in client.get("/api/v1/partners").json if one["kind"] == kind and one["other_id"] == other
    )


def say(client: Client, bond_id: str, word: str, **read: int) -> tuple[int, str]:
    answer = client.post(f"/api/v1/partners/{bond_id}/state", json={"say": word} | read)
    return answer.status_code, answer.json.get("state") or answer.json["slug"]


def order_status(seller: Client, world: World) -> int:
    asked = {
        "seller_id": str(world.seller.id),
        "buyer_id": str(world.buyer.id),
        "site_id": str(world.buyer.site_id),
        "carrier_id": str(world.carrier_id),
        "items": [{"format_id": str(world.seller.case_id), "quantity": 1}],
    }
    return seller.post("/api/v1/orders", json=asked).status_code


def test_either_side_ends_a_relation_and_the_other_answers_a_new_proposal(
    seller: Client, buyer: Client, world: World
) -> None:
    """R027, section 4 (relation): only an active one allows orders; who proposes does not accept."""
    relation = bond(seller, "relation", str(world.buyer.id))
    assert order_status(seller, world) == 201
    assert say(buyer, relation, "end") == (200, "inactive")
    assert order_status(seller, world) == 403
    assert say(seller, relation, "accept") == (409, "bond-not-proposed")
    assert say(seller, relation, "propose") == (200, "proposed")
    assert say(seller, relation, "accept") == (403, "forbidden")
    assert order_status(seller, world) == 403
    assert say(buyer, relation, "accept") == (200, "active")
    assert order_status(seller, world) == 201
    assert say(buyer, relation, "propose") == (200, "active")


def test_a_carrier_ends_an_agreement_and_the_seller_changes_its_terms(
    app: Flask, seller: Client, carrier: Client, world: World
) -> None:
    """R013, R048, C1, C28: policy, paper, threshold, billing agent and contest days are the seller's to set."""
    agreement = bond(carrier, "agreement", str(world.seller.id))
    assert say(carrier, agreement, "end") == (200, "inactive")
    assert order_status(seller, world) == 403
    assert say(carrier, agreement, "propose") == (200, "proposed")
    assert say(seller, agreement, "accept") == (200, "active")
    terms = {"settlement_policy": "credit", "credit_threshold_cents": 5000, "contest_days": 7}
    path = f"/api/v1/partners/{agreement}/terms"
    changed = seller.open(path, "PUT", json=terms)
    assert changed.status_code == 200, changed.json
    assert {name: changed.json[name] for name in terms} == terms
    assert carrier.open(path, "PUT", json=terms).status_code == 404
    assert seller.open(path, "PUT", json={"contest_days": 91}).status_code == 422
    assert seller.open(path, "PUT", json={"billing_agent_id": str(world.buyer.id)}).status_code == 422
    page = browser_of(app, seller.member) if seller.member else seller
    form = {
        "deliver_with": "invoice", "settlement_policy": "adjust", "contest_days": "10", "bills": "yes",
        "carrier_id": str(world.carrier_id),
    }  # fmt: skip
    assert page.post(f"/partenaires/{agreement}/entente", data=form).status_code == 303
    assert "facturation unique" in page.get("/partenaires").text
    assert order_status(seller, world) == 403
    assert say(seller, agreement, "accept") == (403, "forbidden")
    assert say(carrier, agreement, "accept", agent_fee_bp=0) == (200, "active")
    assert order_status(seller, world) == 201


def test_a_stranger_and_another_buyer_say_nothing(app: Flask, seller: Client, world: World) -> None:
    """Tenant fences: who is no side of a bond finds none."""
    relation = bond(seller, "relation", str(world.buyer.id))
    other = program_of(app, make_member(Organisation(OrganisationKind.RETAILER, world.buyers[1].id)))
    stranger = program_of(app, make_member(Organisation(OrganisationKind.SUPPLIER)))
    carrier = program_of(app, make_member(Organisation(OrganisationKind.DISTRIBUTOR, world.carrier_id)))
    for client in (other, stranger, carrier):
        assert say(client, relation, "end") == (404, "not-found")


def test_a_relation_is_proposed_by_a_code_from_either_side_and_the_other_is_told(
    app: Flask, seller: Client, world: World
) -> None:
    """R027, section 4 (relation: proposée, active): between accounts, found by a code that one side gives alone."""
    bar = make_organisation(OrganisationKind.RETAILER, "Bar Olive")
    olive = browser_of(app, make_member(Organisation(OrganisationKind.RETAILER, bar)))
    assert seller.get("/api/v1/partners/code").json == {"code": None}
    code = seller.post("/api/v1/partners/code").json["code"]
    typed = f" {code[:5].lower()}-{code[5:].lower()} "
    assert olive.post("/partenaires", data={"code": typed}).status_code == 303
    page = olive.get("/partenaires").text
    assert ("Brasserie 1" in page, "L’autre partie répond." in page) == (True, True)
    relation = bond(seller, "relation", str(bar))
    tell_fact(owner_id=str(world.seller.id), subject_id=relation)
    assert "Bar Olive propose une relation" in [one["title_fr"] for one in seller.get("/api/v1/inbox").json]
    assert str(bar) not in {one["buyer_id"] for one in seller.get("/api/v1/clients").json}
    assert say(seller, relation, "accept") == (200, "active")
    assert str(bar) in {one["buyer_id"] for one in seller.get("/api/v1/clients").json}
    tell_fact(owner_id=str(world.seller.id), subject_id=relation)
    assert "Brasserie 1 accepte une relation" in olive.get("/avis").text
    again = olive.post("/partenaires", data={"code": code}, headers={"Accept": "application/problem+json"})
    assert (again.status_code, again.json["slug"]) == (409, "partners-already")


def test_an_agreement_is_proposed_by_a_code_and_two_proposals_are_an_acceptance(
    app: Flask, seller: Client, world: World
) -> None:
    """R048: a supplier and a distributor; whoever proposes what the other one proposed accepts it."""
    vans = make_organisation(OrganisationKind.DISTRIBUTOR, "Les Camionnettes")
    carrier = program_of(app, make_member(Organisation(OrganisationKind.DISTRIBUTOR, vans)))
    theirs = carrier.post("/api/v1/partners/code").json["code"]
    made = seller.post("/api/v1/partners", json={"code": theirs})
    assert (made.status_code, made.json["kind"], made.json["state"], made.json["is_mine"]) == (
        201, "agreement", "proposed", True,
    )  # fmt: skip
    assert seller.post("/api/v1/partners", json={"code": theirs}).json["state"] == "proposed"
    ours = seller.post("/api/v1/partners/code").json["code"]
    assert carrier.post("/api/v1/partners", json={"code": ours}).json["state"] == "active"


def test_codes_lead_nowhere_else(app: Flask, seller: Client, buyer: Client, world: World) -> None:
    """R027: no list of organisations; a wrong, former or own code says the same, and tries are counted."""
    former = seller.post("/api/v1/partners/code").json["code"]
    own = seller.post("/api/v1/partners/code").json["code"]
    alone = Organisation(OrganisationKind.RETAILER, make_organisation(OrganisationKind.RETAILER, "Seul"))
    lone = program_of(app, make_member(alone))
    for code in (former, "ABCDEFGHJK", "’ OR 1=1", "-"):
        assert lone.post("/api/v1/partners", json={"code": code}).json["slug"] == "not-found"
    assert seller.post("/api/v1/partners", json={"code": own}).json["slug"] == "not-found"
    retailers = buyer.post("/api/v1/partners/code").json["code"]
    assert lone.post("/api/v1/partners", json={"code": retailers}).json["slug"] == "no-such-partnership"
    tried = [lone.post("/api/v1/partners", json={"code": "ABCDEFGHJK"}).status_code for _ in range(30)]
    assert tried[-1] == 429
    accountant = program_of(app, make_member(Organisation(OrganisationKind.SUPPLIER, world.seller.id), Role.ACCOUNTANT))
    assert accountant.post("/api/v1/partners", json={"code": own}).status_code == 403
