"""How one order is billed: chosen where it is made, changed and accepted, fixed once an invoice stands (R001, R012)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from server.identity.model import OrganisationKind, Role
from server.orders.model import Order
from server.parties.model import BillingType
from shared.ids import new_id
from tests.conftest import Database
from tests.factories.web import Client, Organisation, application, browser_of, make_member, program_of
from tests.factories.world import (
    ADJUST,
    AGENT,
    RUN_DAY,
    World,
    make_order,
    make_runs,
    make_vehicle,
    make_world,
    read_order,
)


@pytest.fixture(scope="module")
def world(module_database: Database) -> World:
    """One supplier that bills itself, one whose carrier may bill for it."""
    return make_world([ADJUST, AGENT])


class People:
    """Who knocks: a browser or a program of an organisation's member."""

    def __init__(self, world: World) -> None:
        self.world, self.app = world, application()

    def member(self, number: int, role: Role) -> Any:
        return make_member(Organisation(OrganisationKind.SUPPLIER, self.world.sellers[number].id), role)

    def page(self, number: int = 0, role: Role = Role.OWNER) -> Client:
        return browser_of(self.app, self.member(number, role))

    def program(self, number: int = 0, role: Role = Role.OWNER) -> Client:
        return program_of(self.app, self.member(number, role))

    def carrier(self, role: Role = Role.OWNER) -> Client:
        carrier = Organisation(OrganisationKind.DISTRIBUTOR, self.world.carrier_id)
        return program_of(self.app, make_member(carrier, role))

    def buyer(self) -> Client:
        buyer = Organisation(OrganisationKind.RETAILER, self.world.buyer.id)
        return program_of(self.app, make_member(buyer, Role.OWNER))


@pytest.fixture(scope="module")
def people(world: World) -> People:
    return People(world)


def order_of(world: World, order_id: UUID) -> Order:
    return read_order(order_id, acting=world.carrier_id)


def edited(order: Order, **more: str) -> dict[str, str]:
    """Return what the edit form sends when nothing of it is changed but ``more``."""
    kept = {f"q-{line.id}": str(line.quantity) for line in order.lines}
    return kept | {"revision": str(order.revision), "taxed": "1", "with_deposits": "1", "note": ""} | more


def test_it_is_chosen_on_the_page_of_a_new_order_and_through_the_api(world: World, people: People) -> None:
    """R001, R012: at the making of an order, on the form and through the API; without a choice its group decides."""
    client, seller, buyer = people.page(), world.seller, world.buyer
    form = client.get(f"/commandes/nouvelle?vendeur={seller.id}&client={buyer.id}").text
    assert 'name="facturation"' in form
    told = {
        "key": str(new_id()), "seller_id": str(seller.id), "buyer_id": str(buyer.id), "site_id": str(buyer.site_id),
        "way": str(world.carrier_id), f"n-{seller.case_id}": "2", "taxed": "1", "with_deposits": "1",
    }  # fmt: skip
    for said, wanted in (("external", BillingType.EXTERNAL), ("", BillingType.PLATFORM)):
        answer = client.post("/commandes/nouvelle", data=told | {"key": str(new_id()), "facturation": said})
        assert answer.status_code == 303, answer.text
        made = order_of(world, UUID(answer.location.rsplit("/", 1)[1]))
        assert (made.billing_type, made.deliver_with.value) == (wanted, "po" if said else "invoice")
    body = {name: told[name] for name in ("seller_id", "buyer_id", "site_id")} | {
        "carrier_id": str(world.carrier_id),
        "items": [{"format_id": str(seller.case_id), "quantity": 1}],
        "billing_type": "external",
    }
    made = people.program().post("/api/v1/orders", json=body)
    assert (made.status_code, made.json["billing_type"], made.json["is_billed_outside"]) == (201, "external", True)
    refused = client.post("/commandes/nouvelle", data=told | {"key": str(new_id()), "facturation": "gratuit"})
    assert "Choisir la facturation dans la liste." in refused.text


def test_it_is_chosen_at_the_acceptance_and_before_it(world: World, people: People) -> None:
    """R012, the reference « lors de l’approbation d’une commande »: page and API, saved, edited or accepted so."""
    order_id = make_order(world, accepted=False)
    client = people.page()
    assert "Enregistrer la facturation" in client.get(f"/commandes/{order_id}").text
    told = {"facturation": "external", "revision": "1"}
    assert client.post(f"/commandes/{order_id}/facturation", data=told).status_code == 303
    found = order_of(world, order_id)
    assert (found.billing_type, found.state.value, found.revision) == (BillingType.EXTERNAL, "pending", 2)
    page = client.get(f"/commandes/{order_id}").text
    assert "facturée dans un autre système" in page
    assert "Facturation externe" in page
    assert 'value="external" selected' in client.get(f"/commandes/{order_id}/modifier").text
    answer = client.post(f"/commandes/{order_id}/modifier", data=edited(found, facturation="platform"))
    assert answer.status_code == 303, answer.text
    assert order_of(world, order_id).billing_type is BillingType.PLATFORM
    told = {"facturation": "external", "revision": str(order_of(world, order_id).revision)}
    assert client.post(f"/commandes/{order_id}/accepter", data=told).status_code == 303
    found = order_of(world, order_id)
    assert (found.billing_type, found.state.value, found.deliver_with.value) == (BillingType.EXTERNAL, "accepted", "po")
    answer = people.program().open(f"/api/v1/orders/{order_id}/billing", "PUT", json={"billing_type": "platform"})
    assert (answer.status_code, answer.json["billing_type"]) == (200, "platform")
    answer = people.program().open(f"/api/v1/orders/{order_id}/billing", "PUT", json={"billing_type": "agent"})
    assert (answer.status_code, answer.json["slug"]) == (409, "no-billing-agent")


