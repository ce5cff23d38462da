"""A supplier that delivers itself (« Auto-distribué », R048): its order, truck, run and driver, through the doors."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import msgspec
from flask import Flask

from server.core.transaction import transaction
from server.identity.model import OrganisationKind, Role
from server.parties import service as parties
from server.planning.jobs import solve_plan
from server.sync.service.bundles import build_bundle
from shared.wire.bundle import BundleRun
from tests.factories.hand_tablet import HandTablet
from tests.factories.order_doors import answered
from tests.factories.web import Client, Organisation, make_member, program_of, tablet_of
from tests.factories.world import RUN_DAY, Seller, World, stamp

API = "/api/v1"


@dataclass(frozen=True)
class OwnRun:
    """A run of the supplier's own: documented and given to its driver, whose tablet has it."""

    supplier: Client
    driver: Client
    tablet: HandTablet
    run_id: str
    order: dict[str, Any]


def own_order(world: World, seller: Seller, supplier: Client, *, planned_on: date = RUN_DAY) -> dict[str, Any]:
    """Return an order that the supplier made for the first shop, to deliver itself, and accepted."""
    wanted = {
        "seller_id": str(seller.id), "buyer_id": str(world.buyer.id), "site_id": str(world.buyer.site_id),
        "carrier_id": str(seller.id), "distribution": "self_distributed", "planned_on": planned_on.isoformat(),
        "items": [{"format_id": str(seller.case_id), "quantity": 4}],
    }  # fmt: skip
    made = answered(supplier.post(f"{API}/orders", json=wanted), 201)
    answered(supplier.post(f"{API}/orders/{made['id']}/submit"))
    order: dict[str, Any] = answered(supplier.post(f"{API}/orders/{made['id']}/accept", json={}))
    return order


def own_run(app: Flask, world: World, seller: Seller) -> OwnRun:
    """Let the seller plan, prepare and document a run of its one order, each step at its door."""
    house = Organisation(OrganisationKind.SUPPLIER, seller.id)
    supplier, driver = program_of(app, make_member(house)), make_member(house, Role.DRIVER)
    order = own_order(world, seller, supplier)
    truck = {"name": "Camionnette", "depot_site_id": _brewery(seller), "capacity_g": 900_000, "capacity_units": 90}
    answered(supplier.post(f"{API}/vehicles", json=truck), 201)
    plan = answered(supplier.post(f"{API}/plans", json={"runs_on": RUN_DAY.isoformat(), "seconds": 1}), 202)
    solve_plan(owner_id=str(seller.id), subject_id=plan["id"])
    (run,) = answered(supplier.post(f"{API}/plans/{plan['id']}/adopt"), 201)
    path = f"{API}/runs/{run['id']}"
    answered(supplier.open(f"{path}/driver", "PUT", json={"driver_id": str(driver.user_id)}))
    assert answered(supplier.post(f"{path}/prepare"))["state"] == "prepared"
    assert answered(supplier.post(f"{path}/documents"))["state"] == "documented"
    with transaction(seller.id) as session:
        bundle = msgspec.json.decode(build_bundle(session, run["id"], stamp=stamp()).body, type=BundleRun)
    return OwnRun(supplier, program_of(app, driver), HandTablet(tablet_of(app, driver), bundle), run["id"], order)


def _brewery(seller: Seller) -> str:
    with transaction(seller.id) as session:
        site = parties.create_site(
            session, name="Brasserie", street="10, rue Ontario", city="Montréal", postal_code="H2X 1Y6",
            lat_e7=455160000, lon_e7=-735660000, service_s=0, stamp=stamp(),
        )  # fmt: skip
        return str(site.id)
