"""Sealed events up, and the office's signed word back."""

from __future__ import annotations

from functools import partial

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from driver_app.clock import Clock, Moment
from driver_app.store import attachments, outbox, receipts, settings
from driver_app.store.commit_points import PUSH_ANSWERED
from driver_app.store.database import Session, Store
from driver_app.store.receipts import ReceiptBody, ReceiptRefused
from driver_app.store.settings import Enrolment
from driver_app.sync.keys import read_receipt
from driver_app.sync.office import Office
from shared.problems import Text
from shared.sealing import sign
from shared.wire.event import SealedEvent
from shared.wire.push import Push, PushAnswer


def push_batch(store: Store, office: Office, key: Ed25519PrivateKey, device: Enrolment, clock: Clock) -> int:
    """Send the next batch and keep its receipt; return by how many events the office's log grew, 0 when none waits.

    Nothing is ticked as received before the receipt was checked and written down here.

    Raises:
        ReceiptRefused: the answer is not the office's word, or contradicts this tablet's log.
    """
    now = clock.now()
    acked = store.read(settings.position).acked
    events = store.write("take_batch", lambda session: outbox.take_batch(session, after=acked, now=now))
    if not events:
        return 0
    answer = office.push(signed_push(key, device.device_id, acked + 1, events))
    store.reached(PUSH_ANSWERED)
    body = read_receipt(store, office, device, answer.receipt)
    received = clock.now()
    return store.write("receive", lambda session: _receive(session, answer, body, received)) - acked


def hand_in_strays(store: Store, office: Office, key: Ed25519PrivateKey, device: Enrolment, clock: Clock) -> None:
    """Give the office a copy of a log that it does not follow; nothing of it is ticked as received.

    What it keeps, or has in the log that it follows, is not sent again: both logs begin alike, perhaps for longer than
    a batch. A full quarantine ends it, and so does an office that takes no more.
    """
    while _hand_in(store, office, key, device, clock):
        pass


def _hand_in(store: Store, office: Office, key: Ed25519PrivateKey, device: Enrolment, clock: Clock) -> bool:
    """Hand in the next batch; say whether the office has it now.

    An office that has not what it took before was put back meanwhile: the next round begins anew.
    """
    now = clock.now()
    after = store.read(settings.position).strays_seq
    first, events = store.write("take_batch", lambda session: outbox.take_strays(session, after=after, now=now))
    if not events:
        return False
    answer = office.push(signed_push(key, device.device_id, first, events))
    store.reached(PUSH_ANSWERED)
    last = first + len(events) - 1
    is_lost = answer.standing == "gap" or (answer.lacks_before and first == after + 1)
    reached = 0 if after and is_lost else _reached(answer, after, last)
    if reached != after:
        store.write("receive", partial(_note_strays, seq=reached))
    return reached > after


def _reached(answer: PushAnswer, after: int, last: int) -> int:
    """Return how far the office has this log now, beside its own or as its own."""
    if answer.standing == "fork":
        return last if answer.quarantined else after
    return after if answer.standing == "gap" else min(last, answer.last_seq)


def _note_strays(session: Session, *, seq: int) -> None:
    settings.save(session, msgspec.structs.replace(settings.position(session), strays_seq=seq))


def signed_push(key: Ed25519PrivateKey, device_id: str, from_seq: int, events: tuple[SealedEvent, ...]) -> Push:
    """Return consecutive events as a push, its head signed by the tablet."""
    signature = sign(key, "head", bytes.fromhex(events[-1].hash)).hex()
    return Push(device_id=device_id, from_seq=from_seq, events=events, head_signature=signature)


def _receive(session: Session, answer: PushAnswer, body: ReceiptBody, now: Moment) -> int:
    """Write down what the office holds and return its last sequence."""
    if answer.standing == "fork":
        known = settings.position(session)
        settings.save(session, msgspec.structs.replace(known, standing="fork"))
        return known.acked
    _require_ours(session, answer, body)
    receipts.keep(session, answer.receipt, body, now)
    outbox.mark_received(session, last_seq=body.last_seq, results=answer.results)
    outbox.forget_receipts_after(session, body.last_seq)
    before = settings.position(session)
    is_rewind = body.last_seq < before.acked
    if is_rewind:  # the office was set back since it greeted: what else it lost, nobody here can know
        attachments.offer_again(session)
    known = msgspec.structs.replace(
        before,
        cursor=0 if is_rewind else before.cursor,
        rewound_ms=answer.server_ms if is_rewind else before.rewound_ms,
        acked=body.last_seq,
        hash_at_acked=body.head,
        safe_seq=answer.safe_seq,
        standing="revoked" if answer.standing == "revoked" else "ok",
        server_ms=answer.server_ms,
        server_monotonic_ms=now.monotonic_ms,
        server_boot_id=now.boot_id,
        contact_wall_ms=now.wall_ms,
    )
    settings.save(session, known)
    return body.last_seq


def _require_ours(session: Session, answer: PushAnswer, body: ReceiptBody) -> None:
    told = (answer.last_seq, answer.head)
    if told != (body.last_seq, body.head) or outbox.hash_at(session, body.last_seq) != body.head:
        raise ReceiptRefused(
            Text(
                "L’accusé du bureau ne correspond pas au journal de la tablette; rien n’est coché comme reçu.",
                "The office’s receipt does not match the tablet’s log; nothing is ticked as received.",
            ),
            where=str(body.last_seq),
        )
