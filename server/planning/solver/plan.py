"""A plan: who drives where, when, and what was left out. Values only."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class _Value(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a plan."""


class Visit(_Value, frozen=True, kw_only=True):
    """A stop served, or a depot where the truck loads again; the other of the two is None."""

    stop: str | None
    depot: str | None = None
    arrives_s: int
    starts_s: int
    leaves_s: int

    @property
    def waits_s(self) -> int:
        """Return how long the truck stands before the service starts."""
        return self.starts_s - self.arrives_s


class PlannedPause(_Value, frozen=True, kw_only=True):
    """The driver's rest, taken on the way to visit number ``before`` (the number of visits: on the way home)."""

    before: int
    starts_s: int
    ends_s: int


class PlannedRoute(_Value, frozen=True, kw_only=True):
    """One truck's day."""

    vehicle: str
    departs_s: int
    returns_s: int
    visits: tuple[Visit, ...]
    distance_m: int
    pause: PlannedPause | None = None

    @property
    def duration_s(self) -> int:
        """Return the time between leaving and coming back."""
        return self.returns_s - self.departs_s

    @property
    def stops(self) -> tuple[str, ...]:
        """Return the stops in their order, without reloads."""
        return tuple(visit.stop for visit in self.visits if visit.stop is not None)


class Reason(StrEnum):
    """Why a stop is in no route."""

    SKILL = "skill"
    CAPACITY = "capacity"
    UNREACHABLE = "unreachable"
    WINDOW = "window"
    NO_ROOM = "no_room"
    NOT_WORTH = "not_worth"


class Unassigned(_Value, frozen=True, kw_only=True):
    """A stop left out, and why."""

    stop: str
    reason: Reason


class Plan(_Value, frozen=True, kw_only=True):
    """What the solver answers. ``cost`` counts trucks, metres and seconds driven, and prizes of stops left out."""

    routes: tuple[PlannedRoute, ...]
    unassigned: tuple[Unassigned, ...]
    cost: int
    distance_m: int
    duration_s: int
    iterations: int = 0
