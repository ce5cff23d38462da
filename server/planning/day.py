"""A day to plan as plain values: read in one short transaction, worked on outside any."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

type Leg = tuple[int, int]
"""Seconds and metres from one place to another."""

type Legs = Mapping[tuple[UUID, UUID], Leg]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A site as the planner sees it. Windows are local minutes after midnight."""

    site_id: UUID
    lat_e7: int
    lon_e7: int
    windows: tuple[tuple[int, int], ...] = ()
    service_s: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """One order to bring to a site."""

    order_id: UUID
    buyer_id: UUID
    site_id: UUID
    revision: int
    weight_g: int
    units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Truck:
    """A vehicle that is free that day. Its shift is local minutes after midnight."""

    vehicle_id: UUID
    name: str
    depot_site_id: UUID
    capacity_g: int
    capacity_units: int
    starts_min: int
    ends_min: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """Everything that planning a day needs; ``legs`` are those known for ``network``."""

    carrier_id: UUID
    runs_on: date
    zone: ZoneInfo
    places: tuple[Place, ...]
    trucks: tuple[Truck, ...]
    loads: tuple[Load, ...]
    network: str
    legs: Legs

    @property
    def order_revisions(self) -> dict[str, int]:
        """Return the revision of each order that was read, by order id."""
        return {str(load.order_id): load.revision for load in self.loads}
