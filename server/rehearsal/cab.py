"""One tablet of a rehearsed day: the real store, actions and sync, a clock that lies, and a process that dies."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from driver_app.clock import Moment
from driver_app.platform.desktop import FileSecrets
from driver_app.store import outbox
from driver_app.store.database import Session, TabletFull
from driver_app.sync.engine import Round, SyncEngine, backlog
from driver_app.sync.transport import Transport
from driver_app.tablet import Tablet, open_tablet
from server.rehearsal.clockwork import WorldTime
from server.rehearsal.full_disk import FullDisk
from server.rehearsal.surroundings import Surroundings
from shared.wire.event import SealedEvent

HELD_MS = 10_001
_MOST_TRIES = 200
_OTHER_BOOTS = 1_000


class NeverEnds(RuntimeError):
    """Something was tried so often that it will never work: a finding, where it would be an endless day."""


class TabletKilled(BaseException):
    """The app is gone in the middle of what it did; only what it committed is there when it starts again."""


@dataclass(slots=True)
class LyingClock:
    """A tablet's two clocks: the wall clock that people set, and the other one, which a restart resets."""

    time: WorldTime
    shift_ms: int = 0
    booted_ms: int = 0
    boot: int = 0

    def now(self) -> Moment:
        """Return both clocks, read together."""
        wall_ms = max(0, self.time.now_ms + self.shift_ms)
        return Moment(wall_ms, self.time.now_ms - self.booted_ms, f"boot-{self.boot}")

    def restart(self) -> None:
        """Start the other clock anew."""
        self.boot += 1
        self.booted_ms = self.time.now_ms - 15_000


@dataclass(slots=True)
class Toll:
    """What the network costs at the moment."""

    is_metered: bool = False


@dataclass(slots=True)
class Journal:
    """What the driver saw confirmed, kept outside of the tablet: sealed events by sequence, and when it was noted.

    ``overwritten`` are events in whose place an old copy was put back.
    """

    events: dict[int, SealedEvent] = field(default_factory=dict)
    noted_ms: dict[int, int] = field(default_factory=dict)
    taken_back: set[str] = field(default_factory=set)
    overwritten: list[tuple[int, SealedEvent]] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def note(self, seq: int, event: SealedEvent, now_ms: int) -> None:
        """Write down an event that is new."""
        self.events[seq], self.noted_ms[seq] = event, now_ms

    def copied(self) -> Journal:
        """Return what the driver of a copy has seen confirmed."""
        return Journal(dict(self.events), dict(self.noted_ms), set(self.taken_back))

    def overwrite(self, seq: int) -> None:
        """Move an event aside that an old copy does not have."""
        self.overwritten.append((seq, self.events.pop(seq)))


