"""An event's row as the sealed event that it holds, verbatim."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from server.sync.model import DeviceEvent
from shared.problems import Text
from shared.sealing_event import BrokenSeal, open_event
from shared.wire.event import Envelope, LeafGroup, SealedEvent


def sealed_of(event: DeviceEvent) -> SealedEvent:
    """Return the sealed event as it was sent."""
    return SealedEvent(
        body=event.body.decode(),
        hash=event.hash,
        signature=event.signature,
        groups=_groups(event.groups),
        group_padding=tuple(event.group_padding),
    )


def rows_of(groups: Sequence[LeafGroup]) -> list[Any]:
    """Return the groups as JSON keeps them; with a NUL, which no sealed leaf has, as the text that was sent."""
    if any("\x00" in leaf for group in groups for leaf in group.leaves):
        return [{"as_sent": msgspec.json.encode(groups).decode()}]
    return [msgspec.to_builtins(group) for group in groups]


def opened(event: DeviceEvent, public_key: bytes) -> tuple[SealedEvent, Envelope]:
    """Return a stored event and what it says, once its seal holds and it is the one that its row names.

    Raises:
        BrokenSeal: the seal does not hold, or it uses another tablet's name or another event's id.
        UnknownSchema: it is of a version that is not read here.
    """
    sealed = sealed_of(event)
    envelope = open_event(sealed, public_key)
    if UUID(envelope.device_id) != event.device_id or UUID(envelope.event_id) != event.event_id:
        raise BrokenSeal(
            Text(
                "L’événement porte le nom d’un autre\u00a0: il ne peut pas être appliqué. L’écarter avec un motif.",
                "The event bears another one’s name: it cannot be applied. Set it aside with a reason.",
            ),
            where="event_id",
        )
    return sealed, envelope


def _groups(rows: list[Any]) -> tuple[LeafGroup, ...]:
    if rows and "as_sent" in rows[0]:
        return msgspec.json.decode(rows[0]["as_sent"], type=tuple[LeafGroup, ...])
    return msgspec.convert(rows, type=tuple[LeafGroup, ...])