def test_an_agent_takes_over_and_gives_back_an_accepted_order(world: World, people: People) -> None:
    """R012, C28: the agent becomes the issuer, and the seller again, with the same total."""
    order_id = make_order(world, seller=world.sellers[1])
    before = order_of(world, order_id)
    assert (before.billing_type, before.issuer_id) == (BillingType.AGENT, world.carrier_id)
    path = f"/api/v1/orders/{order_id}/billing"
    assert people.program(1).open(path, "PUT", json={"billing_type": "platform"}).status_code == 200
    given = order_of(world, order_id)
    assert (given.issuer_id, given.total_cents) == (world.sellers[1].id, before.total_cents)
    told = {"billing_type": "agent", "one_invoice_a_stop": True}
    assert people.carrier().open(path, "PUT", json=told).status_code == 200  # it bills by the agreement
    back = order_of(world, order_id)
    assert (back.issuer_id, back.one_invoice_a_stop, back.total_cents) == (world.carrier_id, True, before.total_cents)


def test_who_may_not_choose_it_is_told_why(world: World, people: People) -> None:
    """R012, section 3: no buyer, no carrier that does not bill, no accountant; each refusal says what to do."""
    order_id = make_order(world, accepted=False)
    path, told = f"/api/v1/orders/{order_id}/billing", {"billing_type": "external"}
    for caller in (
        people.buyer(),
        people.carrier(),
        people.carrier(Role.DISPATCHER),
        people.program(0, Role.ACCOUNTANT),
    ):
        refused = caller.open(path, "PUT", json=told)
        assert (refused.status_code, bool(refused.json["details"]["fr"])) == (403, True)
    assert order_of(world, order_id).billing_type is BillingType.PLATFORM


def test_it_is_fixed_once_an_invoice_stands_and_the_page_says_so(world: World, people: People) -> None:
    """R012: the choice is not gone from the page but explained, and both doors refuse it with the same words."""
    order_id, client = make_order(world), people.page()
    assert client.post(f"/commandes/{order_id}/facturer", data={"revision": "1"}).status_code == 303
    page = client.get(f"/commandes/{order_id}").text
    assert "Facturation fixée" in page
    assert "Annuler la facture d’abord." in page
    refused = client.post(f"/commandes/{order_id}/facturation", data={"facturation": "external", "revision": "1"})
    assert (refused.status_code, "Annuler la facture d’abord." in refused.text) == (409, True)
    told = {"billing_type": "external"}
    answer = people.program().open(f"/api/v1/orders/{order_id}/billing", "PUT", json=told)
    assert (answer.status_code, answer.json["slug"]) == (409, "billing-fixed")
    assert order_of(world, order_id).billing_type is BillingType.PLATFORM
    same = people.program().open(f"/api/v1/orders/{order_id}/billing", "PUT", json={"billing_type": "platform"})
    assert same.status_code == 200


def test_an_order_on_a_run_is_taken_off_it_first(world: World, people: People) -> None:
    """R012, R014: a run's papers follow the billing of its orders."""
    order_id = make_order(world, planned_on=RUN_DAY)
    make_vehicle(world)
    make_runs(world, prepared=False)
    answer = people.program().open(f"/api/v1/orders/{order_id}/billing", "PUT", json={"billing_type": "external"})
    assert (answer.status_code, answer.json["slug"]) == (409, "billing-fixed")
    assert "Take it off the run" in answer.json["details"]["en"]


def test_a_group_set_over_http_bills_its_orders_so_until_one_is_invoiced(world: World, people: People) -> None:
    """R001, R012: « Tous » set to external; orders made then follow it, an invoiced one stays what it was."""
    program = people.program()
    invoiced = make_order(world)
    assert program.post(f"/api/v1/orders/{invoiced}/invoice").status_code == 200
    groups = program.get("/api/v1/groups").json
    everyone = next(one for one in groups if one["is_everyone"])
    was = {one["name"]: one["own"] for one in everyone["settings"] if one["own"] is not None}
    terms = was | {"billing_type": "external"}
    answer = program.open(f"/api/v1/groups/{everyone['id']}", "PUT", json=terms)
    assert answer.status_code == 200, answer.text
    try:
        after = make_order(world)
        assert order_of(world, after).billing_type is BillingType.EXTERNAL
        assert order_of(world, invoiced).billing_type is BillingType.PLATFORM
        assert program.post(f"/api/v1/orders/{after}/invoice").status_code == 409
    finally:
        program.open(f"/api/v1/groups/{everyone['id']}", "PUT", json=was)