class Cab:
    """A tablet in a driver's hands."""

    def __init__(self, name: str, home: Path, transport: Transport, around: Surroundings) -> None:
        """Open the app in ``home``."""
        self.name = name
        self.around = around
        self.clock = LyingClock(around.time, around.weather.clock_shift_ms)
        self.journal = Journal()
        self.toll = Toll()
        self._home, self._transport = home, transport
        self._mortal = False
        self._disk: FullDisk | None = None
        self._open()

    @property
    def device_id(self) -> str:
        """The tablet's identity at the office."""
        return self.tablet.enrolment.device_id

    def do[T](self, act: Callable[[Tablet, Moment], T]) -> T:
        """Let the driver do something until the screen confirms it, however often the app dies on the way.

        ``act`` looks at what is there already: a death after the commit leaves it done.
        """
        for _ in range(_MOST_TRIES):
            self._perhaps_fill_disk()
            try:
                done = self._risking(lambda: act(self.tablet, self.clock.now()))
            except TabletFull:
                self._free_disk()
            except TabletKilled:
                self.restart()
            else:
                self.confirm()
                return done
        raise NeverEnds(f"{self.name} confirms nothing in {_MOST_TRIES} tries")

    def sync(self) -> Round | None:
        """Try one round; None when the app died in it."""
        self.toll.is_metered = self.around.chance.hits(self.around.weather.metered)
        return self._round(self.engine.sync)

    def pull(self) -> Round | None:
        """Only fetch runs; None when the app died in it."""
        return self._round(self.engine.pull)

    def _round(self, work: Callable[[], Round]) -> Round | None:
        try:
            ended = self._risking(work)
        except TabletKilled:
            self.restart()
            return None
        except TabletFull:
            self._free_disk()
            return None
        self.around.injected.note(f"{self.name} {ended.ending} {ended.events} {ended.files.received} {ended.runs}")
        if isinstance(ended.problem, TabletFull):  # the round says so, and the driver makes room
            self._free_disk()
        self.confirm()
        return ended

    def wait_out_the_undo(self) -> None:
        """Let the delay pass in which the last finish may be taken back."""
        self.around.time.advance(HELD_MS)

    def restart(self) -> None:
        """Start the app again; with the power gone too, the other clock starts anew."""
        self.tablet.store.close()
        self._disk = None
        if self.around.chance.hits(self.around.weather.power_cut * 4):
            self.around.injected.count("tablet restarted by a power cut")
            self.clock.restart()
        self._open()
        self._compare_with_journal()
        self.confirm()

    def copy_to(self, folder: Path) -> None:
        """Copy the tablet's folder as it is between two of its transactions."""
        shutil.copytree(self._home, folder)

    def copied(self, name: str, folder: Path) -> Cab:
        """Return another tablet that goes on with a copy of this one."""
        self.copy_to(folder)
        twin = Cab(name, folder, self._transport, self.around)
        twin.journal = self.journal.copied()
        twin.clock.restart()
        twin.clock.boot += _OTHER_BOOTS
        return twin

    def put_back(self, folder: Path) -> None:
        """Put an old copy in the place of the tablet's folder: what was sealed since is gone from it."""
        self.tablet.store.close()
        self._disk = None
        shutil.rmtree(self._home)
        shutil.copytree(folder, self._home)
        self.clock.restart()
        self._open()
        held = {entry.seq: entry.hash for entry in self.tablet.store.read(outbox.entries)}
        head = self.tablet.store.read(outbox.head).seq
        for seq, event in list(self.journal.events.items()):
            if seq > head or held.get(seq, event.hash) != event.hash:
                self.journal.overwrite(seq)
        self.tablet.store.read(lambda session: self._note_again(session, held))
        self.confirm()

    def confirm(self) -> None:
        """Note what stands on the tablet now: the screen shows it."""
        self.tablet.store.read(self._note)

    def has_sent_all(self) -> bool:
        """Say whether nothing waits any more."""
        left = self.tablet.store.read(backlog)
        return not left.events and not left.files

    def close(self) -> None:
        """Close the app."""
        self.tablet.store.close()

    def _open(self) -> None:
        self.tablet = open_tablet(self._home, FileSecrets(self._home / "keys"), reached=self._reach)
        self.engine = SyncEngine(self.tablet, self._transport, self.clock, self.toll)

    def _reach(self, point: str) -> None:
        if self._mortal and self.around.chance.hits(self.around.weather.tablet_killed):
            self._mortal = False
            self.around.injected.count("tablet killed")
            self.around.injected.note(f"{self.name} died at {point}")
            raise TabletKilled(point)

    def _risking[T](self, act: Callable[[], T]) -> T:
        self._mortal = True
        try:
            return act()
        finally:
            self._mortal = False

    def _note(self, session: Session) -> None:
        journal, head = self.journal, outbox.head(session).seq
        for seq in range(max(journal.events, default=0) + 1, head + 1):
            journal.note(seq, outbox.load(session, seq), self.around.time.now_ms)
        for seq in [seq for seq in journal.events if seq > head]:
            self._forget(seq)

    def _note_again(self, session: Session, held: Mapping[int, str]) -> None:
        for seq in held.keys() - self.journal.events.keys():
            self.journal.note(seq, outbox.load(session, seq), self.around.time.now_ms)

    def _forget(self, seq: int) -> None:
        """An event is gone from the end of the log: by the driver's own undo, or it was lost."""
        event = self.journal.events.pop(seq)
        if event.hash not in self.journal.taken_back:
            self.journal.broken.append(f"{self.name}: event {seq} is gone from the tablet")

    def _compare_with_journal(self) -> None:
        """After each start: what was confirmed and is not safe at the office must be there, byte for byte."""
        for entry in self.tablet.store.read(outbox.entries):
            known = self.journal.events.get(entry.seq)
            if known is not None and known.hash != entry.hash:
                self.journal.broken.append(f"{self.name}: event {entry.seq} changed on the tablet")

    def _perhaps_fill_disk(self) -> None:
        if self._disk is None and self.around.chance.hits(self.around.weather.disk_full):
            self.around.injected.count("tablet disk full")
            self._disk = FullDisk(self.tablet.store)

    def _free_disk(self) -> None:
        """The driver deletes what the message asked for."""
        if self._disk is not None:
            self._disk.free()
            self._disk = None
