"""How runs, stops and orders stand once events took effect: from their own words."""

from __future__ import annotations

from typing import Final

from server.rehearsal.oracle_said import Expected, World

BACK: Final = frozenset({"back", "synced", "settled", "closed"})
"""A run that came back: it goes on by itself once all of it is here, and a person settles it."""
_ORDER_OF: Final = {
    "complete": "delivered",
    "partial": "partly_delivered",
    "refused": "not_delivered",
    "failed": "not_delivered",
}


def runs(world: World, expected: Expected) -> dict[str, frozenset[str]]:
    """Return the states in which each run may stand: what a tablet tells of one has left the depot with it."""
    told = {said["run_id"] for said, _ in expected.effects}
    returned = {said["run_id"] for said, _ in expected.effects if said["type"] == "run.returned"}
    return {
        run: BACK if run in returned else frozenset({"under_way" if run in told else "ready"}) for run in world.runs
    }


def stops(world: World, expected: Expected) -> dict[str, str]:
    """Return the state of each stop: a visit ends it, and the office has the visit."""
    told = {kind: {said["stop_id"] for said, _ in expected.effects if said["type"] == kind} for kind in _STEPS}
    return {stop: next((_STEPS[kind] for kind in _STEPS if stop in told[kind]), "planned") for stop in world.stops}


_STEPS: Final = {"visit.finished": "synced", "stop.arrived": "arrived"}


def orders(world: World, expected: Expected) -> dict[str, str]:
    """Return the state of each order that rides: as its last word says, else on the road once its run is."""
    told = {said["run_id"] for said, _ in expected.effects}
    return {
        order: _ORDER_OF[expected.outcomes[order][-1]]
        if order in expected.outcomes
        else "shipped"
        if run in told
        else "planned"
        for run, riding in world.stops.values()
        for order in riding
    }
