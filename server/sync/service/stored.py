"""A stored event opened again, for the person who decides about it."""

from __future__ import annotations

from uuid import UUID

from server.sync.model import DeviceEvent
from server.sync.service.replaying import sealed_event
from shared.problems import Text
from shared.sealing_event import BrokenSeal, open_event
from shared.wire.event import Envelope, SealedEvent


def opened(event: DeviceEvent, public_key: bytes) -> tuple[SealedEvent, Envelope]:
    """Return a stored event and what it says, once its seal holds and it is the one that its row names.

    Raises:
        BrokenSeal: the seal does not hold, or it uses another tablet's name or another event's id.
        UnknownSchema: it is of a version that is not read here.
    """
    sealed = sealed_event(event)
    envelope = open_event(sealed, public_key)
    if UUID(envelope.device_id) != event.device_id or UUID(envelope.event_id) != event.event_id:
        raise BrokenSeal(
            Text(
                "L’événement porte le nom d’un autre\u00a0: il ne peut pas être appliqué. L’écarter avec un motif.",
                "The event bears another one's name: it cannot be applied. Set it aside with a reason.",
            ),
            where="event_id",
        )
    return sealed, envelope
