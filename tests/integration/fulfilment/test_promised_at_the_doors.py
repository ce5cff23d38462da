"""One day at its doors: orders accepted by themselves, billed outside, or delivered by their own supplier."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask

from server.core.transaction import transaction
from server.documents.jobs import render_run
from server.identity.model import OrganisationKind
from server.parties.model import Emission
from server.planning import service as planning
from tests.conftest import Database
from tests.factories.hand_tablet import Yard, make_yard
from tests.factories.order_doors import API, Trade, answered, trade_in
from tests.factories.self_distributed import own_run
from tests.factories.web import Client, Organisation, application, make_member, program_of
from tests.factories.world import ADJUST, EXTERNAL, RUN_DAY, Deal, Seller, World, make_order, make_world, stamp

BY_ITSELF = Deal(emission=Emission.ON_ACCEPT, auto_accept=True)
OUTSIDE = Deal(billing_type=EXTERNAL.billing_type, emission=Emission.ON_ACCEPT, auto_accept=True)
DAY_MS = 24 * 3_600_000


@dataclass(frozen=True)
class Day:
    """A trade, and its run: an order billed on the platform and one billed outside, for the same shop."""

    trade: Trade
    yard: Yard
    platform: str
    outside: dict[str, Any]

    @property
    def world(self) -> World:
        return self.trade.world

    def owner(self, seller: Seller) -> Client:
        return program_of(self.trade.app, make_member(Organisation(OrganisationKind.SUPPLIER, seller.id)))

    def ordered_by_the_shop(self, seller: Seller, **more: Any) -> dict[str, Any]:
        """Return what an order became once the shop submitted it."""
        items = [{"format_id": str(seller.case_id), "quantity": 3}]
        body = self.trade.draft(seller_id=str(seller.id), items=items, **more)
        made = answered(self.trade.buyer.post(API, json=body), 201)
        order: dict[str, Any] = answered(self.trade.buyer.post(f"{API}/{made['id']}/submit"))
        return order

    def invoices_of(self, order_id: str, reader: Client) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = answered(reader.get(f"/api/v1/invoices?order_id={order_id}"))
        return found


@pytest.fixture(scope="module")
def day(module_database: Database) -> Day:
    """Build it once: the run has its papers, its tablet has the run, nothing is delivered yet."""
    del module_database
    app: Flask = application()
    world = make_world([BY_ITSELF, OUTSIDE, ADJUST])
    trade = trade_in(app, world)
    platform = str(make_order(world, seller=world.sellers[2]))
    made = Day(trade, None, platform, {})
    outside = made.ordered_by_the_shop(world.sellers[1])
    return Day(trade, make_yard(app, world), platform, outside)


def test_a_group_s_order_is_accepted_by_the_system_and_invoiced_once(day: Day) -> None:
    """R004, R069, R072, R074: its group says so; the shop reads who accepted, the one invoice and its due day."""
    seller = day.world.seller
    owner = day.owner(seller)
    with transaction(day.world.carrier_id) as session:
        planning.set_cycle(
            session, name="Jeudis", first_on=date(2026, 11, 12), every_weeks=2, seller_ids=[seller.id], stamp=stamp()
        )
    order = day.ordered_by_the_shop(seller)
    said = {one["kind"]: one["by_system"] for one in answered(day.trade.buyer.get(f"{API}/{order['id']}/timeline"))}
    assert (order["state"], said["submitted"], said["accepted"]) == ("accepted", False, True)
    for reader in (day.trade.buyer, owner):
        (invoice,) = day.invoices_of(order["id"], reader)
        assert (invoice["state"], invoice["total_cents"]) == ("published", order["total_cents"])
        assert invoice["due_on"] == (date.fromisoformat(order["planned_on"]) + timedelta(days=30)).isoformat()
    assert owner.post(f"{API}/{order['id']}/accept", json={}).status_code == 409
    assert len(day.invoices_of(order["id"], owner)) == 1


def test_a_group_that_stops_invoicing_at_acceptance_does(day: Day) -> None:
    """R072, R004: the same shop's next order waits for another trigger, once the group's setting says so."""
    owner = day.owner(day.world.seller)
    tous = next(one for one in answered(owner.get("/api/v1/groups")) if one["is_everyone"])
    own = {one["name"]: one["own"] for one in tous["settings"]}
    for emission, invoices in (("manual", 0), ("on_accept", 1)):
        answered(owner.open(f"/api/v1/groups/{tous['id']}", "PUT", json=own | {"emission": emission}))
        order = day.ordered_by_the_shop(day.world.seller)
        assert (order["state"], len(day.invoices_of(order["id"], owner))) == ("accepted", invoices)


def test_no_trigger_invoices_an_order_that_is_billed_outside(day: Day) -> None:
    """R007, R009: acceptance by itself, the run's papers, by hand, by the API: no invoice, and it is said why.

    The run's papers and the tablet's run hold none of it either, where the other order of the stop has its own.
    """
    owner, outside = day.owner(day.world.sellers[1]), day.outside["id"]
    assert (day.outside["state"], day.outside["deliver_with"]) == ("accepted", "po")
    run = f"/api/v1/runs/{day.yard.run_id}"
    answered(day.trade.dispatcher.post(f"{run}/documents"))
    render_run(owner_id=str(day.world.carrier_id), subject_id=str(day.yard.run_id))
    page = day.trade.member(day.world.sellers[1].id, OrganisationKind.SUPPLIER)
    for person, door in ((owner, f"{API}/{outside}/invoice"), (page, f"/commandes/{outside}/facturer")):
        told = {} if door.startswith(API) else {"data": {"revision": "1"}}
        refused = person.post(door, headers={"Accept": "application/problem+json"}, **told)
        assert (refused.status_code, refused.json["slug"]) == (409, "billed-outside"), door
        assert refused.json["details"]["fr"]
        assert refused.json["details"]["en"]
    chosen = day.trade.dispatcher.open(f"{API}/{outside}/deliver-with", "PUT", json={"deliver_with": "invoice"})
    assert chosen.status_code in {409, 422}, chosen.json
    papers = answered(day.trade.dispatcher.get(f"/api/v1/documents?run_id={day.yard.run_id}"))
    kinds = {
        order_id: {one["kind"] for one in papers if one["order_id"] == order_id} for order_id in (outside, day.platform)
    }
    assert not kinds[outside] & {"invoice", "provisional_invoice"}
    assert kinds[outside]
    bundled = {one.order_id: one for one in day.yard.tablet.stop().orders}
    assert (bundled[outside].prices, bundled[day.platform].prices is None) == (None, False)
    for reader in (owner, day.trade.buyer):
        assert day.invoices_of(outside, reader) == []


def test_at_sync_the_due_day_counts_from_the_real_delivery_and_nothing_from_outside(day: Day) -> None:
    """R074-R076, C10, R007: planned for the 19th, delivered on the 20th: due 30 days after the 20th.

    The order of the same stop that is billed outside is delivered and has no invoice.
    """
    owner = day.owner(day.world.sellers[2])
    (before,) = day.invoices_of(day.platform, owner)
    assert before["state"] == "provisional"
    tablet = day.yard.tablet
    tablet.depart()
    tablet.upload_signature()
    late = tablet.run.starts_at_ms + DAY_MS
    tablet.visit(tablet.stop(), envelope={"wall_ms": late})
    assert [one["status"] for one in tablet.push()["results"]] == ["applied", "applied"]
    (invoice,) = day.invoices_of(day.platform, owner)
    delivered_on = RUN_DAY + timedelta(days=1)
    assert (invoice["state"], invoice["due_on"]) == ("published", (delivered_on + timedelta(days=30)).isoformat())
    assert answered(day.trade.buyer.get(f"{API}/{day.outside['id']}"))["state"] == "delivered"
    assert day.invoices_of(day.outside["id"], day.owner(day.world.sellers[1])) == []


def test_a_supplier_that_delivers_itself_is_its_own_distributor(day: Day) -> None:
    """R048, section 3: « Auto-distribué »: it orders, accepts, plans, prints, drives and delivers by itself."""
    seller = day.world.sellers[2]
    own = own_run(day.trade.app, day.world, seller)
    assert (own.order["distribution"], own.order["carrier"]["id"]) == ("self_distributed", str(seller.id))
    assert day.trade.carrier.get(f"{API}/{own.order['id']}").status_code == 404
    own.tablet.depart()
    own.tablet.upload_signature()
    own.tablet.visit(own.tablet.stop())
    assert [one["status"] for one in own.tablet.push()["results"]] == ["applied", "applied"]
    assert answered(own.supplier.get(f"{API}/{own.order['id']}"))["state"] == "delivered"
    (invoice,) = day.invoices_of(own.order["id"], day.trade.buyer)
    assert (invoice["issuer_id"], invoice["total_cents"]) == (str(seller.id), own.order["total_cents"])
    lies = day.trade.draft(seller_id=str(seller.id), distribution="self_distributed")
    refused = own.supplier.post(API, json=lies | {"items": [{"format_id": str(seller.case_id), "quantity": 1}]})
    assert (refused.status_code, refused.json["where"]) == (422, "carrier_id"), refused.json
