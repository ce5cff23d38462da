"""One tablet's stream: how far the server has it, and what it signed for."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from server.core import facts
from server.core.acting import acting_org
from server.core.stamp import Stamp
from server.identity.model import Device
from server.sync.events import STREAM_FORKED
from server.sync.model import DeviceStream, ServerEpoch, SignedReceipt, StreamState
from server.sync.service.absent import missing_files, safe_until
from server.sync.service.holding import GENESIS_HEX, hash_at, holds
from shared.canonical import canonical_bytes
from shared.ids import new_id
from shared.problems import Problem, Text
from shared.sealing import is_signed_by, public_bytes, sign
from shared.wire.hello import Hello, HelloAnswer
from shared.wire.limits import PROTOCOL
from shared.wire.push import Receipt

MIN_APP = "0.1.0"
BEGIN_EPOCH: Final = "UPDATE server_epoch SET nonce = gen_random_uuid(), started_at = now()"
"""As the schema's owner: this database is another one's past."""
_EPOCH = text(
    "SELECT (SELECT system_identifier FROM pg_control_system()) || '-' || (SELECT timeline_id FROM "
    "pg_control_checkpoint()) || '-' || nonce FROM server_epoch"
)


class UnknownProtocol(Problem):
    """The tablet speaks no protocol of this server's."""

    slug = "update-required"
    status = 426
    title = Text("Mise à jour requise", "Update required")


def lock_stream(session: Session, device_id: UUID) -> DeviceStream:
    """Return the tablet's stream, locked until the transaction ends; made on first use."""
    of_device = select(DeviceStream).where(DeviceStream.device_id == device_id).with_for_update()
    of_device = of_device.execution_options(populate_existing=True)
    known = session.scalars(of_device).one_or_none()
    if known is not None:
        return known
    _begin(session, device_id)
    return session.scalars(of_device).one()


def _begin(session: Session, device_id: UUID) -> None:
    session.execute(
        insert(DeviceStream)
        .values(
            id=new_id(), owner_id=acting_org(session), party_ids=[], device_id=device_id, last_seq=0,
            head=GENESIS_HEX, safe_seq=0, state=StreamState.OPEN, server_offset_ms=0,
        )
        .on_conflict_do_nothing(index_elements=["device_id"])
    )  # fmt: skip


def epoch(session: Session) -> str:
    """Return what changes when this database was restored: system identifier, timeline and the row's nonce."""
    here: str = session.execute(_EPOCH).scalar_one()
    return here


def epoch_began(session: Session) -> datetime:
    """Return when this database was last restored; the first epoch is as old as time."""
    return session.scalars(select(ServerEpoch.started_at)).one()


def begin_epoch(session: Session) -> None:
    """Note, as the schema's owner, that this database is another one's past: its machine was rolled back."""
    session.execute(text(BEGIN_EPOCH))


def greet(session: Session, hello: Hello, *, device: Device, stamp: Stamp) -> HelloAnswer:
    """Compare both sides' positions, and keep how far the tablet says that its log goes.

    A tablet that cannot read its own log any more can never go on with its chain: its stream waits for a person, as
    a forked one does. One that tells another hash at a place that the office has is forked from here on.

    ``rewind`` when the server holds less than it once confirmed (it was restored), ``fork`` when both hold
    different events at the same place, ``revoked`` when the tablet may only hand in what it has left.

    Raises:
        UnknownProtocol: no common protocol version.
    """
    if PROTOCOL not in hello.protocols:
        raise UnknownProtocol(
            Text(
                "Mettez l’application à jour, puis resynchronisez\u00a0: rien n’est perdu, tout reste sur la tablette.",
                "Update the application, then sync again: nothing is lost, everything stays on the tablet.",
            )
        )
    stream = lock_stream(session, device.id)
    here = epoch(session)
    _note_heard(stream, hello, here, now=stamp.at)
    differs = _differs(session, stream, hello)
    if (hello.broken_at or differs) and stream.state is StreamState.OPEN:
        fork_stream(session, stream, stamp=stamp)
    if device.app_version != hello.app_version:
        device.app_version = hello.app_version
    return HelloAnswer(
        protocol=PROTOCOL,
        epoch=here,
        last_seq=stream.last_seq,
        hash_at_last=stream.head,
        safe_seq=stream.safe_seq,
        server_ms=unix_ms(stamp.at),
        min_app=MIN_APP,
        standing=_standing(stream, hello, differs=differs, revoked=device.revoked_at is not None),
        safe_ms=unix_ms(safe) if (safe := safe_until(session)) is not None else 0,
        missing_files=missing_files(session, device_id=device.id, now=stamp.at) if hello.asks_missing else (),
        holds_strays=not hello.strays_seq or holds(session, device.id, hello.strays_seq, hello.hash_at_strays),
    )


