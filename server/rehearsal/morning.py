"""The morning that every rehearsed day begins with: runs planned, documented and loaded, tablets enrolled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Final
from uuid import UUID

from flask import Flask

from driver_app.actions.enrol import enrol
from driver_app.clock import Moment
from driver_app.platform.desktop import FileSecrets
from driver_app.tablet import open_tablet
from server.core.database import IDENTITY_ORG
from server.core.transaction import transaction
from server.fulfilment.service.documents import prepare_documents
from server.identity.model import Membership, OrganisationKind, Role
from server.identity.service import add_member, add_user, make_enrolment_code
from server.planning import service as planning
from server.planning.model import MatrixSource
from server.planning.service.plans import save_plan
from server.planning.solution import PlannedRun, PlannedStop, Solution
from server.rehearsal.clockwork import WorldTime
from server.rehearsal.doorway import Doorway
from server.rehearsal.founding import RUN_DAY, Trade, found_trade, place_order, stamp
from server.sync.jobs import build_run_bundle

DAWN: Final = datetime(2026, 11, 19, 12, 30, tzinfo=UTC)
TABLETS: Final = 2
_SHAPES: Final = ((2, 1), (1, 1), (3, 1), (1, 2))
_FIRST_STOP_S, _A_STOP_S = 8 * 3600, 1500


@dataclass(frozen=True, slots=True)
class Route:
    """A driver with the runs of the day and the folders of the tablets that are enrolled for them."""

    driver: Membership
    run_ids: tuple[UUID, ...]
    homes: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Morning:
    """Everything that stands at dawn."""

    trade: Trade
    routes: tuple[Route, ...]


def make_morning(app: Flask, time: WorldTime, homes: Path) -> Morning:
    """Found the trade, plan its runs and enrol two tablets for each driver, in an empty office."""
    chance = Random("the trade")
    trade = found_trade()
    drivers = [_hire(trade, number) for number in range(len(_SHAPES))]
    planned = [(driver, stops) for driver, shape in zip(drivers, _SHAPES, strict=True) for stops in shape]
    run_ids = _plan(trade, [tuple(_stops(trade, chance, stops)) for _, stops in planned])
    for (driver, _stops_of), run_id in zip(planned, run_ids, strict=True):
        _prepare(trade, driver, run_id)
    time.now_ms = int(DAWN.timestamp() * 1000)
    routes = []
    for number, driver in enumerate(drivers):
        mine = tuple(run_id for (who, _), run_id in zip(planned, run_ids, strict=True) if who is driver)
        tablets = tuple(homes / f"{number}-{tablet}" for tablet in range(TABLETS))
        for home in tablets:
            enrol_tablet(app, time, driver, home)
        routes.append(Route(driver, mine, tablets))
    return Morning(trade, tuple(routes))


def enrolment_code(driver: Membership) -> str:
    """Make a one-time code for one more tablet of a driver."""
    with transaction(driver.owner_id) as session:
        return make_enrolment_code(session, driver=driver, stamp=stamp()).code


def _hire(trade: Trade, number: int) -> Membership:
    name = f"Maïté Tremblay {number + 1}"
    with transaction(IDENTITY_ORG) as session:
        account = add_user(
            session, email=f"livreuse{number + 1}@dbo.example", display_name=name, password_hash="-",  # noqa: S106  # nobody signs in
            language="fr", stamp=stamp(),
        )  # fmt: skip
    with transaction(trade.carrier_id) as session:
        return add_member(
            session, organisation_id=trade.carrier_id, organisation_kind=OrganisationKind.DISTRIBUTOR,
            organisation_name="Distribution Boréale", account=account, roles=(Role.DRIVER,), stamp=stamp(),
        )  # fmt: skip


def _stops(trade: Trade, chance: Random, count: int) -> Iterator[tuple[int, tuple[UUID, ...]]]:
    """Yield the shop of each stop with one to three orders of different suppliers."""
    for shop in chance.sample(range(len(trade.shops)), count):
        suppliers = chance.sample(range(len(trade.suppliers)), chance.choice((1, 1, 2, 3)))
        yield (
            shop,
            tuple(
                place_order(
                    trade,
                    supplier=supplier,
                    shop=shop,
                    cases=chance.randint(1, 7),
                    kegs=chance.randint(0, 3),
                    discount_cents=chance.choice((0, 0, 333, 1001)),
                )
                for supplier in suppliers
            ),
        )


def _plan(trade: Trade, runs: list[tuple[tuple[int, tuple[UUID, ...]], ...]]) -> list[UUID]:
    with transaction(trade.carrier_id) as session:
        trucks = [
            planning.create_vehicle(
                session, name=f"Camion {number:02}", depot_site_id=trade.depot_id, capacity_g=9_000_000,
                capacity_units=900, stamp=stamp(),
            ).id
            for number in range(1, len(runs) + 1)
        ]  # fmt: skip
        plan_id = planning.request_plan(session, runs_on=RUN_DAY, seconds=1, seed=1, stamp=stamp()).id
        planned = tuple(_planned(trade, truck, stops) for truck, stops in zip(trucks, runs, strict=True))
        solution = Solution(runs=planned, left_out=(), cost=0, distance_m=0, violations=0)
        revisions = {str(order_id): 1 for stops in runs for _shop, order_ids in stops for order_id in order_ids}
        save_plan(
            session, plan_id=plan_id, solution=solution, order_revisions=revisions,
            matrix_source=MatrixSource.ESTIMATE, stamp=stamp(),
        )  # fmt: skip
    with transaction(trade.carrier_id) as session:
        return [run.id for run in planning.adopt_plan(session, plan_id=plan_id, stamp=stamp())]


def _planned(trade: Trade, truck: UUID, stops: tuple[tuple[int, tuple[UUID, ...]], ...]) -> PlannedRun:
    def stop(at: int, shop: int, order_ids: tuple[UUID, ...]) -> PlannedStop:
        starts_s = _FIRST_STOP_S + at * _A_STOP_S
        return PlannedStop(
            site_id=trade.shops[shop].site_id, buyer_id=trade.shops[shop].id, order_ids=order_ids,
            arrives_s=starts_s, starts_s=starts_s, leaves_s=starts_s + 600, leg_distance_m=2000, leg_duration_s=900,
        )  # fmt: skip

    return PlannedRun(
        vehicle_id=truck,
        departs_s=_FIRST_STOP_S - 900,
        returns_s=_FIRST_STOP_S + len(stops) * _A_STOP_S,
        distance_m=2000 * len(stops),
        stops=tuple(stop(at, shop, order_ids) for at, (shop, order_ids) in enumerate(stops)),
    )


def _prepare(trade: Trade, driver: Membership, run_id: UUID) -> None:
    with transaction(trade.carrier_id) as session:
        planning.assign_driver(
            session, run_id=run_id, driver_id=driver.user_id, driver_name=driver.display_name, stamp=stamp()
        )
        planning.prepare_run(session, run_id=run_id, stamp=stamp())
    with transaction(trade.carrier_id) as session:
        prepare_documents(session, run_id, stamp=stamp())
    with transaction(trade.carrier_id) as session:
        planning.load_run(session, run_id=run_id, stamp=stamp())
        planning.ready_run(session, run_id=run_id, stamp=stamp())
    build_run_bundle(owner_id=str(trade.carrier_id), subject_id=str(run_id))


def enrol_tablet(app: Flask, time: WorldTime, driver: Membership, home: Path) -> None:
    """Make a new tablet in ``home`` known to its carrier, by a one-time code."""
    tablet = open_tablet(home, FileSecrets(home / "keys"))
    try:
        now = Moment(time.now_ms, time.now_ms, "dawn")
        enrol(tablet, Doorway(app), code=enrolment_code(driver), name=home.name, now=now)
    finally:
        tablet.store.close()
