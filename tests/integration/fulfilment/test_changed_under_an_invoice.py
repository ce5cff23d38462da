"""An order that an invoice stands for is not changed; what the refusal says can be done, can be done."""

from __future__ import annotations

from typing import Any

import pytest

from server.identity.model import OrganisationKind, Role
from tests.conftest import Database
from tests.factories.billing import make_provisional
from tests.factories.corrections import billed, delivery_of, only_order
from tests.factories.hand_tablet import make_yard, short
from tests.factories.order_doors import API, Trade, answered, kept, trade_in
from tests.factories.web import Client, Organisation, application, browser_of, make_member
from tests.factories.world import ADJUST, CREDIT, RUN_DAY, make_order, make_runs, make_vehicle, make_world

Order = dict[str, Any]


@pytest.fixture
def trade(database: Database) -> Trade:
    """A supplier that adjusts, one that credits, and a truck."""
    del database
    world = make_world([ADJUST, CREDIT])
    make_vehicle(world)
    return trade_in(application(), world)


def ordered(trade: Trade, *, is_credited: bool = False) -> tuple[Client, Order]:
    """Return a supplier's program and its accepted order of the day of the run."""
    seller = trade.world.sellers[1 if is_credited else 0]
    client = trade.member(seller.id, OrganisationKind.SUPPLIER)
    items = [{"format_id": str(seller.case_id), "quantity": 4}]
    order = trade.order(by=client, seller_id=str(seller.id), planned_on=RUN_DAY.isoformat(), items=items)
    answered(client.post(f"{API}/{order['id']}/accept", json={}))
    return client, order


def on_a_run(trade: Trade, *, until: str) -> str:
    """Put what waits on a run that is documented, being loaded, or ready."""
    (run_id,) = make_runs(trade.world, runs_on=RUN_DAY)
    answered(trade.dispatcher.post(f"/api/v1/runs/{run_id}/documents"))
    driver = make_member(Organisation(OrganisationKind.DISTRIBUTOR, trade.world.carrier_id), Role.DRIVER)
    told = {"driver_id": str(driver.user_id)}
    answered(trade.dispatcher.open(f"/api/v1/runs/{run_id}/driver", "PUT", json=told))
    for step in {"documented": (), "loading": ("load",), "ready": ("load", "ready")}[until]:
        answered(trade.dispatcher.post(f"/api/v1/runs/{run_id}/{step}"))
    return str(run_id)


def change(client: Client, order: Order, *, cases: int) -> tuple[int, str]:
    """Change how many cases are ordered; return what the door answers, and its advice."""
    now = answered(client.get(f"{API}/{order['id']}"))
    answer = client.open(f"{API}/{order['id']}/content", "PUT", json=kept(now, quantities={0: cases}))
    return answer.status_code, answer.json.get("details", {}).get("fr", "")


def test_under_a_provisional_invoice_on_an_open_run_it_is_taken_off_first(trade: Trade) -> None:
    """R043, C1: the advice of the refusal works: off its run the provisional invoice is let go, and it is changed."""
    client, order = ordered(trade)
    run_id = on_a_run(trade, until="documented")
    status, advice = change(client, order, cases=2)
    assert (status, "retirer de sa tournée" in advice, "annuler" in advice) == (409, True, False)
    answered(trade.dispatcher.open(f"/api/v1/runs/{run_id}/orders/{order['id']}", "DELETE"))
    assert change(client, order, cases=2) == (200, "")


@pytest.mark.parametrize("until", ["loading", "ready"])
def test_under_a_provisional_invoice_on_a_loaded_run_the_run_is_cancelled_or_the_door_counts(
    trade: Trade, until: str
) -> None:
    """R043, C1, section 4: it cannot be taken off, and nothing is to be voided; the run may still be cancelled."""
    client, order = ordered(trade)
    run_id = on_a_run(trade, until=until)
    status, advice = change(client, order, cases=2)
    assert (status, "compter à la livraison" in advice, "annuler la tournée" in advice) == (409, True, True)
    assert "retirer de sa tournée" not in advice
    off = trade.dispatcher.open(f"/api/v1/runs/{run_id}/orders/{order['id']}", "DELETE")
    assert (off.status_code, "l’annuler" in off.json["details"]["fr"]) == (409, True)
    answered(trade.dispatcher.post(f"/api/v1/runs/{run_id}/cancel"))
    assert change(client, order, cases=2) == (200, "")


def test_what_has_left_under_a_provisional_invoice_is_counted_at_the_door(database: Database) -> None:
    """R043, R016, C1: nothing of it changes any more; what is counted is what is billed."""
    del database
    world = make_world([ADJUST])
    make_order(world)
    yard = make_yard(application(), world)
    tablet, order_id = yard.tablet, only_order(yard)
    seller = browser_of(yard.app, make_member(Organisation(OrganisationKind.SUPPLIER, world.seller.id)))
    tablet.depart()
    tablet.push()
    line = tablet.stop().orders[0].goods.lines[0]
    status, advice = change(seller, {"id": str(order_id)}, cases=line.quantity - 1)
    assert (status, "compter à la livraison" in advice, "annuler" in advice) == (409, True, False)
    tablet.visit(tablet.stop(), counted=short(line.line_id, line.quantity))
    tablet.push(2)
    delivery = delivery_of(yard, order_id)
    assert billed(delivery) == delivery.shown_total_cents > 0
    [invoice] = answered(seller.get("/api/v1/invoices", query_string={"order_id": str(order_id)}))
    status, advice = change(seller, {"id": str(order_id)}, cases=1)
    assert (status, invoice["number"] in advice, "crédit" in advice) == (409, True, True)


@pytest.mark.parametrize("until", ["documented", "ready"])
def test_under_a_published_invoice_it_is_voided_first(trade: Trade, until: str) -> None:
    """R043, C6: the advice of the refusal works on a loaded run, too."""
    client, order = ordered(trade, is_credited=True)
    on_a_run(trade, until=until)
    [invoice] = answered(client.get("/api/v1/invoices", query_string={"order_id": order["id"]}))
    status, advice = change(client, order, cases=2)
    assert (status, invoice["number"] in advice, "tournée" in advice) == (409, True, False)
    answered(client.post(f"/api/v1/invoices/{invoice['id']}/void", json={"reason": "Deux de moins"}))
    assert change(client, order, cases=2) == (200, "")


def test_a_provisional_invoice_of_no_run_is_let_go(trade: Trade) -> None:
    """C1, section 4 (provisoire → annulée): no paper rides with it, so nothing has to be done first."""
    order = trade.order(accepted=True)
    make_provisional(trade.world, order["id"])
    assert change(trade.seller, order, cases=2) == (200, "")
    invoices = answered(trade.seller.get("/api/v1/invoices", query_string={"order_id": order["id"]}))
    assert [one["state"] for one in invoices] == ["dropped"]
