"""The planted mistake that takes most words: an event and its consequences in two transactions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from typing import Any, Final

import msgspec
from sqlalchemy import select

import server.sync.service.pushing
from server.billing.service import publish_pending
from server.core.acting import acting_org, savepoint
from server.core.stamp import Stamp
from server.core.transaction import transaction
from server.fulfilment.issued import Issued
from server.identity.model import Device
from server.rehearsal.office import TABLETS_DOORS, Office
from server.rehearsal.patches import Patch, patched
from server.sync.model import DeviceEvent
from server.sync.service.parking import POISON, park, parked_stops, refuse_behind_parked, unexpected
from server.sync.service.streams import lock_stream
from shared.problems import Problem

BETWEEN: Final = "between two transactions"


def two_transactions(office: Office) -> Iterator[Patch]:
    """An event is committed first, and what follows from it in a transaction of its own, as carefully as before.

    The first transaction is spared, so that where the office dies on the plant's account, it dies between two commits.
    """
    pushing: Any = server.sync.service.pushing
    whole, apply = pushing.apply_batch, pushing.apply_event

    def in_two(session: Any, push: Any, *, device: Device, stamp: Stamp, **asked: Any) -> Any:
        owed: dict[int, tuple[Any, Any]] = {}

        def later(_session: Any, sealed: Any, envelope: Any, **_: Any) -> tuple[()]:
            owed[envelope.seq] = (sealed, envelope)
            return ()

        with (
            office.safely(),
            patched([Patch(pushing, "apply_event", later)]),
            transaction(acting_org(session)) as first,
        ):
            answer = whole(first, push, device=device, stamp=stamp, **asked)
        office.enter(BETWEEN)
        lock_stream(session, device.id)
        held = select(DeviceEvent).where(DeviceEvent.device_id == device.id, DeviceEvent.seq.in_(owed))
        events = {event.seq: event for event in session.scalars(held)}
        made = {
            seq: _apply_or_park(session, events[seq], partial(apply, session, *owed[seq], stamp=stamp), stamp)
            for seq in sorted(owed)
        }
        publish_pending(session, stamp=stamp)
        results = {one.seq: one for one in answer.results}
        results |= {seq: pushing._result(session, events[seq], issued) for seq, issued in made.items()}
        session.flush()
        pushing.take_in_waiting(session, device_id=device.id)
        return msgspec.structs.replace(answer, results=tuple(results[seq] for seq in sorted(results)))

    yield Patch(import_module(TABLETS_DOORS), "apply_batch", in_two)


def _apply_or_park(session: Any, event: DeviceEvent, apply: Callable[[], tuple[Issued, ...]], stamp: Stamp) -> Any:
    try:
        refuse_behind_parked(event, parked_stops(session, event.device_id), revoked=False)
        with savepoint(session):
            return apply()
    except Problem as problem:
        park(session, event, problem, stamp=stamp)
    except POISON as error:
        park(session, event, unexpected(error), stamp=stamp)
    return ()
