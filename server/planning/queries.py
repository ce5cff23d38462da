"""Reads over plans and runs, and over the orders that wait for a run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session, selectinload

from server.core.acting import acting_for, acting_org
from server.core.problems import NotFound, Text
from server.orders.model import Order
from server.parties import queries as parties
from server.parties.model import Site
from server.planning.calendar import earliest
from server.planning.day import Day, Leg, Load, Place, Truck
from server.planning.model import DeliveryCycle, Plan, RoadLeg, Run, Stop, StopOrder, Vehicle
from shared.states import OrderState, RunState

_ON_PAPER = (RunState.DOCUMENTED, RunState.LOADING, RunState.READY, RunState.UNDER_WAY)


def next_delivery_on(session: Session, *, carrier_id: UUID, seller_id: UUID, site_id: UUID, after: date) -> date | None:
    """Return the next day on which the carrier's cycles bring this seller's goods to this site, or None.

    A cycle without sites or sellers is for all of them.

    Source: R074-R076.
    """
    with acting_for(session, carrier_id):
        cycles = session.scalars(select(DeliveryCycle).where(DeliveryCycle.owner_id == carrier_id)).all()
    fitting = [
        cycle
        for cycle in cycles
        if (not cycle.site_ids or site_id in cycle.site_ids) and (not cycle.seller_ids or seller_id in cycle.seller_ids)
    ]
    return earliest(fitting, after=after)


def plan(session: Session, *, plan_id: UUID, lock: bool = False) -> Plan:
    """Return a plan of the acting carrier, locked for this transaction when asked.

    Raises:
        NotFound: there is none.
    """
    chosen = select(Plan).where(Plan.id == plan_id, Plan.owner_id == acting_org(session))
    found = session.scalars(chosen.with_for_update() if lock else chosen).one_or_none()
    if found is None:
        raise NotFound(Text("Ce plan n’existe pas.", "There is no such plan."), where=str(plan_id))
    return found


def plans_of_day(session: Session, *, runs_on: date) -> Sequence[Plan]:
    """Return the acting carrier's plans of a day, newest first."""
    return session.scalars(
        select(Plan)
        .where(Plan.owner_id == acting_org(session), Plan.runs_on == runs_on)
        .order_by(Plan.requested_at.desc(), Plan.id)
    ).all()


def run(session: Session, *, run_id: UUID) -> Run:
    """Return a run of the acting carrier with its stops and their orders.

    Raises:
        NotFound: there is none.
    """
    found = session.scalars(_with_stops().where(Run.id == run_id)).one_or_none()
    if found is None:
        raise NotFound(Text("Cette tournée n’existe pas.", "There is no such run."), where=str(run_id))
    return found


def runs_of_day(session: Session, *, runs_on: date) -> Sequence[Run]:
    """Return the acting carrier's runs of a day with their stops, by name."""
    return session.scalars(_with_stops().where(Run.runs_on == runs_on).order_by(Run.name, Run.id)).all()


def vehicles(session: Session) -> Sequence[Vehicle]:
    """Return the acting carrier's vehicles, by name."""
    return session.scalars(
        select(Vehicle).where(Vehicle.owner_id == acting_org(session)).order_by(Vehicle.name, Vehicle.id)
    ).all()


def cycles(session: Session) -> Sequence[DeliveryCycle]:
    """Return the acting carrier's delivery cycles, by name."""
    return session.scalars(
        select(DeliveryCycle)
        .where(DeliveryCycle.owner_id == acting_org(session))
        .order_by(DeliveryCycle.name, DeliveryCycle.id)
    ).all()


def orders_to_plan(session: Session, *, runs_on: date) -> Sequence[Order]:
    """Return the accepted orders that the acting carrier should bring on a day, late ones and undated ones included.

    An undated one that is wanted on a later day waits for it.
    """
    wanted = or_(Order.wanted_on.is_(None), Order.wanted_on <= runs_on)
    return session.scalars(
        select(Order)
        .where(
            Order.carrier_id == acting_org(session),
            Order.state == OrderState.ACCEPTED,
            or_(Order.planned_on <= runs_on, and_(Order.planned_on.is_(None), wanted)),
        )
        .options(selectinload(Order.lines))
        .order_by(Order.number, Order.id)
    ).all()


def next_day_to_plan(session: Session, *, after: date) -> date:
    """Return the first day from ``after`` on with waiting orders, else the last such day, else ``after``."""
    day = func.coalesce(Order.planned_on, Order.wanted_on)
    waiting = select(day).where(
        Order.carrier_id == acting_org(session), Order.state == OrderState.ACCEPTED, day.is_not(None)
    )
    coming = session.scalar(waiting.where(day >= after).order_by(day).limit(1))
    return coming or session.scalar(waiting.order_by(day.desc()).limit(1)) or after


