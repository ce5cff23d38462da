"""A run that is cancelled, an order that is: what was made provisionally for it is let go, what is published stays."""

from __future__ import annotations

from typing import Any

import pytest

from server.identity.model import OrganisationKind, Role
from tests.conftest import Database
from tests.factories.billing import make_provisional
from tests.factories.order_doors import API, Trade, answered, kept, trade_in
from tests.factories.web import Client, Organisation, application, make_member
from tests.factories.world import ADJUST, CREDIT, RUN_DAY, make_runs, make_vehicle, make_world


@pytest.fixture(scope="module")
def trade(module_database: Database) -> Trade:
    """A supplier that adjusts, one that credits, and a truck."""
    del module_database
    world = make_world([ADJUST, CREDIT])
    make_vehicle(world)
    return trade_in(application(), world)


@pytest.fixture(scope="module")
def crediting(trade: Trade) -> Client:
    return trade.member(trade.world.sellers[1].id, OrganisationKind.SUPPLIER)


def states(client: Client, order: dict[str, Any]) -> list[str]:
    """Return how the invoices of an order stand, as somebody reads them."""
    invoices = answered(client.get("/api/v1/invoices", query_string={"order_id": order["id"]}))
    return [one["state"] for one in invoices]


def documented_run(trade: Trade) -> str:
    """Plan what waits, and make the papers."""
    (run_id,) = make_runs(trade.world, runs_on=RUN_DAY)
    answered(trade.dispatcher.post(f"/api/v1/runs/{run_id}/documents"))
    return str(run_id)


def provisional(trade: Trade) -> dict[str, Any]:
    """Return an accepted order on no run, for which a provisional invoice was left."""
    order = trade.order(accepted=True)
    make_provisional(trade.world, order["id"])
    assert states(trade.seller, order) == ["provisional"]
    return order


def test_a_cancelled_run_lets_its_provisional_invoices_go(trade: Trade, crediting: Client) -> None:
    """Section 4 (provisoire → annulée), C27, R043: through the API and on the page; then the order is edited again.

    What was published for the run stays, and so does its order's lock.
    """
    order = trade.order(accepted=True, planned_on=RUN_DAY.isoformat())
    seller = trade.world.sellers[1]
    credited = trade.order(
        by=crediting, seller_id=str(seller.id), planned_on=RUN_DAY.isoformat(),
        items=[{"format_id": str(seller.case_id), "quantity": 2}],
    )  # fmt: skip
    answered(crediting.post(f"{API}/{credited['id']}/accept", json={}))
    run_id = documented_run(trade)
    assert (states(trade.seller, order), states(crediting, credited)) == (["provisional"], ["published"])
    edit = f"{API}/{order['id']}/content"
    assert trade.seller.open(edit, "PUT", json=kept(order, quantities={0: 2})).status_code == 409
    run = answered(trade.dispatcher.post(f"/api/v1/runs/{run_id}/cancel"))
    assert (run["state"], states(trade.seller, order)) == ("cancelled", ["dropped"])
    assert states(crediting, credited) == ["published"]
    now = answered(trade.seller.get(f"{API}/{order['id']}"))
    assert (now["state"], now["billing_state"]) == ("accepted", "uninvoiced")
    edited = answered(trade.seller.open(edit, "PUT", json=kept(now, quantities={0: 2})))
    again = documented_run(trade)
    assert sorted(states(trade.seller, edited)) == ["dropped", "provisional"]
    assert trade.dispatcher.post(f"/tournees/{again}/annuler").status_code == 303
    assert states(trade.seller, edited) == ["dropped", "dropped"]
    assert trade.dispatcher.post(f"/api/v1/runs/{again}/cancel").status_code == 409


def test_what_a_run_left_behind_goes_when_the_order_is_billed_otherwise(trade: Trade) -> None:
    """R007: nothing provisional stands here for an order that is billed outside; page and API."""
    by_api, by_page = provisional(trade), provisional(trade)
    path = f"{API}/{by_api['id']}/billing"
    answered(trade.seller.open(path, "PUT", json={"billing_type": "platform"}))
    assert states(trade.seller, by_api) == ["provisional"]  # chosen already: nothing changes
    answered(trade.seller.open(path, "PUT", json={"billing_type": "external"}))
    page = f"/commandes/{by_page['id']}/facturation"
    told = {"facturation": "external", "revision": str(by_page["revision"])}
    assert trade.seller.post(page, data=told).status_code == 303
    assert (states(trade.seller, by_api), states(trade.seller, by_page)) == (["dropped"], ["dropped"])


def test_a_cancelled_order_leaves_no_provisional_invoice(trade: Trade) -> None:
    """Section 4 (annulée; provisoire → annulée): it bills nothing any more, whatever made the invoice."""
    order = provisional(trade)
    now = answered(trade.seller.post(f"{API}/{order['id']}/cancel", json={"reason": "plus voulu"}))
    assert (now["state"], states(trade.seller, order)) == ("cancelled", ["dropped"])


def test_what_was_loaded_for_a_cancelled_run_goes_back(trade: Trade) -> None:
    """Section 4 (tournée prête → annulée): the goods are in the warehouse again, and may be loaded for another run."""

    def on_trucks() -> int:
        return sum(one["on_trucks"] for one in answered(trade.seller.get("/api/v1/stock")))

    driver = make_member(Organisation(OrganisationKind.DISTRIBUTOR, trade.world.carrier_id), Role.DRIVER)
    trade.order(accepted=True, planned_on=RUN_DAY.isoformat())
    for rides in range(2):
        run_id = documented_run(trade)
        answered(trade.dispatcher.open(f"/api/v1/runs/{run_id}/driver", "PUT", json={"driver_id": str(driver.user_id)}))
        answered(trade.dispatcher.post(f"/api/v1/runs/{run_id}/load"))
        assert on_trucks() == 0, rides
        answered(trade.dispatcher.post(f"/api/v1/runs/{run_id}/ready"))
        assert on_trucks() > 0, rides
        answered(trade.dispatcher.post(f"/api/v1/runs/{run_id}/cancel"))
        assert on_trucks() == 0, rides
