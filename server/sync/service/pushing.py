"""A batch of sealed events: in sequence, exactly once, each under a savepoint, receipts in the same transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import exists, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from server.billing.service import count_pending
from server.core.acting import savepoint
from server.core.gathering import Uncertain, is_gathering, write_now
from server.core.logs import log
from server.core.objects import fresh
from server.core.stamp import Stamp
from server.fulfilment.issued import Issued
from server.identity.model import Device
from server.sync.model import DeviceEvent, DeviceStream, EventOutcome, StreamState
from server.sync.service.applying import apply_event
from server.sync.service.closing import take_in_waiting
from server.sync.service.holding import GENESIS_HEX, hash_at, holds
from server.sync.service.in_turn import InTurn
from server.sync.service.mending import is_kept_damaged, mend
from server.sync.service.naming import files_named
from server.sync.service.parking import POISON, park, parked_stops, refuse_behind_parked, unexpected
from server.sync.service.stored import rows_of
from server.sync.service.strays import keep_stray
from server.sync.service.streams import fork_stream, give_receipt, lock_stream, unix_ms
from server.sync.service.together import look_ahead, step, together_or_one_by_one
from server.sync.service.wholeness import Openings, broken, forget_damage, require_whole
from shared.ids import new_id
from shared.problems import Problem, Text
from shared.sealing import chain_hash, is_signed_by
from shared.sealing_event import BrokenSeal
from shared.wire.event import Envelope, SealedEvent
from shared.wire.push import EventResult, IssuedDocument, Push, PushAnswer, Refusal

type Standing = Literal["ok", "gap", "fork", "revoked"]
MAX_DOCUMENTS = 50
"""From so many documents on the next event waits for the next push: their counters stay locked until the commit."""


_log = log(__name__)


@dataclass(slots=True)
class _Batch:
    """One batch on its way: whose it is, and what was done so far; documents get their numbers at the end."""

    session: Session
    stream: DeviceStream
    public_key: bytes
    openings: Openings
    stamp: Stamp
    revoked: bool
    in_turn: InTurn
    quarantined: bool = False
    lacks_before: bool = False
    parked_stops: set[UUID] = field(default_factory=set)
    done: list[tuple[DeviceEvent, tuple[Issued, ...]]] = field(default_factory=list)
    known: list[EventResult] = field(default_factory=list)


def apply_batch(
    session: Session,
    push: Push,
    *,
    device: Device,
    key: Ed25519PrivateKey,
    stamp: Stamp,
) -> PushAnswer:
    """Take what is new of a tablet's batch and say what became of each event; a long one may be taken in part.

    Known events get their first answer again; the next ones are stored and applied, each under a savepoint; a gap
    stops; other bytes at a known place fork the stream, which then waits for a person, and the batch is kept as
    evidence. What a revoked tablet sends is stored and parked. Of a batch with a signature or leaves damaged on the
    way nothing is taken; what was kept damaged before is mended by the whole one. Publications are numbered at
    the end (and before a second correction of one stop), in ascending (issuer, series): their failure rolls back the
    whole batch, never one event. The batch is then taken anew, each event with its numbers under its savepoint, so that
    the one that cannot be billed is parked and the tablet goes on (ADR 0056).

    Raises:
        BrokenBatch: hashes, leaves or a signature do not hold, so that nothing of it can be believed.
    """
    _check_chain(push, device.public_key)
    openings, revoked = Openings(device.public_key), device.revoked_at is not None

    def take(*, numbered_with_each: bool) -> tuple[_Batch, Standing, list[EventResult]]:
        stream, in_turn = lock_stream(session, device.id), InTurn(session, stamp, with_each=numbered_with_each)
        batch = _Batch(session, stream, device.public_key, openings, stamp, revoked, in_turn)
        standing = _take(batch, push)
        in_turn.finish(written_with=[event for event, _issued in batch.done])
        return batch, standing, batch.known + [_result(session, event, issued) for event, issued in batch.done]

    batch, standing, results = together_or_one_by_one(session, take)
    stream = batch.stream
    session.flush()
    if batch.done:
        forget_damage(stream)
        take_in_waiting(session, device_id=device.id)
    return PushAnswer(
        results=_in_sequence(push, results),
        last_seq=stream.last_seq,
        head=stream.head,
        safe_seq=stream.safe_seq,
        standing=standing,
        receipt=give_receipt(session, stream, key=key, now=stamp.at),
        server_ms=unix_ms(stamp.at),
        quarantined=batch.quarantined,
        lacks_before=batch.lacks_before,
    )


def _check_chain(push: Push, public_key: bytes) -> None:
    if push.from_seq < 1:
        raise broken("from_seq")
    head = bytes.fromhex(push.events[-1].hash)
    if not is_signed_by(public_key, "head", head, bytes.fromhex(push.head_signature)):
        raise broken("head_signature")
    for position, (before, sealed) in enumerate(zip(push.events, push.events[1:], strict=False), start=1):
        if chain_hash(bytes.fromhex(before.hash), sealed.body.encode()).hex() != sealed.hash:
            raise broken(f"events[{position}]")


def _take(batch: _Batch, push: Push) -> Standing:
    session, stream = batch.session, batch.stream
    _check_first(session, stream, push)
    is_gap = push.from_seq > stream.last_seq + 1
    if stream.state is StreamState.FORKED or (is_gap and stream.state is StreamState.RETIRED):
        return _stray(batch, push)
    if is_gap:
        return "gap"
    batch.parked_stops = parked_stops(session, stream.device_id)
    skip = max(0, stream.last_seq + 1 - push.from_seq)
    require_whole(stream, push, batch.openings, skip=skip)
    look_ahead(session, push.events[skip:])
    for seq, sealed in enumerate(push.events, start=push.from_seq):
        if batch.in_turn.numbered + count_pending(session) >= MAX_DOCUMENTS:
            break
        if not _take_one(batch, seq, sealed):
            return _fork(batch, push)
    return "revoked" if batch.revoked else "ok"


def _take_one(batch: _Batch, seq: int, sealed: SealedEvent) -> bool:
    """Take a known or the next event; say whether it continues the same chain."""
    if seq <= batch.stream.last_seq:
        return _is_known(batch, seq, sealed)
    if not _follows(batch.stream, sealed):
        return False
    opened = batch.openings.of(seq, sealed)
    if isinstance(opened, Envelope):
        batch.in_turn.before(opened)
    batch.done.append(_store(batch, seq, sealed))
    return True


def _check_first(session: Session, stream: DeviceStream, push: Push) -> None:
    """A first event that does not even agree with itself was damaged; one that does may still be a fork."""
    first = push.events[0]
    ours = hash_at(session, stream.device_id, push.from_seq - 1)
    candidates = {ours or GENESIS_HEX, _declared_prev(first)}
    if not any(chain_hash(bytes.fromhex(prev), first.body.encode()).hex() == first.hash for prev in candidates if prev):
        raise broken("events[0]")


def _declared_prev(sealed: SealedEvent) -> str:
    try:
        prev = msgspec.json.decode(sealed.body.encode(), type=dict[str, msgspec.Raw]).get(
            "prev_hash", msgspec.Raw(b'""')
        )
        text = msgspec.json.decode(prev, type=str)
        return text if len(bytes.fromhex(text)) == 32 else ""  # noqa: PLR2004  # a sha256
    except (msgspec.DecodeError, ValueError, RecursionError):
        return ""


def _follows(stream: DeviceStream, sealed: SealedEvent) -> bool:
    return chain_hash(bytes.fromhex(stream.head), sealed.body.encode()).hex() == sealed.hash


def _is_known(batch: _Batch, seq: int, sealed: SealedEvent) -> bool:
    event = batch.session.scalars(
        select(DeviceEvent).where(DeviceEvent.device_id == batch.stream.device_id, DeviceEvent.seq == seq)
    ).one()
    if event.hash != sealed.hash:
        return False
    if is_kept_damaged(event, sealed, batch.public_key) and batch.openings.is_whole(seq, sealed):
        _mend(batch, event, sealed)
    batch.known.append(stored_result(event))
    return True


def _mend(batch: _Batch, event: DeviceEvent, sealed: SealedEvent) -> None:
    """Take what came whole in place of what was kept damaged; rows are not gathered for it."""
    if is_gathering(batch.session):
        raise Uncertain
    batch.done += mend(
        batch.session,
        event,
        sealed,
        public_key=batch.public_key,
        revoked=batch.revoked,
        in_turn=batch.in_turn,
        stamp=batch.stamp,
    )
    batch.parked_stops = parked_stops(batch.session, event.device_id)


def _store(batch: _Batch, seq: int, sealed: SealedEvent) -> tuple[DeviceEvent, tuple[Issued, ...]]:
    session, stream = batch.session, batch.stream
    event = _as_row(stream, seq, sealed, batch.stamp)
    issued: tuple[Issued, ...] = ()
    try:
        _name(session, event, sealed)
        refuse_behind_parked(event, batch.parked_stops, revoked=batch.revoked)
        envelope = batch.openings.open(seq, sealed)
        with step(session, sealed, envelope):
            applied = apply_event(session, sealed, envelope, stamp=batch.stamp)
            batch.in_turn.after()
        issued = applied
    except Problem as problem:
        _park(batch, event, problem)
    except POISON as error:
        _log.exception("sync.apply_failed", seq=seq, device_id=str(stream.device_id))
        _park(batch, event, unexpected(error))
    session.add(event)
    stream.last_seq, stream.head = seq, sealed.hash
    session.flush()
    return event, issued


def _name(session: Session, event: DeviceEvent, sealed: SealedEvent) -> None:
    """Note whose event it is before anything can refuse it, so that a parked one is found by its stop."""
    try:
        envelope = msgspec.json.decode(sealed.body.encode(), type=Envelope)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BrokenSeal(
            Text(f"L’événement n’a pas pu être lu\u00a0: {error}.", f"The event could not be read: {error}.")
        ) from error
    event.type, event.run_id = envelope.type, UUID(envelope.run_id)
    event.stop_id = UUID(envelope.stop_id) if envelope.stop_id else None
    if UUID(envelope.device_id) != event.device_id:
        raise BrokenSeal(
            Text("L’événement nomme une autre tablette.", "The event names another tablet."), where="device_id"
        )
    event_id = UUID(envelope.event_id)
    if is_gathering(session):  # one that was used before fails the writing, and is then found below
        event.event_id = event_id
        return
    if session.scalar(select(exists().where(DeviceEvent.event_id == event_id))):
        raise _used_before()
    _claim(session, event, event_id)


def _claim(session: Session, event: DeviceEvent, event_id: UUID) -> None:
    """Write the event's row under its own id; another tenant's tablet may have used it, which nobody here can see."""
    spare, event.event_id = event.event_id, event_id
    try:
        with savepoint(session):
            session.add(event)
    except IntegrityError as error:
        event.event_id = spare
        raise _used_before() from error


def _used_before() -> BrokenSeal:
    return BrokenSeal(
        Text("Cet identifiant d’événement a déjà servi.", "This event id was used before."), where="event_id"
    )


def _as_row(stream: DeviceStream, seq: int, sealed: SealedEvent, stamp: Stamp) -> DeviceEvent:
    return fresh(
        DeviceEvent,
        owner_id=stream.owner_id,
        party_ids=[],
        device_id=stream.device_id,
        seq=seq,
        event_id=new_id(),
        type="unreadable",
        body=sealed.body.encode(),
        hash=sealed.hash,
        signature=sealed.signature,
        groups=rows_of(sealed.groups),
        group_padding=list(sealed.group_padding),
        files=files_named(sealed),
        outcome=EventOutcome.APPLIED,
        received_at=stamp.at,
    )


def _park(batch: _Batch, event: DeviceEvent, problem: Problem) -> None:
    park(batch.session, event, problem, stamp=batch.stamp)
    if event.stop_id is not None:
        batch.parked_stops.add(event.stop_id)


def _fork(batch: _Batch, push: Push) -> Standing:
    if batch.stream.state is StreamState.OPEN:
        fork_stream(batch.session, batch.stream, stamp=batch.stamp)
    return _stray(batch, push)


def _stray(batch: _Batch, push: Push) -> Standing:
    """Keep a batch beside the log, wherever it begins, and note whether what is right before it is here, too."""
    require_whole(batch.stream, push, batch.openings)
    write_now(batch.session)
    before = _declared_prev(push.events[0])
    batch.lacks_before = before != "" and not holds(batch.session, batch.stream.device_id, push.from_seq - 1, before)
    batch.quarantined = keep_stray(batch.session, batch.stream, push, stamp=batch.stamp)
    return "fork"


def _in_sequence(push: Push, results: Sequence[EventResult]) -> tuple[EventResult, ...]:
    """Return one result for each event of the batch; one that was mended has its new one."""
    newest = {result.seq: result for result in results}
    return tuple(newest[seq] for seq in sorted(newest) if seq < push.from_seq + len(push.events))


def _result(session: Session, event: DeviceEvent, issued: Sequence[Issued]) -> EventResult:
    event.documents = [msgspec.to_builtins(one.as_message()) for one in issued if not one.is_let_go]
    session.add(event)
    return stored_result(event, first=True)


def stored_result(event: DeviceEvent, *, first: bool = False) -> EventResult:
    """Return the answer that an event got; the same each time that it is sent again."""
    parked = event.outcome is EventOutcome.PARKED
    refusal = Refusal(slug=event.refusal["slug"], fr=event.refusal["fr"], en=event.refusal["en"]) if parked else None
    return EventResult(
        seq=event.seq,
        event_id=str(event.event_id),
        status="parked" if parked else "applied" if first else "known",
        refusal=refusal,
        documents=tuple(msgspec.convert(event.documents, type=list[IssuedDocument])),
    )
