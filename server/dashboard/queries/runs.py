"""Runs in lists and one run whole, with what really happened beside what was planned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from server.core.acting import acting_org
from server.core.problems import NotFound, Text
from server.delivery.model import Visit
from server.documents import queries as documents
from server.documents.model import Document, DocumentKind
from server.identity import queries as identity
from server.identity.model import Membership
from server.orders import queries as orders
from server.orders.model import Order
from server.parties.model import Organisation, Site
from server.planning.model import Run, Stop, Vehicle
from shared.states import RunState, StopState

ENDED = frozenset(
    {StopState.SIGNED, StopState.FAILED, StopState.SYNCED, StopState.REVIEWED, StopState.POSTPONED,
     StopState.RETURNED_TO_DEPOT}
)  # fmt: skip
BEFORE_LEAVING = (RunState.DRAFT, RunState.PREPARED, RunState.DOCUMENTED, RunState.LOADING, RunState.READY)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """One run of a list with its truck, its load and how far it is."""

    run: Run
    vehicle: Vehicle | None
    ended: int
    orders: int
    weight_g: int
    units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRow:
    """One stop with its place, orders and last visit."""

    stop: Stop
    site: Site | None
    buyer_name: str
    orders: Sequence[Order]
    visit: Visit | None

    @property
    def is_ended(self) -> bool:
        """Say whether the tablet is done with it."""
        return self.stop.state in ENDED

    @property
    def late_s(self) -> int:
        """Return how much later than planned the driver arrived; 0 when earlier or not there yet."""
        if self.stop.arrived_at is None:
            return 0
        return max(0, int((self.stop.arrived_at - self.stop.planned_at).total_seconds()))


@dataclass(frozen=True, slots=True, kw_only=True)
class RunWhole:
    """One run with everything that its page shows."""

    row: RunRow
    stops: Sequence[StopRow]
    depot: Site | None
    names: Mapping[UUID, str]
    documents: Sequence[Document]
    drivers: Sequence[Membership]

    def papers_of(self, kinds: Iterable[str]) -> list[Document]:
        """Return the run's papers of these kinds, by name."""
        return sorted((one for one in self.documents if one.kind.value in kinds), key=lambda one: one.name)

    @property
    def has_packet(self) -> bool:
        """Say whether the papers of this documentation lie ready."""
        since = self.row.run.documented_at
        made = [one.made_at for one in self.documents if one.kind is DocumentKind.RUN_PACKET]
        return since is not None and any(at >= since for at in made)


def list_runs(session: Session, *, day: date, driver_id: UUID | None = None) -> list[RunRow]:
    """Return the acting carrier's runs of a day by name, a driver's own alone when asked."""
    chosen = select(Run).where(Run.owner_id == acting_org(session), Run.runs_on == day)
    if driver_id is not None:
        chosen = chosen.where(Run.driver_id == driver_id)
    runs = session.scalars(
        chosen.order_by(Run.name, Run.id).options(selectinload(Run.stops).selectinload(Stop.orders))
    ).all()
    vehicles = _vehicles(session, {run.vehicle_id for run in runs})
    riding = _riding(session, runs)
    return [_row(run, vehicles, riding) for run in runs]


def run_whole(session: Session, *, run_id: UUID, driver_id: UUID | None = None) -> RunWhole:
    """Return a run of the acting carrier with stops, places, orders and papers.

    Raises:
        NotFound: there is none, it is somebody else's, or another driver's.
    """
    run = session.scalars(
        select(Run)
        .where(Run.id == run_id, Run.owner_id == acting_org(session))
        .options(selectinload(Run.stops).selectinload(Stop.orders))
    ).one_or_none()
    if run is None or (driver_id is not None and run.driver_id != driver_id):
        raise NotFound(Text("Cette tournée n’existe pas.", "There is no such run."), where=str(run_id))
    vehicles = _vehicles(session, {run.vehicle_id})
    riding = _riding(session, [run])
    return RunWhole(
        row=_row(run, vehicles, riding),
        stops=stop_rows(session, run, riding),
        depot=_depot(session, vehicles.get(run.vehicle_id)),
        names=organisation_names(session, {order.owner_id for order in riding.values()}),
        documents=[one for one in documents.of_run(session, run_id) if one.run_id == run_id],
        drivers=identity.drivers(session),
    )


def stop_rows(session: Session, run: Run, riding: Mapping[UUID, Order]) -> list[StopRow]:
    """Return the run's stops in their order, each with place, orders and last visit."""
    sites = _by_id(session, Site, {stop.site_id for stop in run.stops})
    names = organisation_names(session, {stop.buyer_id for stop in run.stops})
    visits = {
        visit.stop_id: visit
        for visit in session.scalars(select(Visit).where(Visit.run_id == run.id).order_by(Visit.position))
    }
    return [
        StopRow(
            stop=stop,
            site=sites.get(stop.site_id),
            buyer_name=names.get(stop.buyer_id, ""),
            orders=[riding[one.order_id] for one in stop.orders if one.order_id in riding],
            visit=visits.get(stop.id),
        )
        for stop in run.stops
    ]


def organisation_names(session: Session, org_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Return the names of those organisations that the acting one may read."""
    rows = session.execute(select(Organisation.id, Organisation.name).where(Organisation.id.in_(set(org_ids))))
    return {row[0]: row[1] for row in rows}


def riding_orders(session: Session, runs: Iterable[Run]) -> dict[UUID, Order]:
    """Return the orders that ride on these runs, with their lines, by id."""
    return _riding(session, runs)


def _row(run: Run, vehicles: Mapping[UUID, Vehicle], riding: Mapping[UUID, Order]) -> RunRow:
    mine = [riding[one.order_id] for stop in run.stops for one in stop.orders if one.order_id in riding]
    lines = [line for order in mine for line in order.lines]
    return RunRow(
        run=run,
        vehicle=vehicles.get(run.vehicle_id),
        ended=sum(stop.state in ENDED for stop in run.stops),
        orders=len(mine),
        weight_g=sum(line.quantity * line.weight_g for line in lines),
        units=sum(line.quantity for line in lines),
    )


def _riding(session: Session, runs: Iterable[Run]) -> dict[UUID, Order]:
    order_ids = [one.order_id for run in runs for stop in run.stops for one in stop.orders]
    return {order.id: order for order in orders.orders(session, order_ids=order_ids)}


def _vehicles(session: Session, vehicle_ids: set[UUID]) -> dict[UUID, Vehicle]:
    return _by_id(session, Vehicle, vehicle_ids)


def _depot(session: Session, vehicle: Vehicle | None) -> Site | None:
    return session.get(Site, vehicle.depot_site_id) if vehicle else None


def _by_id(session: Session, table: Any, ids: set[UUID]) -> dict[UUID, Any]:
    return {row.id: row for row in session.scalars(select(table).where(table.id.in_(ids)))}
