"""Plans and runs over JSON."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from flask import Flask

from server.identity.model import OrganisationKind, Role
from server.planning.jobs import solve_plan
from shared.ids import new_id
from tests.factories.web import Client, Organisation, browser_of, make_member, program_of
from tests.factories.world import RUN_DAY, World, make_order, make_vehicle, make_world

API = "/api/v1"
As = Callable[..., Client]
DAY = {"runs_on": RUN_DAY.isoformat()}


def carrier(world: World) -> Organisation:
    return Organisation(OrganisationKind.DISTRIBUTOR, world.carrier_id)


def solved(world: World, client: Client) -> str:
    asked = client.post(f"{API}/plans", json=DAY | {"seconds": 1})
    assert asked.status_code == 202
    assert asked.json["state"] == "requested"
    solve_plan(owner_id=str(world.carrier_id), subject_id=asked.json["id"])
    return asked.json["id"]


def test_a_dispatcher_plans_adopts_and_makes_the_papers(app: Flask) -> None:
    """R014, R015: plan, runs, driver, preparation, papers; the second download makes nothing."""
    world = make_world(buyers=3)
    for buyer in world.buyers:
        make_order(world, buyer=buyer)
    make_vehicle(world)
    dispatcher = browser_of(app, make_member(carrier(world), Role.DISPATCHER))
    driver = make_member(carrier(world), Role.DRIVER)
    plan_id = solved(world, dispatcher)
    assert dispatcher.get(f"{API}/plans/{plan_id}").json["progress"] == 100
    (run,) = dispatcher.post(f"{API}/plans/{plan_id}/adopt").json
    path = f"{API}/runs/{run['id']}"
    assert dispatcher.post(f"{path}/documents").status_code == 409
    named = dispatcher.open(f"{path}/driver", "PUT", json={"driver_id": str(driver.user_id)}).json
    assert named["driver_name"] == driver.display_name
    last = run["stops"][-1]["id"]
    moved = dispatcher.open(f"{path}/stops/{last}/position", "PUT", json={"position": 1}).json
    assert moved["run"]["stops"][0]["id"] == last
    assert moved["violations"] == []
    assert dispatcher.post(f"{path}/prepare").json["state"] == "prepared"
    assert dispatcher.post(f"{path}/documents").json["state"] == "documented"
    version = dispatcher.post(f"{path}/documents").json["version"]
    assert dispatcher.post(f"{path}/load").json["state"] == "loading"
    assert dispatcher.post(f"{path}/ready").json == dispatcher.get(path).json
    assert dispatcher.get(path).json["version"] == version
    assert browser_of(app, driver).get(path).json["state"] == "ready"


def test_asked_again_a_day_is_planned_once(app: Flask) -> None:
    """G2, R014: a repeated wish is one plan, and a run that is given to its driver again is the same version."""
    world = make_world()
    make_order(world)
    make_vehicle(world)
    dispatcher = browser_of(app, make_member(carrier(world), Role.DISPATCHER))
    driver = make_member(carrier(world), Role.DRIVER)
    wish = DAY | {"seconds": 1, "key": str(new_id())}
    plan, again = (dispatcher.post(f"{API}/plans", json=wish).json for _ in range(2))
    assert plan == again
    other = dispatcher.post(f"{API}/plans", json=wish | {"seconds": 2}).json
    assert (other["slug"], other["page"]) == ("key-used", f"/plans/{plan['id']}")
    assert len(dispatcher.get(f"{API}/plans?runs_on={RUN_DAY}").json) == 1
    solve_plan(owner_id=str(world.carrier_id), subject_id=plan["id"])
    (run,) = dispatcher.post(f"{API}/plans/{plan['id']}/adopt").json
    named = {"driver_id": str(driver.user_id)}
    versions = [dispatcher.open(f"{API}/runs/{run['id']}/driver", "PUT", json=named).json["version"] for _ in range(2)]
    assert versions[0] == versions[1]


def test_a_driver_sees_its_own_runs_alone(app: Flask) -> None:
    """Section 3: ○ read for the driver."""
    world = make_world()
    make_order(world)
    make_vehicle(world)
    dispatcher = browser_of(app, make_member(carrier(world), Role.DISPATCHER))
    (run,) = dispatcher.post(f"{API}/plans/{solved(world, dispatcher)}/adopt").json
    driver = browser_of(app, make_member(carrier(world), Role.DRIVER))
    assert driver.get(f"{API}/runs/{run['id']}").status_code == 404
    assert driver.get(f"{API}/runs", query_string=DAY).json == []
    assert len(dispatcher.get(f"{API}/runs", query_string=DAY).json) == 1


def test_trucks_and_delivery_days_are_kept_on_a_page(app: Flask) -> None:
    """R074: a cycle is set on the page, an accepted order takes its day, and a cycle that ends gives none.

    Trucks leave from any of the carrier's depots.
    """
    world = make_world()
    page = browser_of(app, make_member(carrier(world), Role.DISPATCHER))
    assert "Aucun jour de livraison" in page.get("/flotte").text
    cycle = {"name": "Jeudis", "first_on": "2026-11-26", "every_weeks": "2", "seller_ids": str(world.seller.id)}
    assert page.post("/flotte/cycles", data=cycle).status_code == 303
    supplier = program_of(app, make_member(Organisation(OrganisationKind.SUPPLIER, world.seller.id)))
    order = f"{API}/orders/{make_order(world, planned_on=None, accepted=False)}"
    planned = supplier.post(f"{order}/accept", json={}).json["planned_on"]
    (kept,) = page.get(f"{API}/cycles").json
    day = date.fromisoformat(planned)
    assert (day.weekday(), (day - date(2026, 11, 26)).days % 14) == (3, 0)
    assert "Brasserie 1" in page.get("/flotte").text
    assert page.post(f"/flotte/cycles/{kept['id']}/retirer").status_code == 303
    later = f"{API}/orders/{make_order(world, planned_on=None, accepted=False)}"
    assert supplier.post(f"{later}/accept", json={}).json["planned_on"] is None
    truck = {
        "name": "Camion 9", "plate": "L123456", "depot_site_id": str(world.depot_id), "capacity_kg": "3500,5",
        "capacity_units": "400", "starts_at": "06:30", "ends_at": "15:00",
    }  # fmt: skip
    assert page.post("/flotte/vehicules", data=truck).status_code == 303
    (made,) = page.get(f"{API}/vehicles").json
    assert (made["capacity_g"], made["starts_min"], made["ends_min"]) == (3_500_500, 390, 900)
    for wrong in ({"depot_site_id": str(world.buyer.site_id)}, {"starts_at": "25:00"}, {"capacity_kg": "0"}):
        assert page.post("/flotte/vehicules", data=truck | {"name": "Autre"} | wrong).status_code == 422
    assert page.delete(f"{API}/cycles/{kept['id']}").status_code == 404


def test_an_order_leaves_its_run(client_as: As) -> None:
    """Section 4: back to accepted; a supplier may not do it to the carrier's run."""
    world = make_world()
    order_id = make_order(world)
    make_order(world)
    make_vehicle(world)
    dispatcher = client_as(Role.DISPATCHER, carrier(world))
    (run,) = dispatcher.post(f"{API}/plans/{solved(world, dispatcher)}/adopt").json
    path = f"{API}/runs/{run['id']}/orders/{order_id}"
    supplier = client_as(Role.OWNER, Organisation(OrganisationKind.SUPPLIER, world.seller.id))
    assert supplier.delete(path).status_code == 404
    assert dispatcher.delete(path).json["run"]["stops"][0]["order_ids"] != [str(order_id)]
    assert dispatcher.delete(path).status_code == 404


