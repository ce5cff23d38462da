"""What a forked tablet sends: kept verbatim as evidence, bounded, and decided by a person."""

from __future__ import annotations

import hashlib
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from server.core import facts
from server.core.stamp import Stamp
from server.identity.service import revoke_device
from server.sync.events import STREAM_RETIRED
from server.sync.model import DeviceStream, StrayPush, StreamState
from server.sync.service.holding import hash_at, not_yet_held
from server.sync.service.naming import files_named
from server.sync.service.streams import lock_stream
from shared.ids import new_id
from shared.problems import Problem, Text
from shared.wire.push import Push

MAX_STRAYS: Final = 500
MAX_STRAY_BYTES: Final = 64 * 1024 * 1024


class NotForked(Problem):
    """Only a forked stream waits for this decision."""

    slug = "stream-not-forked"
    status = 409
    title = Text("Aucune divergence à régler", "No fork to decide")


def keep_stray(session: Session, stream: DeviceStream, push: Push, *, stamp: Stamp) -> bool:
    """Keep what is new of a batch of another branch and say whether the office holds all of it.

    What its own log or the quarantine holds, in whatever batches it came, is not kept twice. A full quarantine keeps
    nothing more: the tablet still has it, is told so, and the stream counts it.
    """
    device_id, last = stream.device_id, push.from_seq + len(push.events) - 1
    if hash_at(session, device_id, last) == push.events[-1].hash:
        return True
    if (new := not_yet_held(session, device_id, push)) is None:
        return True
    body = msgspec.json.encode(new)
    if not _has_room(session, device_id, len(body)):
        stream.strays_refused += 1
        return False
    row = {
        "id": new_id(), "owner_id": stream.owner_id, "party_ids": [], "device_id": device_id,
        "from_seq": new.from_seq, "last_seq": last, "head": new.events[-1].hash,
        "sha256": hashlib.sha256(body).hexdigest(), "size_bytes": len(body), "body": body,
        "hashes": [event.hash for event in new.events], "files": files_named(*new.events), "received_at": stamp.at,
    }  # fmt: skip
    session.execute(insert(StrayPush).values(row))
    return True


def retire_stream(session: Session, device_id: UUID, *, note: str, stamp: Stamp) -> DeviceStream:
    """Keep the office's branch of a forked tablet: its key is trusted no more, and it must be enrolled anew.

    What still follows the office's branch is stored and parked from now on; the other branch stays in quarantine.

    Raises:
        NotForked: the stream waits for no such decision.
        NotFound: the acting organisation has no such tablet.
    """
    stream = lock_stream(session, device_id)
    if stream.state is not StreamState.FORKED:
        raise NotForked(
            Text(
                "Les journaux de la tablette et du bureau concordent, ou la décision est déjà prise.",
                "The tablet’s log and the office’s agree, or the decision was taken before.",
            ),
            where=str(device_id),
        )
    revoke_device(session, device_id, stamp=stamp)
    stream.state = StreamState.RETIRED
    stream.retired_at, stream.retired_by, stream.retired_note = stamp.at, stamp.by, note
    facts.record(session, STREAM_RETIRED, device_id, stamp)
    return stream


def _has_room(session: Session, device_id: UUID, size_bytes: int) -> bool:
    count, total = session.execute(
        select(func.count(), func.coalesce(func.sum(StrayPush.size_bytes), 0)).where(StrayPush.device_id == device_id)
    ).one()
    return bool(count < MAX_STRAYS and total + size_bytes <= MAX_STRAY_BYTES)