def note_handed(session: Session, device_id: UUID, *, last_seq: int, nowhere: Sequence[int], stamp: Stamp) -> list[int]:
    """Note how far a log goes that came as a file; return which of the events ``nowhere`` in it are not here either.

    As after a greeting, what it announced is waited for, and a log with such a hole waits for a person. A file says
    nothing of what comes behind it: until the tablet greets, what it just finished may still change.
    """
    stream = lock_stream(session, device_id)
    if last_seq > stream.last_seq:
        stream.heard_at = stamp.at
    stream.announced_seq = max(stream.announced_seq, last_seq)
    lost = [seq for seq in nowhere if seq > stream.last_seq]
    if lost and stream.state is StreamState.OPEN:
        fork_stream(session, stream, stamp=stamp)
    return lost


def fork_stream(session: Session, stream: DeviceStream, *, stamp: Stamp) -> None:
    """Set a stream aside that both sides cannot continue alike; a dispatcher sees it."""
    stream.state = StreamState.FORKED
    facts.record(session, STREAM_FORKED, stream.device_id, stamp)


def _note_heard(stream: DeviceStream, hello: Hello, here: str, *, now: datetime) -> None:
    """Keep the furthest that a tablet ever said: a late or doubled greeting takes nothing back.

    One that knows another life of the office may have been given runs in it, of which nothing is known here. A log is
    over only while its last greeting says so: a copy of it may go on.
    """
    stream.announced_seq, stream.owed_seq = max(stream.announced_seq, hello.head), max(stream.owed_seq, hello.acked)
    stream.heard_at, stream.heard_epoch = now, here
    if not hello.held:
        stream.told_all_at = now
    is_over = hello.is_laid_aside and not hello.held
    stream.laid_aside_at = (stream.laid_aside_at or now) if is_over else None
    if not stream.pulled_epoch and hello.epoch != here:
        stream.pulled_epoch = hello.epoch


def note_pulled(session: Session, device_id: UUID, here: str) -> None:
    """Remember that the tablet was given its runs by this life of the office: who has them is known again."""
    lock_stream(session, device_id).pulled_epoch = here


def _differs(session: Session, stream: DeviceStream, hello: Hello) -> bool:
    """A late or doubled greeting of the same chain has the same hash; another one there is another history."""
    is_known = hello.acked <= stream.last_seq
    return is_known and hash_at(session, stream.device_id, hello.acked) != hello.hash_at_acked


def _standing(
    stream: DeviceStream, hello: Hello, *, differs: bool, revoked: bool
) -> Literal["ok", "rewind", "fork", "revoked"]:
    if stream.state is StreamState.FORKED or differs:
        return "fork"
    if revoked:
        return "revoked"
    return "rewind" if stream.last_seq < hello.acked else "ok"


def give_receipt(session: Session, stream: DeviceStream, *, key: Ed25519PrivateKey, now: datetime) -> Receipt:
    """Sign how far the server has the stream; the row is kept for as long as the stream.

    Where nothing came since the last receipt, that one is given again: the same head in the same epoch, and since when.
    """
    if (last := _receipt_given(session, stream, key=key)) is not None:
        return last
    body = canonical_bytes(
        {
            "device_id": str(stream.device_id),
            "epoch": epoch(session),
            "last_seq": stream.last_seq,
            "head": stream.head,
            "server_ms": unix_ms(now),
        }
    )
    signature = sign(key, "receipt", hashlib.sha256(body).digest()).hex()
    session.add(
        SignedReceipt(
            owner_id=stream.owner_id,
            device_id=stream.device_id,
            last_seq=stream.last_seq,
            body=body.decode(),
            signature=signature,
            given_at=now,
        )
    )
    return Receipt(body=body.decode(), signature=signature)


def _receipt_given(session: Session, stream: DeviceStream, *, key: Ed25519PrivateKey) -> Receipt | None:
    """Return the last receipt where it says all that one of now would: head, epoch, and under the present key."""
    row = session.scalars(
        select(SignedReceipt)
        .where(SignedReceipt.device_id == stream.device_id, SignedReceipt.last_seq == stream.last_seq)
        .order_by(SignedReceipt.given_at.desc())
        .limit(1)
    ).first()
    if row is None:
        return None
    said, digest = msgspec.json.decode(row.body), hashlib.sha256(row.body.encode()).digest()
    is_ours = is_signed_by(public_bytes(key), "receipt", digest, bytes.fromhex(row.signature))
    if not is_ours or (said["head"], said["epoch"]) != (stream.head, epoch(session)):
        return None
    return Receipt(body=row.body, signature=row.signature)


def unix_ms(instant: datetime) -> int:
    """Return an instant as Unix milliseconds."""
    return int(instant.timestamp() * 1000)
