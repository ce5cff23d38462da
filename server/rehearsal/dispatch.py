"""What happens at the office while drivers are out: backups, restores, changed runs, revoked tablets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import UUID

from psycopg.errors import LockNotAvailable
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from server.core.transaction import transaction
from server.identity.service import revoke_device
from server.planning.model import Run
from server.rehearsal.books_feed import behind
from server.rehearsal.cab import Cab
from server.rehearsal.decisions import Decision, carry_out
from server.rehearsal.founding import stamp
from server.rehearsal.ground import Ground
from server.rehearsal.morning import Route
from server.rehearsal.surroundings import Surroundings
from server.rehearsal.ticks import ticked
from server.sync.jobs import build_run_bundle
from server.sync.service.bundles import build_bundle
from shared.problems import Problem

_PATIENCE = text("SET LOCAL lock_timeout = '20ms'")


@dataclass(frozen=True, slots=True)
class Backup:
    """The database and the files of then, and what only the dispatcher's memory knows of that state."""

    database: int
    files: frozenset[Path]
    revoked: dict[str, datetime]
    taken: dict[str, int]
    decided: int
    news: int


@dataclass(slots=True)
class Dispatch:
    """The people of the office on one day; while it ``is_sending`` a transaction is open, and nobody restores.

    ``unfed`` is what was sent and did not reach the feed as it was, and what should not have been let change.
    """

    ground: Ground
    route: Route
    around: Surroundings
    revoked: dict[str, datetime] = field(default_factory=dict)
    backups: list[Backup] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    unfed: list[str] = field(default_factory=list)
    lives: int = 1
    changes: int = 0
    is_sending: bool = False

    @property
    def carrier_id(self) -> UUID:
        """The carrier whose day it is."""
        return self.ground.morning.trade.carrier_id

    def back_up(self, news: int) -> None:
        """Hold database and files; now and then the backup is verified, and tablets hear how far it reaches."""
        self.around.injected.count("office backed up")
        held = self.ground.back_up(), self._files(), dict(self.revoked), self.taken(), len(self.decisions), news
        self.backups.append(Backup(*held))
        if self.around.chance.hits(0.7):
            self.ground.rows.do("UPDATE device_stream SET safe_seq = last_seq")

    def taken(self) -> dict[str, int]:
        """Return how far the office has each tablet's log."""
        return {
            str(device): seq for device, seq in self.ground.rows.all("SELECT device_id, last_seq FROM device_stream")
        }

    def would_be_seen(self, cabs: Sequence[Cab]) -> bool:
        """Say whether every tablet can see that a machine was rolled back: it ticked events that are gone then.

        Nothing else tells a tablet, since the machine keeps its epoch; a rollback that takes only files or runs along
        is outside of what the protocol promises.
        """
        return all(ticked(cab) > self.backups[-1].taken.get(cab.device_id, 0) for cab in cabs)

    def restore(self, *, is_rollback: bool) -> None:
        """Go back to the last backup; a restore is another life of the database, a rolled-back machine the same one."""
        self.around.injected.count("office rolled back" if is_rollback else "office restored")
        backup = self.backups[-1]
        self.ground.put_back(backup.database)
        self.lives += 1
        if not is_rollback:
            self.ground.rows.do("UPDATE server_epoch SET nonce = %s", f"life-{self.lives}")
        for path in self._files() - backup.files:
            path.unlink()
        self.revoked = dict(backup.revoked)
        del self.decisions[backup.decided :]

    def change_run(self, run_id: UUID) -> None:
        """Give the run another name and send it to its tablets again."""
        self.around.injected.count("run changed")
        with transaction(self.carrier_id) as session:
            self._rename(session, run_id)
        self.send(run_id)

    def send(self, run_id: UUID) -> None:
        """Put the run, as it is now, on the feed of its tablets, and look whether it is there."""
        build_run_bundle(owner_id=str(self.carrier_id), subject_id=str(run_id))
        self.unfed += behind(self.ground.rows, run_id)

    def decide(self, kind: str, decision_at: Callable[[datetime], Decision]) -> Problem | None:
        """Carry a decision out at an instant of its own, and return the office's refusal: what it refuses was none."""
        self.around.time.advance(1)
        decision = decision_at(self.around.time.instant())
        self.around.time.advance(1)
        try:
            carry_out(self.carrier_id, decision)
        except Problem as refusal:
            self.around.injected.note(f"{kind} refused {refusal.slug}")
            return refusal
        self.around.injected.count(kind)
        self.decisions.append(decision)
        return None

    def change_side_by_side(self, slow: UUID, quick: UUID, between: Cab) -> None:
        """Let two dispatchers send two runs at once: the slower one's commit comes after the tablet has pulled."""
        self.around.injected.count("bundles side by side")
        for run_id in (slow, quick):
            with transaction(self.carrier_id) as session:
                self._rename(session, run_id)
        with transaction(self.carrier_id) as first:
            build_bundle(first, slow, stamp=stamp())
            first.flush()
            was_held_up = not self._tries(quick)
            self.is_sending = True
            between.pull()
            self.is_sending = False
        if was_held_up:
            self.send(quick)

    def revoke(self, cab: Cab) -> None:
        """Take a lost tablet's trust away."""
        self.around.injected.count("tablet revoked")
        with transaction(self.carrier_id) as session:
            revoke_device(session, UUID(cab.device_id), stamp=stamp())
        self.revoked[cab.device_id] = self.around.time.instant()

    def _tries(self, run_id: UUID) -> bool:
        """Send a run unless somebody else is just sending one."""
        try:
            with transaction(self.carrier_id) as session:
                session.execute(_PATIENCE)
                build_bundle(session, run_id, stamp=stamp())
        except OperationalError as error:
            if not isinstance(error.orig, LockNotAvailable):
                raise
            return False
        return True

    def _rename(self, session: Session, run_id: UUID) -> None:
        self.changes += 1
        run = session.scalars(select(Run).where(Run.id == run_id)).one()
        run.name = f"{run.name.partition(' · ')[0]} · {self.changes}"

    def _files(self) -> frozenset[Path]:
        return frozenset(path for path in (self.ground.folder / "store").rglob("*") if path.is_file())
