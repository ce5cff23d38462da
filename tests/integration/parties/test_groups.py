"""« Tous », its groups and its clients through their doors: each value, and where it comes from."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask

from server.core import clock
from server.identity.model import OrganisationKind, Role
from server.parties.model import BillingType
from tests.conftest import Database
from tests.factories.web import Client, Organisation, application, browser_of, make_member, program_of
from tests.factories.world import Buyer, Deal, World, make_world


@pytest.fixture(scope="module")
def world(module_database: Database) -> World:
    return make_world([Deal(net_days=30, auto_accept=True, min_items=2, min_value_cents=100_00)], buyers=3)


@pytest.fixture(scope="module")
def app(world: World) -> Flask:
    return application()


@pytest.fixture(scope="module")
def program(app: Flask, world: World) -> Client:
    return program_of(app, make_member(Organisation(OrganisationKind.SUPPLIER, world.seller.id)))


@pytest.fixture(scope="module")
def browser(app: Flask, world: World) -> Client:
    return browser_of(app, make_member(Organisation(OrganisationKind.SUPPLIER, world.seller.id)))


def settings(answer: Any) -> dict[str, tuple[Any, Any, str]]:
    return {one["name"]: (one["own"], one["inherited"], one["source"]) for one in answer.json["settings"]}


def everyone(program: Client) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in program.get("/api/v1/groups").json if one["is_everyone"])
    return found


def make_group(program: Client, name: str, **terms: Any) -> str:
    made = program.post("/api/v1/groups", json={"name": name, "terms": terms})
    assert made.status_code == 201, made.json
    group_id: str = made.json["id"]
    return group_id


def test_each_value_says_where_it_comes_from_and_tous_moves_only_what_is_unset(program: Client, world: World) -> None:
    """R067, R071, C2: field by field, client over group over « Tous »; a change of « Tous » moves only unset fields."""
    group_id = make_group(program, "Payeurs à risque", net_days=7, discount_bp=250)
    buyer = f"/api/v1/clients/{world.buyer.id}"
    put = program.open(buyer, "PUT", json={"group_id": group_id, "terms": {"note_fr": "Fragile"}})
    assert put.status_code == 200, put.json
    seen = settings(put)
    assert seen["net_days"] == (None, 7, "group")
    assert seen["note_fr"] == ("Fragile", "", "default")
    assert seen["min_items"] == (None, 2, "everyone")
    assert seen["deliver_with"] == (None, None, "agreement")
    assert seen["footer_fr"][2] == "seller"
    tous = everyone(program)
    own = {one["name"]: one["own"] for one in tous["settings"]} | {"net_days": 45, "min_items": 3}
    assert program.open(f"/api/v1/groups/{tous['id']}", "PUT", json=own).status_code == 200
    seen = settings(program.get(buyer))
    assert (seen["net_days"][1], seen["min_items"][1]) == (7, 3)
    other = settings(program.get(f"/api/v1/clients/{world.buyers[1].id}"))
    assert (other["net_days"], other["discount_bp"]) == ((None, 45, "everyone"), (None, 0, "default"))


def test_the_group_page_greys_the_inherited_and_goes_back_to_it(browser: Client, program: Client) -> None:
    """R071: the page shows each value's source; « Revenir à l'hérité » clears one field and keeps the others."""
    group_id = make_group(program, "Restaurants", net_days=10, min_items=6)
    page = browser.get(f"/groupes/{group_id}").text
    assert "Revenir à l’hérité" in page
    assert "Hérité de «\u00a0Tous\u00a0»" in page
    form = {"net_days": "10", "min_items": "6", "min_value_cents": "12,50", "discount_bp": "2,5", "auto_accept": "no"}
    saved = browser.post(f"/groupes/{group_id}", data=form | {"revert": "net_days"})
    assert saved.status_code == 303
    seen = settings(program.get(f"/api/v1/groups/{group_id}"))
    assert [seen[name][0] for name in form] == [None, 6, 1250, 250, False]


def order(program: Client, world: World, buyer: Buyer, *, kegs: int, planned_on: str | None = None) -> dict[str, Any]:
    """Order kegs through the API and submit them; return the order as it then is."""
    asked = {
        "seller_id": str(world.seller.id),
        "buyer_id": str(buyer.id),
        "site_id": str(buyer.site_id),
        "carrier_id": str(world.carrier_id),
        "planned_on": planned_on,
        "items": [{"format_id": str(world.seller.keg_id), "quantity": kegs}],
    }
    made = program.post("/api/v1/orders", json=asked)
    assert made.status_code == 201, made.json
    program.post(f"/api/v1/orders/{made.json['id']}/submit")
    found: dict[str, Any] = program.get(f"/api/v1/orders/{made.json['id']}").json
    return found


def test_a_group_alone_turns_automatic_acceptance_off(program: Client, world: World) -> None:
    """R067, R068, R070: « Payeurs à risque » by hand, the others still by themselves, at equality too."""
    tous = everyone(program)
    own = {one["name"]: one["own"] for one in tous["settings"]} | {"min_items": 3, "min_value_cents": 3 * 189_00}
    assert program.open(f"/api/v1/groups/{tous['id']}", "PUT", json=own).status_code == 200
    group_id = make_group(program, "À la main", auto_accept=False)
    risky, other = world.buyers[1], world.buyers[2]
    program.open(f"/api/v1/clients/{risky.id}", "PUT", json={"group_id": group_id})
    assert order(program, world, risky, kegs=3)["state"] == "pending"
    assert order(program, world, other, kegs=3)["state"] == "accepted"
    assert order(program, world, other, kegs=2)["state"] == "pending"


def test_the_golden_due_dates(program: Client, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """R075, R076, R077: accepted 12 May 2021, planned Thursday 20 May, net 30 → 19 June; no planned day → 11 June."""
    monkeypatch.setattr(clock, "now", lambda: datetime(2021, 5, 12, 15, 0, tzinfo=UTC))
    group_id = make_group(program, "Trente jours", net_days=30, emission="on_accept", auto_accept=True, min_items=0)
    program.open(f"/api/v1/clients/{world.buyer.id}", "PUT", json={"group_id": group_id})
    for planned_on, due_on in (("2021-05-20", "2021-06-19"), (None, "2021-06-11")):
        accepted = order(program, world, world.buyer, kegs=4, planned_on=planned_on)
        invoices = program.get(f"/api/v1/invoices?order_id={accepted['id']}").json
        assert [(one["state"], one["due_on"]) for one in invoices] == [("published", due_on)]


def test_groups_have_names_of_their_own_and_tous_stays(browser: Client, program: Client, world: World) -> None:
    """R071: « Tous » can neither go nor be renamed; a group that goes leaves its clients to « Tous »."""
    group_id = make_group(program, "Passager")
    assert program.post("/api/v1/groups", json={"name": "Passager"}).json["slug"] == "group-name-taken"
    tous = everyone(program)["id"]
    assert program.delete(f"/api/v1/groups/{tous}").status_code == 409
    assert browser.post(f"/groupes/{tous}/nom", data={"name": "Toutes"}).status_code == 409
    assert browser.post(f"/groupes/{group_id}/nom", data={"name": "De passage"}).status_code == 303
    renamed = program.open(f"/api/v1/groups/{group_id}/name", "PUT", json={"name": "Occasionnels"})
    assert (renamed.status_code, renamed.json["name"]) == (200, "Occasionnels")
    assert program.open(f"/api/v1/groups/{tous}/name", "PUT", json={"name": "Toutes"}).status_code == 409
    program.open(f"/api/v1/clients/{world.buyer.id}", "PUT", json={"group_id": group_id})
    assert program.delete(f"/api/v1/groups/{group_id}").status_code == 204
    assert program.get(f"/api/v1/clients/{world.buyer.id}").json["group_id"] is None


def test_an_accountant_sets_terms_of_payment_and_nothing_more(app: Flask, program: Client, world: World) -> None:
    """Section 3, « Set billing type, groups, minimums »: ○ for the accountant."""
    accountant = program_of(app, make_member(Organisation(OrganisationKind.SUPPLIER, world.seller.id), Role.ACCOUNTANT))
    group_id = make_group(program, "Comptes")
    path = f"/api/v1/groups/{group_id}"
    assert accountant.open(path, "PUT", json={"net_days": 15}).status_code == 200
    refused = accountant.open(path, "PUT", json={"net_days": 15, "billing_type": BillingType.EXTERNAL.value})
    assert (refused.status_code, refused.json["where"]) == (403, "billing_type")
    assert accountant.delete(path).status_code == 403
    assert settings(program.get(path))["billing_type"][0] is None


def test_figures_out_of_bounds_and_strangers_groups_are_refused(
    app: Flask, browser: Client, program: Client, world: World
) -> None:
    """Bad input and tenant fences: nothing changes."""
    group_id = make_group(program, "Bornes")
    assert browser.post(f"/groupes/{group_id}", data={"net_days": "trente"}).status_code == 422
    assert browser.post(f"/groupes/{group_id}", data={"discount_bp": "101"}).status_code == 422
    assert program.open(f"/api/v1/groups/{group_id}", "PUT", json={"net_days": 366}).status_code == 422
    other = program_of(app, make_member(Organisation(OrganisationKind.SUPPLIER)))
    assert other.get(f"/api/v1/groups/{group_id}").status_code == 404
    assert other.open(f"/api/v1/groups/{group_id}", "PUT", json={"net_days": 1}).status_code == 404
    foreign = program.open(f"/api/v1/clients/{world.buyer.id}", "PUT", json={"group_id": str(world.seller.id)})
    assert foreign.status_code == 404


def test_a_client_is_added_found_and_imported_on_pages(browser: Client) -> None:
    """C26: the list, a client without an account, and a file that is looked at before it is taken."""
    assert browser.post("/clients", data={"name": "Bar Léo", "email": "leo@exemple.ca"}).status_code == 303
    assert "Bar Léo" in browser.get("/clients?q=léo").text
    content = "No client;Nom\nX-1;Café Nord\n"
    seen = browser.post("/clients/importer", data={"do": "preview", "kept": content})
    assert "rien n’est encore écrit" in seen.text
    assert "Café Nord" not in browser.get("/clients").text
    assert "Importé." in browser.post("/clients/importer", data={"do": "import", "kept": content}).text
    assert "Café Nord" in browser.get("/clients").text
    faulty = browser.post("/clients/importer", data={"kept": "No client;Nom\nX-2;\n"})
    assert (faulty.status_code, "Cette cellule est vide" in faulty.text) == (422, True)


def test_a_seller_corrects_the_card_of_a_client_without_an_account_alone(
    browser: Client, program: Client, world: World
) -> None:
    """C26: by page and by program; what is left out stays, and a client with an account keeps its own."""
    made = program.post("/api/v1/clients", json={"name": "Bistro Avril", "email": "avril@exemple.ca"}).json["buyer_id"]
    form = {"name": "Bistro d’avril", "legal_name": "Avril inc.", "language": "en", "postal_code": "h2x1y6"}
    assert browser.post(f"/clients/{made}/fiche", data=form).status_code == 303
    assert 'value="H2X 1Y6"' in browser.get(f"/clients/{made}/reglages").text
    kept = program.open(f"/api/v1/clients/{made}/card", "PUT", json={"phone": "514 555-0100"}).json
    assert (kept["name"], kept["language"], kept["phone"], kept["email"]) == (
        "Bistro d’avril", "en", "514 555-0100", "",
    )  # fmt: skip
    refused = program.open(f"/api/v1/clients/{world.buyer.id}/card", "PUT", json={"phone": "1"})
    assert (refused.status_code, refused.json["slug"]) == (403, "keeps-its-own-card")
    assert browser.post(f"/clients/{world.buyer.id}/fiche", data=form).status_code == 403
    assert program.open(f"/api/v1/clients/{made}/card", "PUT", json={"name": " "}).json["where"] == "name"


def test_programs_add_invite_and_import_clients(program: Client, world: World) -> None:
    """C26, clients through the API: added without an account, invited by e-mail, imported with a dry run."""
    told = {"name": "Bistro Mai", "email": "mai@exemple.ca", "external_id": "B-1"}
    made = program.post("/api/v1/clients", json=told)
    assert (made.status_code, made.json["has_account"], made.json["external_id"]) == (201, False, "B-1"), made.json
    assert program.post("/api/v1/clients", json=told).json["slug"] == "client-number-taken"
    path = f"/api/v1/clients/{made.json['buyer_id']}"
    invited = program.post(f"{path}/invitation", json={"email": "mai@exemple.ca"})
    assert (invited.status_code, invited.json["roles"], invited.json["organisation_name"]) == (
        201, ["owner"], "Bistro Mai",
    )  # fmt: skip
    with_account = program.post(f"/api/v1/clients/{world.buyer.id}/invitation", json={"email": "x@exemple.ca"})
    assert with_account.json["slug"] == "keeps-its-own-card"
    kept = program.open(path, "PUT", json={"terms": {"net_days": 10}})
    assert kept.json["external_id"] == "B-1"
    assert program.open(path, "PUT", json={"external_id": "B-2"}).json["external_id"] == "B-2"
    csv = b"No client;Nom\nB-2;Bistro Mai\nB-3;Bistro Juin\n"
    dry = program.post("/api/v1/clients/import?dry_run=true", data=csv, headers={"Content-Type": "text/csv"})
    assert (dry.status_code, dry.json["dry_run"], dry.json["new"], dry.json["unchanged"]) == (200, True, 1, 1)
    assert program.get("/api/v1/clients?words=Juin").json == []
    done = program.post("/api/v1/clients/import", data=csv, headers={"Content-Type": "text/csv"})
    assert [(row["line"], row["verdict"]) for row in done.json["rows"]] == [(2, "unchanged"), (3, "new")]
    faulty = program.post("/api/v1/clients/import", data=b"No client;Nom\nB-4;\n")
    assert (faulty.status_code, faulty.json["slug"], faulty.json["faults"][0]["line"]) == (422, "faulty-rows", 2)


def test_an_organisation_keeps_its_own_card_footers_and_tax_numbers(
    app: Flask, browser: Client, program: Client, world: World
) -> None:
    """R006: the company's own footer and numbers, by page and by program; a later number ends the former one."""
    assert "Bas de facture" in browser.get("/entreprise").text
    form = {
        "name": "Brasserie Un",
        "language": "fr",
        "footer_fr": "Payer à\ncompte@un.example",
        "postal_code": "h2x1y6",
    }
    assert browser.post("/entreprise", data=form).status_code == 303
    seen = program.get("/api/v1/organisation").json
    assert (seen["name"], seen["footer_fr"], seen["postal_code"]) == (
        "Brasserie Un", "Payer à\ncompte@un.example", "H2X 1Y6",
    )  # fmt: skip
    assert program.get("/api/v1/session").json["organisation_name"] == "Brasserie Un"
    changed = program.open("/api/v1/organisation", "PUT", json={"footer_en": "Pay us."})
    assert (changed.json["footer_en"], changed.json["name"]) == ("Pay us.", "Brasserie Un")
    assert program.open("/api/v1/organisation", "PUT", json={"email": "non"}).json["where"] == "email"
    later = {"tax_code": "gst", "number": "999999999rt0001", "valid_from": "2027-01-01"}
    entered = program.post("/api/v1/organisation/tax-registrations", json=later)
    assert (entered.status_code, entered.json["number"]) == (200, "999999999 RT0001")
    days = {one["number"]: one["valid_until"] for one in program.get("/api/v1/organisation/tax-registrations").json}
    assert days["999999999 RT0001"] is None
    assert list(days.values()).count("2026-12-31") == 1
    same_day = browser.post("/entreprise/inscriptions", data=later | {"number": "888888888 RT0001"})
    assert same_day.status_code == 303
    assert "888888888 RT0001" in browser.get("/entreprise").text
    for wrong in ({"number": "12"}, {"valid_from": "2019-01-01"}, {"tax_code": "qst"}):
        refused = program.post("/api/v1/organisation/tax-registrations", json=later | wrong)
        assert (refused.status_code, refused.json["slug"]) == (422, "bad-tax-registration")
    driver = program_of(app, make_member(Organisation(OrganisationKind.SUPPLIER, world.seller.id), Role.DRIVER))
    assert driver.get("/api/v1/organisation").status_code == 403
