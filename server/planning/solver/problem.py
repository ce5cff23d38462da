"""A planning problem: where the stops are, what they take, and what the trucks may do. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from server.planning.roads.matrix import Matrix

MAX_STOPS: Final = 10_000
MAX_VEHICLES: Final = 10_000
MAX_LOCATIONS: Final = MAX_STOPS + 100
MAX_DIMENSIONS: Final = 8
MAX_WINDOWS: Final = 16
MAX_FIGURE: Final = 10**12
"""The largest load, cost, time or distance of a problem: sums over a whole plan stay far inside 64 bits."""

type Id = Annotated[str, Meta(min_length=1, max_length=200)]
type Figure = Annotated[int, Meta(ge=0, le=MAX_FIGURE)]
type Load = Annotated[tuple[Figure, ...], Meta(max_length=MAX_DIMENSIONS)]
type Skills = Annotated[frozenset[Id], Meta(max_length=100)]


class _Value(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A part of a problem."""


class Window(_Value, frozen=True, kw_only=True):
    """A span in seconds on the problem's own clock (midnight, say, is 0), both ends included."""

    opens_s: Figure
    closes_s: Figure


class Pause(_Value, frozen=True, kw_only=True):
    """A rest of ``duration_s`` that lies whole inside the window; due when the truck is out for all of it."""

    opens_s: Figure
    closes_s: Figure
    duration_s: Figure = 1_800


class Location(_Value, frozen=True, kw_only=True):
    """A place. Positions are needed only where the matrices have to be estimated."""

    id: Id
    lon: Annotated[float, Meta(ge=-180, le=180)] | None = None
    lat: Annotated[float, Meta(ge=-90, le=90)] | None = None


class Depot(_Value, frozen=True, kw_only=True):
    """Where trucks start, end and load again."""

    id: Id
    location: Id


class Vehicle(_Value, frozen=True, kw_only=True):
    """One truck with its driver's day. ``capacities`` follow the problem's dimensions; None means no limit."""

    id: Id
    start_depot: Id
    end_depot: Id
    truck_class: Id = "truck"
    capacities: Load = ()
    shift: Window | None = None
    duration_limit_s: Figure | None = None
    distance_limit_m: Figure | None = None
    fixed_cost: Figure = 0
    cost_per_m: Figure = 1
    cost_per_s: Figure = 0
    skills: Skills = frozenset()
    reload_depots: Annotated[tuple[Id, ...], Meta(max_length=20)] = ()
    reload_limit: Annotated[int, Meta(ge=0, le=1_000)] | None = None
    pause: Pause | None = None


class Stop(_Value, frozen=True, kw_only=True):
    """One visit to make.

    Service starts inside one of ``windows`` (none given: any time). ``needs`` are skills the truck must have; a stop
    ``pinned_to`` a vehicle is served by it alone; a ``prize`` makes the stop optional, worth that cost. Its goods leave
    the depot no earlier than ``released_s``.
    """

    id: Id
    location: Id
    delivery: Load = ()
    pickup: Load = ()
    windows: Annotated[tuple[Window, ...], Meta(max_length=MAX_WINDOWS)] = ()
    service_s: Figure = 0
    needs: Skills = frozenset()
    pinned_to: Id | None = None
    prize: Figure | None = None
    released_s: Figure = 0

    @property
    def is_required(self) -> bool:
        """Say whether a legal plan must serve it."""
        return self.prize is None


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A whole problem. ``matrices`` holds, for each truck class, travel between ``locations`` in their order.

    Build it through ``checked``, which refuses what contradicts itself.
    """

    name: str
    dimensions: tuple[str, ...]
    locations: tuple[Location, ...]
    depots: tuple[Depot, ...]
    vehicles: tuple[Vehicle, ...]
    stops: tuple[Stop, ...]
    matrices: Mapping[str, Matrix] = field(repr=False)

    @cached_property
    def location_index(self) -> dict[str, int]:
        """Return the row of each location id in the matrices."""
        return {location.id: index for index, location in enumerate(self.locations)}

    @cached_property
    def stop_of(self) -> dict[str, Stop]:
        """Return the stops by id."""
        return {stop.id: stop for stop in self.stops}

    @cached_property
    def vehicle_of(self) -> dict[str, Vehicle]:
        """Return the vehicles by id."""
        return {vehicle.id: vehicle for vehicle in self.vehicles}

    @cached_property
    def depot_of(self) -> dict[str, Depot]:
        """Return the depots by id."""
        return {depot.id: depot for depot in self.depots}
