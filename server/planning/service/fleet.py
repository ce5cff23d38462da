"""A carrier's trucks and its recurring delivery days."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import ClassVar, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core import facts
from server.core.acting import acting_org
from server.core.problems import NotFound, Problem, Text
from server.core.stamp import Stamp
from server.core.uniqueness import add_unique
from server.parties import queries as parties
from server.planning import events
from server.planning.model import DeliveryCycle, Vehicle

MAX_WEEKS: Final = 52
MINUTES_A_DAY: Final = 24 * 60
MAX_CAPACITY: Final = 10**8


class BadFleet(Problem):
    """A vehicle's or a cycle's figures cannot be."""

    slug = "bad-fleet"
    title = Text("Véhicule ou cycle invalide", "Invalid vehicle or cycle")


class NameTaken(Problem):
    """Another vehicle of the carrier has this name."""

    slug = "vehicle-name-taken"
    status: ClassVar[int] = 409
    title = Text("Nom déjà pris", "Name already taken")


def set_cycle(
    session: Session,
    *,
    name: str,
    first_on: date,
    every_weeks: int,
    stamp: Stamp,
    site_ids: Iterable[UUID] = (),
    seller_ids: Iterable[UUID] = (),
) -> DeliveryCycle:
    """Return a new cycle of the acting carrier: every so many weeks from a first day on (R074).

    Raises:
        BadFleet: fewer than 1 week or more than 52.
    """
    if not 1 <= every_weeks <= MAX_WEEKS:
        raise _bad("every_weeks", f"De 1 à {MAX_WEEKS} semaines.", f"1 to {MAX_WEEKS} weeks.")
    cycle = DeliveryCycle(
        owner_id=acting_org(session),
        name=name,
        first_on=first_on,
        every_weeks=every_weeks,
        site_ids=sorted(set(site_ids)),
        seller_ids=sorted(set(seller_ids)),
    )
    session.add(cycle)
    session.flush()
    facts.record(session, events.CYCLE_SET, cycle.id, stamp)
    return cycle


def drop_cycle(session: Session, *, cycle_id: UUID, stamp: Stamp) -> None:
    """End a cycle of the acting carrier; orders that have their day keep it.

    Raises:
        NotFound: there is no such cycle.
    """
    mine = select(DeliveryCycle).where(DeliveryCycle.id == cycle_id, DeliveryCycle.owner_id == acting_org(session))
    cycle = session.scalars(mine.with_for_update()).one_or_none()
    if cycle is None:
        raise NotFound(Text("Ce cycle n’existe pas.", "There is no such cycle."), where=str(cycle_id))
    session.delete(cycle)
    session.flush()
    facts.record(session, events.CYCLE_DROPPED, cycle_id, stamp)


def create_vehicle(
    session: Session,
    *,
    name: str,
    depot_site_id: UUID,
    capacity_g: int,
    capacity_units: int,
    stamp: Stamp,
    starts_min: int = 7 * 60,
    ends_min: int = 17 * 60,
    plate: str = "",
) -> Vehicle:
    """Return a new vehicle of the acting carrier, at one of its own depots.

    Raises:
        BadFleet: a capacity or a shift that cannot be, or a depot that is not the carrier's.
    """
    if not (0 < capacity_g <= MAX_CAPACITY and 0 < capacity_units <= MAX_CAPACITY):
        raise _bad("capacity_g", "Une capacité est positive.", "A capacity is positive.")
    if not 0 <= starts_min < ends_min <= MINUTES_A_DAY:
        raise _bad("starts_min", "La journée commence avant de finir.", "The day starts before it ends.")
    depot = parties.sites(session, site_ids=(depot_site_id,)).get(depot_site_id)
    if depot is None or depot.owner_id != acting_org(session):
        raise _bad("depot_site_id", "Ce dépôt n’est pas au transporteur.", "This depot is not the carrier’s.")
    vehicle = Vehicle(
        owner_id=acting_org(session),
        name=name,
        depot_site_id=depot_site_id,
        capacity_g=capacity_g,
        capacity_units=capacity_units,
        starts_min=starts_min,
        ends_min=ends_min,
        plate=plate,
    )
    add_unique(session, vehicle, taken=_taken(name))
    facts.record(session, events.VEHICLE_ADDED, vehicle.id, stamp)
    return vehicle


def _taken(name: str) -> NameTaken:
    return NameTaken(
        Text(
            f"Un véhicule s’appelle déjà «\u00a0{name}\u00a0». Choisir un autre nom.",
            f"A vehicle is already called “{name}”. Choose another name.",
        ),
        where="name",
    )


def _bad(where: str, fr: str, en: str) -> BadFleet:
    return BadFleet(Text(fr, en), where=where)
