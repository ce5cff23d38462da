"""Adding one event to the tablet's chain."""

from __future__ import annotations

from typing import Any

import msgspec

from driver_app.clock import Moment
from driver_app.store import outbox, settings
from driver_app.store.database import Session
from driver_app.tablet import Tablet
from shared.disclosure import VisitTree
from shared.ids import new_id
from shared.sealing_event import seal_event
from shared.wire.event import SCHEMA, Envelope, EventType


def seal(
    tablet: Tablet,
    session: Session,
    *,
    run_id: str,
    stop_id: str,
    kind: EventType,
    payload: dict[str, Any],
    plan_version: int,
    now: Moment,
    tree: VisitTree | None = None,
    held_ms: int = 0,
) -> str:
    """Seal one event behind the last and return its id; it waits ``held_ms`` before it may be sent."""
    device = settings.load(session, settings.Enrolment)
    if device is None:
        raise LookupError("an unenrolled tablet seals nothing")
    before, contact = outbox.head(session), settings.position(session)
    event_id = str(new_id())
    envelope = Envelope(
        schema=SCHEMA,
        seq=before.seq + 1,
        event_id=event_id,
        device_id=device.device_id,
        run_id=run_id,
        stop_id=stop_id,
        type=kind,
        plan_version=plan_version,
        wall_ms=now.wall_ms,
        monotonic_ms=now.monotonic_ms,
        boot_id=now.boot_id,
        server_ms=contact.server_ms if contact.server_boot_id == now.boot_id else 0,
        server_monotonic_ms=contact.server_monotonic_ms if contact.server_boot_id == now.boot_id else 0,
        payload=payload,
        prev_hash=before.hash,
    )
    sealed = seal_event(envelope, tablet.key, tree=tree)
    entry = outbox.Entry(
        seq=envelope.seq,
        event_id=event_id,
        run_id=run_id,
        stop_id=stop_id,
        type=kind,
        hash=sealed.hash,
        state="sealed",
        sealed_wall_ms=now.wall_ms,
        boot_id=now.boot_id,
        sealed_monotonic_ms=now.monotonic_ms,
        held_ms=held_ms,
    )
    outbox.append(session, sealed, entry)
    return event_id


def as_payload(message: msgspec.Struct) -> dict[str, Any]:
    """Return a message as the builtins that canonical bytes take."""
    payload = msgspec.to_builtins(message)
    if not isinstance(payload, dict):
        raise TypeError("a payload is an object")
    return payload
