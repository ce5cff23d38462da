"""Whether a batch came as it was sealed: signatures and leaves travel beside the chain, and nothing else covers them.

What was damaged on the way is refused, and sent again. What an application sealed wrongly for good comes with the very
same bytes each time: it is told by that, and taken to be parked, so that no authentic event is refused for ever (G6).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy.orm import Session

from server.sync.model import DeviceStream
from server.sync.service.parking import POISON
from server.sync.service.streams import lock_stream
from shared.problems import Problem, Text
from shared.sealing_event import BrokenBeside, BrokenSeal, open_event
from shared.wire.event import Envelope, SealedEvent
from shared.wire.limits import MAX_EVENTS
from shared.wire.push import Push

SAME_BYTES_BELIEVED: Final = 3
"""From the third time on the very same bytes are taken as what the tablet holds: a proxy may send one call twice."""
_FIELDS: Final = frozenset({"signature", "groups", "group_padding"})


class BrokenBatch(Problem):
    """The batch is not what the tablet's key sealed: it was damaged on the way, or comes from someone else.

    ``damaged`` holds the sha256 of each event whose signature or leaves do not fit what is chained.
    """

    slug = "broken-batch"
    title = Text("Envoi endommagé", "Damaged batch")
    damaged: tuple[str, ...] = ()


class Openings:
    """The events of one batch, each opened once, however often it is asked for."""

    def __init__(self, public_key: bytes) -> None:
        """Open with this tablet's key."""
        self._public_key = public_key
        self._found: dict[int, Envelope | Exception] = {}

    def of(self, seq: int, sealed: SealedEvent) -> Envelope | Exception:
        """Return what the event at ``seq`` says, or why it does not open."""
        if seq not in self._found:
            self._found[seq] = _opened(sealed, self._public_key)
        return self._found[seq]

    def is_whole(self, seq: int, sealed: SealedEvent) -> bool:
        """Say whether the event at ``seq`` opens."""
        return not isinstance(self.of(seq, sealed), Exception)

    def open(self, seq: int, sealed: SealedEvent) -> Envelope:
        """Return what the event at ``seq`` says.

        Raises:
            BrokenSeal: it is not as it was sealed; or whatever else its content caused.
        """
        found = self.of(seq, sealed)
        if isinstance(found, Exception):
            raise found
        return found


def _opened(sealed: SealedEvent, public_key: bytes) -> Envelope | Exception:
    try:
        return open_event(sealed, public_key)
    except (BrokenSeal, *POISON) as error:
        return error


def require_whole(stream: DeviceStream, push: Push, openings: Openings, *, skip: int = 0) -> None:
    """Check the events of a batch after the first ``skip``: each signature and each tree of leaves fits its event.

    What came so before with the same bytes, often enough, passes: it is what the tablet holds, and gets parked.

    Raises:
        BrokenBatch: naming the first event and its field.
    """
    faults = [
        (position, sealed, fault)
        for position, sealed in enumerate(push.events[skip:], start=skip)
        if isinstance(fault := openings.of(push.from_seq + position, sealed), BrokenBeside)
    ]
    if not faults:
        return
    times = dict(stream.damaged)
    fresh = [one for one in faults if times.get(_digest(one[1]), 0) < SAME_BYTES_BELIEVED - 1]
    if fresh:
        position, _sealed, fault = fresh[0]
        problem = broken(f"events[{position}].{fault.where if fault.where in _FIELDS else 'groups'}")
        problem.damaged = tuple(_digest(sealed) for _position, sealed, _fault in faults)
        raise problem


def note_damage(session: Session, device_id: UUID, damaged: Sequence[str]) -> None:
    """Count how often these bytes came: beside the batch's own transaction, of which nothing was taken."""
    stream = lock_stream(session, device_id)
    times = dict(stream.damaged)
    for digest in dict.fromkeys(damaged):
        times[digest] = times.pop(digest, 0) + 1
    stream.damaged = [list(one) for one in times.items()][-MAX_EVENTS:]


def forget_damage(stream: DeviceStream) -> None:
    """Begin counting anew: the tablet's events go in again."""
    if stream.damaged:
        stream.damaged = []


def broken(where: str) -> BrokenBatch:
    """Return the refusal of a batch in which ``where`` does not hold."""
    return BrokenBatch(
        Text(
            "Empreintes, feuilles ou signature ne tiennent pas\u00a0: rien n’a été pris, renvoyez le même lot.",
            "Hashes, leaves or a signature do not hold: nothing was taken, send the same batch again.",
        ),
        where=where,
    )


def _digest(sealed: SealedEvent) -> str:
    return hashlib.sha256(msgspec.json.encode(sealed)).hexdigest()
