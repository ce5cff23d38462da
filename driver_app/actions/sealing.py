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
from shared.wire.event import SCHEMA, Envelope, EventType, SealedEvent


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
    envelope = Envelope(
        schema=SCHEMA,
        event_id=str(new_id()),
        run_id=run_id,
        stop_id=stop_id,
        type=kind,
        plan_version=plan_version,
        payload=payload,
        **_place_in_the_chain(session),
        **_times(session, now),
    )
    sealed = seal_event(envelope, tablet.key, tree=tree)
    outbox.append(session, sealed, _entry(envelope, sealed, held_ms))
    return envelope.event_id


def _place_in_the_chain(session: Session) -> dict[str, Any]:
    device, before = settings.load(session, settings.Enrolment), outbox.head(session)
    if device is None:
        raise LookupError("an unenrolled tablet seals nothing")
    return {"device_id": device.device_id, "seq": before.seq + 1, "prev_hash": before.hash}


def _times(session: Session, now: Moment) -> dict[str, Any]:
    """Both clocks, and the office's at the last contact of this boot."""
    contact = settings.position(session)
    known = contact.server_boot_id == now.boot_id
    return {
        "wall_ms": now.wall_ms,
        "monotonic_ms": now.monotonic_ms,
        "boot_id": now.boot_id,
        "server_ms": contact.server_ms if known else 0,
        "server_monotonic_ms": contact.server_monotonic_ms if known else 0,
    }


def _entry(envelope: Envelope, sealed: SealedEvent, held_ms: int) -> outbox.Entry:
    return outbox.Entry(
        seq=envelope.seq,
        event_id=envelope.event_id,
        run_id=envelope.run_id,
        stop_id=envelope.stop_id,
        type=envelope.type,
        hash=sealed.hash,
        state="sealed",
        sealed_wall_ms=envelope.wall_ms,
        boot_id=envelope.boot_id,
        sealed_monotonic_ms=envelope.monotonic_ms,
        held_ms=held_ms,
    )


def as_payload(message: msgspec.Struct) -> dict[str, Any]:
    """Return a message as the builtins that canonical bytes take."""
    payload = msgspec.to_builtins(message)
    if not isinstance(payload, dict):
        raise TypeError("a payload is an object")
    return payload
