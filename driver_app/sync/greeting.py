"""First words: do tablet and office still tell the same story?"""

from __future__ import annotations

from typing import Final

import msgspec

from driver_app import APP_VERSION
from driver_app.clock import Clock, Moment
from driver_app.store import attachments, outbox, settings
from driver_app.store.database import Session, Store
from driver_app.store.settings import Position, Standing
from driver_app.sync.office import Office
from driver_app.sync.pulling import remember_contact
from shared.wire.hello import Hello, HelloAnswer
from shared.wire.limits import PROTOCOL

ASK_EVERY_MS: Final = 3_600_000


def greet(store: Store, office: Office, device_id: str, clock: Clock, *, is_laid_aside: bool = False) -> Position:
    """Compare both ends of the log and return where to go on from.

    An office that holds less than it had confirmed was restored: what it lost waits again. One that holds another
    history is a fork: the tablet keeps everything and a person decides. Nobody waits for a log that ``is_laid_aside``
    once the office has all of it.
    """
    told_at = clock.now()
    told = store.read(lambda session: _hello(session, device_id, told_at))
    told = msgspec.structs.replace(told, is_laid_aside=is_laid_aside)
    answer = office.hello(told)
    now = clock.now()

    def work(session: Session) -> Position:
        remember_contact(session, answer.server_ms, now)
        attachments.note_received_by(session, answer.server_ms)
        _agree(session, answer)
        _note_held(session, told.strays_seq if answer.holds_strays else 0)
        if told.asks_missing:
            _note_asked(session, answer.server_ms)
        return settings.position(session)

    return store.write("contact", work)


def _hello(session: Session, device_id: str, now: Moment) -> Hello:
    known = settings.position(session)
    announced = outbox.announced_seq(session, now)
    strays_hash = outbox.hash_at(session, known.strays_seq)
    return Hello(
        device_id=device_id,
        app_version=APP_VERSION,
        protocols=(PROTOCOL,),
        epoch=known.epoch,
        acked=known.acked,
        hash_at_acked=known.hash_at_acked,
        head=announced,
        held=max(0, outbox.head(session).seq - announced),
        broken_at=outbox.broken_at(session, after=known.acked),
        asks_missing=_is_time_to_ask(known),
        strays_seq=known.strays_seq if strays_hash else 0,
        hash_at_strays=strays_hash or "",
    )


def _note_asked(session: Session, server_ms: int) -> None:
    settings.save(session, msgspec.structs.replace(settings.position(session), asked_missing_ms=server_ms))


def _is_time_to_ask(known: Position) -> bool:
    """Once an hour by the office's clock: the answer costs the office a look at every file of ours.

    A clock that stood ahead then and was set right since says nothing of an hour.
    """
    return not 0 <= known.server_ms - known.asked_missing_ms < ASK_EVERY_MS


def _agree(session: Session, answer: HelloAnswer) -> None:
    known = settings.position(session)
    standing = _standing(session, answer)
    restored = standing != "fork" and answer.last_seq < known.acked
    if restored:
        outbox.forget_receipts_after(session, answer.last_seq)
        known = msgspec.structs.replace(
            known, acked=answer.last_seq, hash_at_acked=answer.hash_at_last, rewound_ms=answer.server_ms
        )
    if restored or (known.epoch and answer.epoch != known.epoch):
        attachments.offer_again(session)
        known = msgspec.structs.replace(known, cursor=0)
    attachments.offer_missing(session, answer.missing_files)
    known = msgspec.structs.replace(
        known,
        standing=standing,
        epoch=answer.epoch,
        safe_seq=answer.safe_seq,
        safe_ms=answer.safe_ms,
    )
    settings.save(session, known)


def _note_held(session: Session, held_seq: int) -> None:
    """Copies of our branch that the office has not any more are handed in again, and their files offered."""
    known = settings.position(session)
    if known.strays_seq == held_seq:
        return
    attachments.offer_again(session)
    settings.save(session, msgspec.structs.replace(known, strays_seq=held_seq))


def _standing(session: Session, answer: HelloAnswer) -> Standing:
    """A fork is what the office says, or what our own log contradicts; a pruned event cannot contradict."""
    ours = outbox.hash_at(session, answer.last_seq)
    ahead = answer.last_seq > outbox.head(session).seq
    differs = ours is not None and ours != answer.hash_at_last
    if answer.standing == "fork" or ahead or differs:
        return "fork"
    return "revoked" if answer.standing == "revoked" else "ok"
