"""Where the office has runs, stops and orders, what its visits say, and which proofs it was asked for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from server.core import facts
from server.core.transaction import transaction
from server.rehearsal.ground import Rows


def run_states(rows: Rows) -> dict[str, str]:
    """Return the state of each run."""
    return {str(run): state for run, state in rows.all("SELECT id, state FROM run")}


def stop_states(rows: Rows) -> dict[str, str]:
    """Return the state of each stop."""
    return {str(stop): state for stop, state in rows.all("SELECT id, state FROM stop")}


def order_states(rows: Rows) -> dict[str, str]:
    """Return the state of each order that rides on a run."""
    found = rows.all('SELECT id, state FROM "order" WHERE id IN (SELECT order_id FROM stop_order)')
    return {str(order): state for order, state in found}


def outcomes(rows: Rows) -> dict[str, list[str]]:
    """Return how each order ended, by every revision of its delivery."""
    found: dict[str, list[str]] = {}
    for order, outcome in rows.all("SELECT order_id, outcome FROM delivery ORDER BY order_id, revision"):
        found.setdefault(str(order), []).append(outcome)
    return found


def visits(rows: Rows) -> dict[tuple[str, int], tuple[int, tuple[Any, ...]]]:
    """Return of each visit when it took place, in milliseconds, and what stands of it in the model's own order."""
    found = {}
    for device, seq, delivered, received, event, run, stop, corrects, photos, *signed in rows.all(
        "SELECT device_id, event_seq, delivered_at, received_at, event_id, run_id, stop_id, corrects_id, photos,"
        " failure, signer_name, signer_role, signature_sha256, picture_sha256, root, driver_id FROM visit"
    ):
        beside = (str(event), str(run), str(stop), str(corrects or ""), _ms(received))
        said = (str(one) for one in signed)
        found[str(device), seq] = (_ms(delivered), (*beside, tuple(photos), *said))
    return found


def unlike_their_visit(rows: Rows) -> list[tuple[Any, ...]]:
    """Return the deliveries that name another hour or signer than the visit that they rest on."""
    return rows.all(
        "SELECT d.id FROM delivery d LEFT JOIN visit v ON v.id = d.visit_id WHERE (d.delivered_at, d.signer_name)"
        " IS DISTINCT FROM (v.delivered_at, v.signer_name) ORDER BY d.id"
    )


def unasked(rows: Rows) -> Iterator[str]:
    """Yield the deliveries whose proof nobody was asked to seal, and the events set aside that no trail tells of."""
    for delivery, recorded, asked in rows.all(
        "SELECT d.id, (SELECT count(*) FROM fact f WHERE f.subject_id = d.id AND f.name = 'delivery.recorded'),"
        " EXISTS (SELECT FROM procrastinate_jobs j WHERE j.task_name = 'sync.seal_delivery'"
        " AND j.args->>'subject_id' = d.id::text AND j.args->>'owner_id' = d.owner_id::text)"
        " FROM delivery d ORDER BY d.id"
    ):
        if recorded != 1:
            yield f"delivery {delivery} is told of {recorded} times in the trail"
        if not asked:
            yield f"delivery {delivery} is a proof that nobody is asked to seal"
    for device, seq in rows.all(
        "SELECT device_id, seq FROM device_event e WHERE outcome IN ('parked', 'decided') AND NOT EXISTS (SELECT"
        " FROM fact f WHERE f.owner_id = e.owner_id AND f.subject_id = e.event_id AND f.name = 'sync.event_parked')"
        " ORDER BY device_id, seq"
    ):
        yield f"event {seq} of {device} was set aside, and no trail tells of it"


def broken_trails(rows: Rows) -> Iterator[str]:
    """Yield the organisations whose trail of facts, which went on since the morning, does not hold together."""
    for (owner,) in rows.all(
        "SELECT DISTINCT owner_id FROM fact f WHERE NOT EXISTS (SELECT FROM morning.fact m WHERE m.id = f.id)"
        " ORDER BY 1"
    ):
        place = _first_break(owner)
        if place is not None:
            yield f"the trail of {owner} breaks at {place}"


def _first_break(owner: UUID) -> int | None:
    with transaction(owner) as session:
        return facts.first_break(session, owner)


def _ms(instant: datetime) -> int:
    return round(instant.timestamp() * 1000)
