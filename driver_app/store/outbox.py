"""The log of sealed events: appended, sent, acknowledged, and deleted only when a verified backup holds them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import msgspec

from driver_app.clock import Moment
from driver_app.store.database import Session
from driver_app.store.vault import Unreadable
from shared.sealing import GENESIS
from shared.wire.event import SealedEvent
from shared.wire.limits import MAX_BATCH_BYTES, MAX_EVENTS
from shared.wire.push import EventResult

type EventState = Literal["sealed", "sent", "received"]


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the log: sequence and hash that the next event builds upon."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One event's place and state, without its bytes."""

    seq: int
    event_id: str
    run_id: str
    stop_id: str
    type: str
    hash: str
    state: EventState
    sealed_wall_ms: int
    boot_id: str
    sealed_monotonic_ms: int
    held_ms: int

    def is_held(self, now: Moment) -> bool:
        """Whether the event may still be taken back; a restart of the tablet ends the delay."""
        elapsed_ms = now.elapsed_since_ms(self.boot_id, self.sealed_monotonic_ms)
        return self.state == "sealed" and elapsed_ms is not None and 0 <= elapsed_ms < self.held_ms


def head(session: Session) -> Head:
    """Return the end of the log; sequence 0 with the genesis hash when it is empty."""
    row = session.db.execute("SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1").fetchone()
    return Head(0, GENESIS.hex()) if row is None else Head(*row)


def announced_seq(session: Session, now: Moment) -> int:
    """Return the last sequence that nobody can take back any more: what the office may wait for."""
    for row in session.db.execute(f"{_SELECT} ORDER BY seq DESC"):
        entry = Entry(*row)
        if not entry.is_held(now):
            return entry.seq
    return 0


def hash_at(session: Session, seq: int) -> str | None:
    """Return the hash of one event, the genesis hash for 0, or None when the log does not hold it."""
    if seq == 0:
        return GENESIS.hex()
    row = session.db.execute("SELECT hash FROM event WHERE seq = ?", (seq,)).fetchone()
    return None if row is None else str(row[0])


def append(session: Session, event: SealedEvent, entry: Entry) -> None:
    """Write a sealed event at the end of the log."""
    session.db.execute(
        "INSERT INTO event (seq, event_id, run_id, stop_id, type, sealed, hash, state, boot_id, sealed_monotonic_ms, "
        "sealed_wall_ms, held_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            entry.seq,
            entry.event_id,
            entry.run_id,
            entry.stop_id,
            entry.type,
            session.vault.close(msgspec.json.encode(event), f"event:{entry.seq}"),
            entry.hash,
            entry.state,
            entry.boot_id,
            entry.sealed_monotonic_ms,
            entry.sealed_wall_ms,
            entry.held_ms,
        ),
    )


def take_back(session: Session, entry: Entry) -> None:
    """Remove the last event, which never left the tablet."""
    session.db.execute("DELETE FROM attachment_use WHERE event_id = ?", (entry.event_id,))
    session.db.execute("DELETE FROM event WHERE seq = ? AND state = 'sealed'", (entry.seq,))


def entry_of(session: Session, event_id: str) -> Entry | None:
    """Return one event's place and state."""
    row = session.db.execute(f"{_SELECT} WHERE event_id = ?", (event_id,)).fetchone()
    return None if row is None else Entry(*row)


def entries(session: Session, *, run_id: str | None = None) -> tuple[Entry, ...]:
    """Return the log in order, of one run or whole."""
    if run_id is None:
        return tuple(Entry(*row) for row in session.db.execute(f"{_SELECT} ORDER BY seq"))
    return tuple(Entry(*row) for row in session.db.execute(f"{_SELECT} WHERE run_id = ? ORDER BY seq", (run_id,)))


def load(session: Session, seq: int) -> SealedEvent:
    """Return one event verbatim."""
    body = session.db.execute("SELECT sealed FROM event WHERE seq = ?", (seq,)).fetchone()[0]
    return msgspec.json.decode(session.vault.open(body, f"event:{seq}"), type=SealedEvent)