def test_vehicles_and_cycles_are_kept_by_the_carrier(client_as: As) -> None:
    """R074: cycles of the distributor; bad figures are refused in words."""
    world = make_world()
    dispatcher = client_as(Role.DISPATCHER, carrier(world))
    truck = {"name": "Camion 9", "depot_site_id": str(world.depot_id), "capacity_g": 1000, "capacity_units": 10}
    assert dispatcher.post(f"{API}/vehicles", json=truck).status_code == 201
    assert dispatcher.post(f"{API}/vehicles", json=truck).status_code == 409
    assert dispatcher.post(f"{API}/vehicles", json=truck | {"name": "x", "ends_min": 1}).status_code == 422
    assert [one["name"] for one in dispatcher.get(f"{API}/vehicles").json] == ["Camion 9"]
    cycle = {"name": "Jeudis", "first_on": "2026-11-19", "every_weeks": 2}
    assert dispatcher.post(f"{API}/cycles", json=cycle).status_code == 201
    assert dispatcher.post(f"{API}/cycles", json=cycle | {"every_weeks": 0}).status_code == 422
    assert [one["every_weeks"] for one in dispatcher.get(f"{API}/cycles").json] == [2]


def test_a_day_out_of_this_century_is_refused(client_as: As) -> None:
    """Bad input: 422 with the field's name."""
    world = make_world()
    dispatcher = client_as(Role.DISPATCHER, carrier(world))
    answer = dispatcher.get(f"{API}/runs", query_string={"runs_on": "9999-12-31"})
    assert (answer.status_code, answer.json["where"]) == (422, "runs_on")
