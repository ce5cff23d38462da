"""How runs, stops and orders stand once events took effect, and what each visit must say: from their own words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from server.rehearsal.oracle_clock import when_sealed
from server.rehearsal.oracle_money import Json
from server.rehearsal.oracle_said import Expected, Taken, World

BACK: Final = frozenset({"back", "synced", "settled", "closed"})
"""A run that came back: it goes on by itself once all of it is here, and a person settles it."""
_ORDER_OF: Final = {
    "complete": "delivered",
    "partial": "partly_delivered",
    "refused": "not_delivered",
    "failed": "not_delivered",
}
SIGNED: Final = ("failure", "signer_name", "signer_role", "signature_sha256", "picture_sha256", "root", "driver_id")


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
        order: "accepted"
        if order in expected.reopened
        else _ORDER_OF[expected.outcomes[order][-1]]
        if order in expected.outcomes
        else "shipped"
        if run in told
        else "planned"
        for run, riding in world.stops.values()
        for order in riding
    }


def visits(expected: Expected) -> dict[tuple[str, int], tuple[int | None, tuple[Any, ...]]]:
    """Return of each visit when it was sealed, None where its clock is known to be wrong, and what stands of it."""
    return {
        (taken.device, taken.seq): (when_sealed(said, taken.received_ms), _signed(said, taken))
        for said, taken in expected.effects
        if said["type"] == "visit.finished"
    }


def _signed(said: Json, taken: Taken) -> tuple[Any, ...]:
    payload = said["payload"]
    beside = (said["event_id"], said["run_id"], said["stop_id"], payload["corrects"], taken.received_ms)
    return (*beside, tuple(_photos(taken)), *(payload[name] for name in SIGNED))


def _photos(taken: Taken) -> Iterator[str]:
    """Yield the photos of no line."""
    leaves = (json.loads(leaf) for group in taken.event.groups for leaf in group.leaves)
    yield from (leaf["sha256"] for leaf in leaves if leaf["kind"] == "photo")
