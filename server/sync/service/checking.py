"""Every stream walked from its first event: chain, signatures, head, receipts; and the state that it makes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.core.acting import acting_org
from server.identity.model import Device
from server.sync.model import DeviceEvent, DeviceStream, EventOutcome, SignedReceipt
from server.sync.service.holding import hash_at
from server.sync.service.replaying import (
    Difference,
    StateHash,
    first_difference,
    replay,
)
from server.sync.service.stored import sealed_of
from server.sync.service.streams import epoch
from shared.problems import Problem, Text
from shared.sealing import GENESIS, chain_hash, is_signed_by
from shared.sealing_event import open_event
from shared.wire.push import Receipt

type Keys = tuple[bytes, ...]
"""Every public key under which the office ever signed, oldest first."""
_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class SyncFault:
    """Something that does not hold: in which tablet's stream or which run, at which place, in words."""

    kind: str
    where: str
    text: Text


@dataclass(frozen=True, slots=True)
class CheckedStream:
    """One tablet's stream as it was walked."""

    device_id: UUID
    name: str
    last_seq: int
    announced_seq: int
    head: str
    receipts: int
    faults: tuple[SyncFault, ...]


class ReceiptBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a receipt says."""

    device_id: str
    epoch: str
    last_seq: int
    head: str
    server_ms: int


def streams_of(session: Session) -> list[UUID]:
    """Return the acting carrier's tablets that have a stream, the oldest first."""
    return list(
        session.scalars(
            select(Device.id)
            .join(DeviceStream, DeviceStream.device_id == Device.id)
            .where(Device.owner_id == acting_org(session))
            .order_by(Device.enrolled_at, Device.id)
        )
    )


def check_stream(session: Session, device_id: UUID, *, server_keys: Keys) -> CheckedStream:
    """Walk one stream of the acting carrier; its tablet's pushes wait until the transaction ends."""
    device = session.get_one(Device, device_id)
    stream = session.scalars(
        select(DeviceStream).where(DeviceStream.device_id == device_id).with_for_update(read=True)
    ).one()
    faults = (*_chain_faults(session, device, stream), *_receipt_faults(session, stream, server_keys))
    count = session.scalar(select(func.count()).where(SignedReceipt.device_id == device_id)) or 0
    return CheckedStream(device_id, device.name, stream.last_seq, stream.announced_seq, stream.head, count, faults)


def check_run(session: Session, run_id: UUID, *, log: StateHash, tables: StateHash) -> SyncFault | None:
    """Replay one run from its sealed events, add what log and tables say to their digests, and compare both."""
    try:
        said, kept = replay(session, run_id)
    except Problem as problem:
        return SyncFault("unreadable-visit", str(run_id), problem.detail)
    log.add(run_id, said)
    tables.add(run_id, kept)
    found = first_difference(run_id, said, kept)
    return None if found is None else _difference(found)


def check_receipts(session: Session, receipts: Sequence[Receipt], *, server_keys: Keys) -> Iterator[SyncFault]:
    """Compare receipts that a tablet kept with what the office holds: what was signed for must be here."""
    ours = epoch(session)
    for receipt in receipts:
        yield from _kept_fault(session, receipt, server_keys, ours)


def _kept_fault(session: Session, receipt: Receipt, server_keys: Keys, ours: str) -> Iterator[SyncFault]:
    body = _receipt_body(receipt, server_keys)
    if body is None:
        yield SyncFault(
            "receipt-forged",
            receipt.body[:80],
            Text("Ce reçu ne porte pas la signature du serveur.", "This receipt does not bear the server’s signature."),
        )
        return
    place = f"{body.device_id} {body.last_seq}"
    held = hash_at(session, UUID(body.device_id), body.last_seq)
    if held is None and body.epoch != ours:
        yield SyncFault(
            "receipt-before-restore",
            place,
            Text(
                "Le bureau a été restauré et n’a plus cet événement; la tablette le renverra à son prochain contact.",
                "The office was restored and no longer has this event; the tablet sends it again at its next contact.",
            ),
        )
    elif held != body.head:
        yield SyncFault(
            "receipt-unmet",
            place,
            Text(
                "Le bureau a signé pour un événement qu’il n’a pas, ou qui n’est plus le même.",
                "The office signed for an event that it does not have, or that is no longer the same.",
            ),
        )


