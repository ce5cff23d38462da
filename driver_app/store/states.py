"""How far runs and stops are, as the driver left them."""

from __future__ import annotations

from dataclasses import dataclass

from driver_app.store.database import Session
from shared.lifecycles import STOP_LIFECYCLE, StopState


@dataclass(frozen=True, slots=True)
class RunProgress:
    """When the run left and came back, in Unix milliseconds; None until then."""

    run_id: str
    departed_ms: int | None
    returned_ms: int | None

    @property
    def is_under_way(self) -> bool:
        """Whether the truck is out."""
        return self.departed_ms is not None and self.returned_ms is None


@dataclass(frozen=True, slots=True)
class StopProgress:
    """One stop's state; ``event_id`` names the event that finished it, or the one being corrected.

    ``elsewhere``: another tablet finished it, and the office said so.
    """

    run_id: str
    stop_id: str
    state: StopState
    arrived_ms: int
    finished_ms: int | None = None
    outcome: str = ""
    event_id: str = ""
    elsewhere: bool = False

    @property
    def is_finished(self) -> bool:
        """Whether a sealed event stands for this stop and nobody is correcting it."""
        return self.state in (StopState.SIGNED, StopState.FAILED)


def run_progress(session: Session, run_id: str) -> RunProgress:
    """Return how far a run is."""
    row = session.db.execute("SELECT departed_ms, returned_ms FROM run_state WHERE run_id = ?", (run_id,)).fetchone()
    return RunProgress(run_id, *(row or (None, None)))


def mark_departed(session: Session, run_id: str, at_ms: int) -> None:
    """Note that the run has left."""
    session.db.execute("INSERT INTO run_state (run_id, departed_ms) VALUES (?, ?)", (run_id, at_ms))


def mark_returned(session: Session, run_id: str, at_ms: int) -> None:
    """Note that the run is back at the depot."""
    session.db.execute("UPDATE run_state SET returned_ms = ? WHERE run_id = ?", (at_ms, run_id))


def stop_progress(session: Session, *, run_id: str, stop_id: str) -> StopProgress | None:
    """Return how far a stop is, or None before the driver arrived there."""
    rows = session.db.execute(f"{_SELECT} WHERE run_id = ? AND stop_id = ?", (run_id, stop_id))
    return next((_progress(row) for row in rows), None)


def stops_of(session: Session, run_id: str) -> dict[str, StopProgress]:
    """Return the stops of a run that were opened, by id."""
    rows = session.db.execute(f"{_SELECT} WHERE run_id = ?", (run_id,))
    return {row[1]: _progress(row) for row in rows}


def mark_arrived(session: Session, *, run_id: str, stop_id: str, at_ms: int) -> None:
    """Note the arrival."""
    session.db.execute(
        "INSERT INTO stop_state (run_id, stop_id, state, arrived_ms) VALUES (?, ?, ?, ?)",
        (run_id, stop_id, StopState.ARRIVED.value, at_ms),
    )


def mark_elsewhere(session: Session, *, run_id: str, stop_id: str, outcome: str, at_ms: int) -> None:
    """Note that another tablet finished a stop that was never opened here; what was begun here goes on."""
    state = StopState.FAILED if outcome == "failed" else StopState.SIGNED
    session.db.execute(
        "INSERT OR IGNORE INTO stop_state (run_id, stop_id, state, arrived_ms, finished_ms, outcome, elsewhere) "
        "VALUES (?, ?, ?, ?, ?, ?, 1)",
        (run_id, stop_id, state.value, at_ms, at_ms, outcome),
    )


def mark_counting(session: Session, before: StopProgress) -> None:
    """Note that the driver has begun to count, the first time only."""
    if before.state is StopState.ARRIVED:
        _set_state(session, before, StopState.COUNTING)


def mark_finished(session: Session, before: StopProgress, *, outcome: str, event_id: str, at_ms: int) -> None:
    """Note the sealed event.

    Raises:
        IllegalMove: the stop is not in a state that can be finished.
    """
    _set_state(session, before, StopState.FAILED if outcome == "failed" else StopState.SIGNED)
    session.db.execute(
        "UPDATE stop_state SET finished_ms = ?, outcome = ?, event_id = ? WHERE run_id = ? AND stop_id = ?",
        (at_ms, outcome, event_id, before.run_id, before.stop_id),
    )


def mark_reopened(session: Session, before: StopProgress, *, corrects: str = "") -> None:
    """Put a finished stop back to counting; ``corrects`` names the event that the next one will correct."""
    _set_state(session, before, StopState.COUNTING)
    session.db.execute(
        "UPDATE stop_state SET finished_ms = NULL, outcome = '', event_id = ? WHERE run_id = ? AND stop_id = ?",
        (corrects, before.run_id, before.stop_id),
    )


_SELECT = "SELECT run_id, stop_id, state, arrived_ms, finished_ms, outcome, event_id, elsewhere FROM stop_state"


def _progress(row: tuple[str, str, str, int, int | None, str, str, int]) -> StopProgress:
    return StopProgress(row[0], row[1], StopState(row[2]), *row[3:7], elsewhere=bool(row[7]))


def _set_state(session: Session, before: StopProgress, state: StopState) -> None:
    session.db.execute(
        "UPDATE stop_state SET state = ? WHERE run_id = ? AND stop_id = ?",
        (STOP_LIFECYCLE.step(before.state, state).value, before.run_id, before.stop_id),
    )
