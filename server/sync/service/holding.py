"""Which events of a tablet the office holds, in the log that it follows or beside it.

It is asked event by event: a tablet that hands in again cuts its log into other batches, and an office that was put
back may hold some of what came.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy import Text, cast, exists, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from server.sync.model import DeviceEvent, StrayPush
from shared.sealing import GENESIS
from shared.wire.push import Push

GENESIS_HEX: Final = GENESIS.hex()


def hash_at(session: Session, device_id: UUID, seq: int) -> str | None:
    """Return the chain's hash at ``seq`` in hex, the genesis at 0, None where the server has no event."""
    if seq == 0:
        return GENESIS_HEX
    return session.scalar(select(DeviceEvent.hash).where(DeviceEvent.device_id == device_id, DeviceEvent.seq == seq))


def holds(session: Session, device_id: UUID, seq: int, digest: str) -> bool:
    """Say whether the office holds the event with this hash at this place, in the log that it follows or beside it."""
    return hash_at(session, device_id, seq) == digest or _is_beside(session, device_id, seq, digest)


def not_yet_held(session: Session, device_id: UUID, push: Push) -> Push | None:
    """Return what is to be kept beside the log of a batch of another branch; None where all of it is here.

    One of which nothing came before is kept whole. Of another one, that part which begins with its first new event.
    """
    before = _beside(session, device_id, push)
    if not before:
        return push
    missing = set(range(push.from_seq, push.from_seq + len(push.events))) - before - _ours(session, device_id, push)
    if not missing:
        return None
    first = min(missing)
    return msgspec.structs.replace(push, from_seq=first, events=push.events[first - push.from_seq :])


def _beside(session: Session, device_id: UUID, push: Push) -> set[int]:
    """Return the places of a batch whose event is kept byte for byte.

    The chain covers neither a visit's signature nor its leaves: one that was kept damaged is not the whole one.
    """
    coming = dict(enumerate(push.events, start=push.from_seq))
    found: set[int] = set()
    for from_seq, body in _alike(session, device_id, [event.hash for event in push.events]):
        events = msgspec.json.decode(body, type=Push).events
        found |= {seq for seq, event in enumerate(events, start=from_seq) if coming.get(seq) == event}
    return found


def _ours(session: Session, device_id: UUID, push: Push) -> set[int]:
    """Return the places of a batch where the office's own log has the same event."""
    hashes = [event.hash for event in push.events]
    found = select(DeviceEvent.seq).where(DeviceEvent.device_id == device_id, DeviceEvent.hash.in_(hashes))
    return set(session.scalars(found))


def _is_beside(session: Session, device_id: UUID, seq: int, digest: str) -> bool:
    """No body is read for it: a tablet may ask with each greeting."""
    at = StrayPush.hashes[seq - StrayPush.from_seq + 1]
    touching = StrayPush.from_seq <= seq, StrayPush.last_seq >= seq
    return bool(session.scalar(select(exists().where(StrayPush.device_id == device_id, *touching, at == digest))))


def _alike(session: Session, device_id: UUID, hashes: list[str]) -> Iterator[tuple[int, bytes]]:
    """Yield where each kept batch with one of these events begins, and its bytes; one at a time, they may be large."""
    alike = cast(StrayPush.hashes, ARRAY(Text())).overlap(hashes)
    for row_id in session.scalars(select(StrayPush.id).where(StrayPush.device_id == device_id, alike)).all():
        row = session.execute(select(StrayPush.from_seq, StrayPush.body).where(StrayPush.id == row_id)).one()
        yield row[0], row[1]
