"""A day as the solver's problem: one stop for each site with all its orders, seconds from local midnight."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from server.planning.day import Day, Load, Place, Truck
from server.planning.roads import Matrix
from server.planning.solver import Depot, Location, Problem, Stop, Vehicle, Window, checked

DIMENSIONS: Final = ("weight_g", "units")
TRUCK_CLASS: Final = "truck"
COST_PER_M: Final = 1
COST_PER_S: Final = 10
"""A second of a driver costs as much as ten metres of road: about 36 $ an hour against 1 $ a kilometre."""
FIXED_COST: Final = 30_000


def pose(day: Day, matrix: Matrix) -> Problem:
    """Return the problem of a day; ``matrix`` is between ``day.places`` in their order.

    Raises:
        BadProblem: the day contradicts itself, e.g. it has no truck.
    """
    place_of = {place.site_id: place for place in day.places}
    depots = sorted({truck.depot_site_id for truck in day.trucks})
    return checked(
        Problem(
            name=f"{day.runs_on}",
            dimensions=DIMENSIONS,
            locations=tuple(Location(id=str(place.site_id)) for place in day.places),
            depots=tuple(Depot(id=str(site_id), location=str(site_id)) for site_id in depots),
            vehicles=tuple(vehicle_of(truck) for truck in day.trucks),
            stops=tuple(stop_of(place_of[site_id], loads) for site_id, loads in loads_by_site(day.loads).items()),
            matrices={TRUCK_CLASS: matrix},
        )
    )


def loads_by_site(loads: Iterable[Load]) -> dict[UUID, list[Load]]:
    """Return the orders of each site, in their order."""
    sites: dict[UUID, list[Load]] = {}
    for load in loads:
        sites.setdefault(load.site_id, []).append(load)
    return sites


def vehicle_of(truck: Truck) -> Vehicle:
    """Return a truck as the solver drives it, from its depot and back."""
    return Vehicle(
        id=str(truck.vehicle_id),
        start_depot=str(truck.depot_site_id),
        end_depot=str(truck.depot_site_id),
        truck_class=TRUCK_CLASS,
        capacities=(truck.capacity_g, truck.capacity_units),
        shift=Window(opens_s=truck.starts_min * 60, closes_s=truck.ends_min * 60),
        fixed_cost=FIXED_COST,
        cost_per_m=COST_PER_M,
        cost_per_s=COST_PER_S,
    )


def stop_of(place: Place, loads: Iterable[Load]) -> Stop:
    """Return the visit of a site with what its orders weigh and count."""
    brought = list(loads)
    return Stop(
        id=str(place.site_id),
        location=str(place.site_id),
        delivery=(sum(load.weight_g for load in brought), sum(load.units for load in brought)),
        windows=tuple(Window(opens_s=opens * 60, closes_s=closes * 60) for opens, closes in place.windows),
        service_s=place.service_s,
    )