def read_day(session: Session, *, runs_on: date, network: str) -> Day:
    """Return what planning a day needs, as plain values: free trucks, waiting orders, their places, kept legs."""
    trucks = _free_trucks(session, runs_on)
    loads = tuple(load_of(order) for order in orders_to_plan(session, runs_on=runs_on))
    site_ids = {load.site_id for load in loads} | {truck.depot_site_id for truck in trucks}
    places = tuple(place_of(site) for _, site in sorted(parties.sites(session, site_ids=site_ids).items()))
    known = {place.site_id for place in places}
    return Day(
        carrier_id=acting_org(session),
        runs_on=runs_on,
        zone=parties.zone_of(session, org_id=acting_org(session)),
        places=places,
        trucks=trucks,
        loads=tuple(load for load in loads if load.site_id in known),
        network=network,
        legs=kept_legs(session, network=network, site_ids=known),
    )


def kept_legs(session: Session, *, network: str, site_ids: Iterable[UUID]) -> dict[tuple[UUID, UUID], Leg]:
    """Return the legs kept between these sites on a road network: seconds and metres."""
    wanted = set(site_ids)
    rows = session.execute(
        select(RoadLeg.from_site_id, RoadLeg.to_site_id, RoadLeg.duration_s, RoadLeg.distance_m).where(
            RoadLeg.owner_id == acting_org(session),
            RoadLeg.network == network,
            RoadLeg.from_site_id.in_(wanted),
            RoadLeg.to_site_id.in_(wanted),
        )
    )
    return {(row.from_site_id, row.to_site_id): (row.duration_s, row.distance_m) for row in rows}


def run_of_order(session: Session, *, order_id: UUID) -> Run | None:
    """Return the live run that an order rides on, without its stops, or None."""
    return session.scalars(
        select(Run)
        .join(Stop, Stop.run_id == Run.id)
        .join(StopOrder, StopOrder.stop_id == Stop.id)
        .where(StopOrder.order_id == order_id, Run.state != RunState.CANCELLED)
        .order_by(Run.runs_on.desc())
        .limit(1)
    ).one_or_none()


def run_to_visit(session: Session, *, order_id: UUID) -> Run | None:
    """Return the documented run that is still to bring an order to its stop, without its stops, or None."""
    return session.scalars(
        select(Run)
        .join(Stop, Stop.run_id == Run.id)
        .join(StopOrder, StopOrder.stop_id == Stop.id)
        .where(StopOrder.order_id == order_id, Run.state.in_(_ON_PAPER), Stop.finished_at.is_(None))
        .order_by(Run.runs_on.desc())
        .limit(1)
    ).one_or_none()


def run_on_paper(session: Session, *, run_id: UUID) -> Run | None:
    """Return a run that is documented and not back yet, without its stops, or None."""
    return session.scalars(select(Run).where(Run.id == run_id, Run.state.in_(_ON_PAPER))).one_or_none()


def load_of(order: Order) -> Load:
    """Return an order as the planner loads it; ``order.lines`` must be loaded."""
    return Load(
        order_id=order.id,
        buyer_id=order.buyer_id,
        site_id=order.site_id,
        revision=order.revision,
        weight_g=sum(line.quantity * line.weight_g for line in order.lines),
        units=sum(line.quantity for line in order.lines),
    )


def place_of(site: Site) -> Place:
    """Return a site as the planner sees it."""
    return Place(
        site_id=site.id,
        lat_e7=site.lat_e7,
        lon_e7=site.lon_e7,
        windows=tuple((opens, closes) for opens, closes in site.windows),
        service_s=site.service_s,
    )


def truck_of(vehicle: Vehicle) -> Truck:
    """Return a vehicle as the planner drives it."""
    return Truck(
        vehicle_id=vehicle.id,
        name=vehicle.name,
        depot_site_id=vehicle.depot_site_id,
        capacity_g=vehicle.capacity_g,
        capacity_units=vehicle.capacity_units,
        starts_min=vehicle.starts_min,
        ends_min=vehicle.ends_min,
    )


def _free_trucks(session: Session, runs_on: date) -> tuple[Truck, ...]:
    busy = select(Run.vehicle_id).where(Run.runs_on == runs_on, Run.state != RunState.CANCELLED)
    free = session.scalars(
        select(Vehicle)
        .where(Vehicle.owner_id == acting_org(session), Vehicle.id.not_in(busy))
        .order_by(Vehicle.name, Vehicle.id)
    )
    return tuple(truck_of(vehicle) for vehicle in free)


def _with_stops() -> Select[Run]:
    return select(Run).options(selectinload(Run.stops).selectinload(Stop.orders))