def _chain_faults(session: Session, device: Device, stream: DeviceStream) -> Iterator[SyncFault]:
    prev, expected = GENESIS, 1
    for event in _events(session, device.id):
        fault = _event_fault(event, device, prev, expected)
        if fault is not None:
            yield fault
            return
        prev, expected = bytes.fromhex(event.hash), expected + 1
    if (stream.last_seq, stream.head) != (expected - 1, prev.hex()):
        yield _fault(
            "head",
            device,
            stream.last_seq,
            f"La tête du flux dit {stream.last_seq}, le dernier événement tenu est {expected - 1}.",
            f"The stream's head says {stream.last_seq}, the last event that holds is {expected - 1}.",
        )


def _events(session: Session, device_id: UUID) -> Iterator[DeviceEvent]:
    after = 0
    while page := session.scalars(
        select(DeviceEvent)
        .where(DeviceEvent.device_id == device_id, DeviceEvent.seq > after)
        .order_by(DeviceEvent.seq)
        .limit(_AT_ONCE)
    ).all():
        yield from page
        after = page[-1].seq
        for event in page:
            session.expunge(event)


def _event_fault(event: DeviceEvent, device: Device, prev: bytes, expected: int) -> SyncFault | None:
    if event.seq != expected:
        return _fault("gap", device, expected, "Il manque un événement.", "An event is missing.")
    if chain_hash(prev, event.body).hex() != event.hash:
        return _fault(
            "chain",
            device,
            event.seq,
            "L’empreinte ne suit pas de l’événement précédent et du contenu.",
            "The hash does not follow from the event before and the content.",
        )
    return _seal_fault(event, device) if event.outcome is not EventOutcome.PARKED else None


def _seal_fault(event: DeviceEvent, device: Device) -> SyncFault | None:
    """A parked event may be anything; what was applied opens again, and is the one that its row names."""
    try:
        envelope = open_event(sealed_of(event), device.public_key)
    except (Problem, msgspec.ValidationError) as error:
        words = error.detail if isinstance(error, Problem) else Text(str(error), str(error))
        return _fault("seal", device, event.seq, words.fr, words.en)
    named = (envelope.seq, envelope.event_id, envelope.device_id, envelope.run_id, envelope.stop_id, envelope.type)
    row = (
        event.seq,
        str(event.event_id),
        str(event.device_id),
        str(event.run_id),
        str(event.stop_id or ""),
        event.type,
    )
    if named != row:
        return _fault(
            "row",
            device,
            event.seq,
            "La ligne nomme un autre événement que celui qu’elle contient.",
            "The row names another event than the one that it holds.",
        )
    return None


def _receipt_faults(session: Session, stream: DeviceStream, server_keys: Keys) -> Iterator[SyncFault]:
    rows = session.scalars(
        select(SignedReceipt).where(SignedReceipt.device_id == stream.device_id).order_by(SignedReceipt.last_seq)
    )
    known: dict[int, str | None] = {}
    for row in rows:
        body = _receipt_body(Receipt(body=row.body, signature=row.signature), server_keys)
        if row.last_seq not in known:
            known[row.last_seq] = hash_at(session, stream.device_id, row.last_seq)
        is_good = body is not None and (body.device_id, body.last_seq, body.head) == (
            str(stream.device_id), row.last_seq, known[row.last_seq],
        )  # fmt: skip
        if not is_good:
            yield SyncFault(
                "receipt",
                f"{stream.device_id} {row.last_seq}",
                Text(
                    "Un reçu gardé n’a pas la signature du serveur, ou ne dit pas ce que le flux contient.",
                    "A kept receipt lacks the server’s signature, or does not say what the stream holds.",
                ),
            )
            return


def _receipt_body(receipt: Receipt, server_keys: Keys) -> ReceiptBody | None:
    digest = hashlib.sha256(receipt.body.encode()).digest()
    try:
        signature = bytes.fromhex(receipt.signature)
        if not any(is_signed_by(key, "receipt", digest, signature) for key in reversed(server_keys)):
            return None
        return msgspec.json.decode(receipt.body, type=ReceiptBody)
    except (ValueError, msgspec.MsgspecError):
        return None


def _difference(found: Difference) -> SyncFault:
    log, tables = (msgspec.json.encode(one).decode() for one in (found.log, found.tables))
    return SyncFault(
        "state",
        f"{found.run_id} {found.subject}",
        Text(f"Le journal dit {log}, les tables disent {tables}.", f"The log says {log}, the tables say {tables}."),
    )


def _fault(kind: str, device: Device, seq: int, fr: str, en: str) -> SyncFault:
    return SyncFault(kind, f"{device.name} {device.id} {seq}", Text(fr, en))