def take_batch(session: Session, *, after: int, now: Moment) -> tuple[SealedEvent, ...]:
    """Return the next events to send, in order, and mark them as sent: from here on they cannot be taken back.

    At most ``MAX_EVENTS`` and ``MAX_BATCH_BYTES``, though always one; events that may still be undone wait, and
    those behind them too. A hole ends the batch.

    Raises:
        Unreadable: the first one does not open any more.
    """
    batch: list[SealedEvent] = []
    room = MAX_BATCH_BYTES
    for row in session.db.execute(f"{_SELECT} WHERE seq > ? ORDER BY seq LIMIT ?", (after, MAX_EVENTS)).fetchall():
        entry = Entry(*row)
        if entry.seq != after + 1 + len(batch) or (batch and not _opens(session, entry.seq)):
            break
        event = load(session, entry.seq)
        room -= len(msgspec.json.encode(event)) + 1
        if entry.is_held(now) or (batch and room < _MARGIN_BYTES):
            break
        batch.append(event)
    session.db.execute(
        "UPDATE event SET state = 'sent' WHERE state = 'sealed' AND seq > ? AND seq <= ?", (after, after + len(batch))
    )
    return tuple(batch)


def take_strays(session: Session, *, after: int, now: Moment) -> tuple[int, tuple[SealedEvent, ...]]:
    """Return the first events after a sequence that still open, and where they begin; for the quarantine."""
    for row in session.db.execute("SELECT seq FROM event WHERE seq > ? ORDER BY seq", (after,)).fetchall():
        if _opens(session, row[0]):
            return row[0], take_batch(session, after=row[0] - 1, now=now)
    return after + 1, ()


def let_all_go(session: Session) -> None:
    """Mark every event as sent: the log leaves the tablet in a file, and nothing in it can be taken back."""
    session.db.execute("UPDATE event SET state = 'sent' WHERE state = 'sealed'")


def unreadable(session: Session) -> tuple[Entry, ...]:
    """Return the events that do not open any more."""
    return tuple(entry for entry in entries(session) if not _opens(session, entry.seq))


def broken_at(session: Session, *, after: int) -> int:
    """Return the first sequence after ``after`` that is missing or does not open, 0 when the log is whole."""
    rows = session.db.execute("SELECT seq FROM event WHERE seq > ? ORDER BY seq", (after,)).fetchall()
    for expected, row in enumerate(rows, start=after + 1):
        if row[0] != expected or not _opens(session, row[0]):
            return expected
    return 0


def _opens(session: Session, seq: int) -> bool:
    try:
        load(session, seq)
    except (Unreadable, msgspec.MsgspecError):
        return False
    return True


def waiting(session: Session) -> tuple[Entry, ...]:
    """Return the events that the office has not confirmed, in order."""
    return tuple(Entry(*row) for row in session.db.execute(f"{_SELECT} WHERE state != 'received' ORDER BY seq"))


def mark_received(session: Session, *, last_seq: int, results: tuple[EventResult, ...]) -> None:
    """Note what a receipt covers and what became of each event."""
    session.db.execute("UPDATE event SET state = 'received' WHERE seq <= ?", (last_seq,))
    session.db.executemany(
        "UPDATE event SET result = ? WHERE seq = ?",
        [(session.vault.close(msgspec.json.encode(result), f"result:{result.seq}"), result.seq) for result in results],
    )


def forget_receipts_after(session: Session, seq: int) -> None:
    """The office lost what came after ``seq``: those events wait to be sent again."""
    session.db.execute("UPDATE event SET state = 'sent' WHERE state = 'received' AND seq > ?", (seq,))


def results_of(session: Session, run_id: str) -> dict[str, EventResult]:
    """Return what the office made of a run's events, by event id."""
    rows = session.db.execute(
        "SELECT event_id, seq, result FROM event WHERE run_id = ? AND result IS NOT NULL", (run_id,)
    )
    return {
        event_id: msgspec.json.decode(session.vault.open(body, f"result:{seq}"), type=EventResult)
        for event_id, seq, body in rows
    }


def prune(session: Session, *, safe_seq: int, received_seq: int) -> int:
    """Delete events inside a verified backup that were received long enough ago; return how many.

    ``received_seq`` is how far the office had the log 14 days ago: any backup since then holds it. The last event
    always stays: the next one builds upon its hash. Files go by their own time (``attachments.let_go``).
    """
    bound = (safe_seq, received_seq, head(session).seq)
    return session.db.execute("DELETE FROM event" + _OLD, bound).rowcount  # noqa: S608  # our own words


_MARGIN_BYTES = 1024
_OLD = " WHERE seq < ? AND seq <= ? AND seq < ? AND state = 'received'"
_SELECT = (
    "SELECT seq, event_id, run_id, stop_id, type, hash, state, sealed_wall_ms, boot_id, sealed_monotonic_ms, held_ms "
    "FROM event"
)
