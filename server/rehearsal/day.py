"""One rehearsed day, from its seed to its verdict."""

from __future__ import annotations

import shutil
import traceback
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

import driver_app.store.outbox
from driver_app.store import settings
from driver_app.sync.engine import Round
from server.core import facts
from server.rehearsal.cab import Cab, NeverEnds, TabletKilled
from server.rehearsal.checking import Besides, judge
from server.rehearsal.clockwork import MINUTE_MS, WorldTime, under
from server.rehearsal.closing import Closer
from server.rehearsal.copies import Copies
from server.rehearsal.damage import Damage
from server.rehearsal.desk import Desk
from server.rehearsal.dispatch import Dispatch
from server.rehearsal.driver import Driver
from server.rehearsal.ground import Ground
from server.rehearsal.injected import Chance, Injected
from server.rehearsal.morning import DAWN, enrol_tablet
from server.rehearsal.network import Network
from server.rehearsal.office import Hazard, Office, OfficeKilled, mortal
from server.rehearsal.patches import Patch, patched
from server.rehearsal.plants import plant
from server.rehearsal.replay import log_of, replay, state_of
from server.rehearsal.sellers import Sellers
from server.rehearsal.surroundings import Surroundings
from server.rehearsal.ticks import ticked, unfounded
from server.rehearsal.verdict import Verdict
from server.rehearsal.weather import Profile, Weather, draw_day
from shared.wire.bundle import BundleRun

_ROUNDS_TO_DRAIN: Final = 8
_ROUNDS_TO_BEGIN: Final = 200
_MOST_RESTORES: Final = 2
REPLAYED_EVERY: Final = 4
"""One day in so many is told again to an office of the morning."""


@dataclass(frozen=True, slots=True)
class DayReport:
    """What one day showed: faults by kind, the office's deaths by place; ``trace`` is equal for equal days."""

    seed: int
    events: int
    faults: Counter[str]
    verdict: Verdict
    trace: str
    deaths: Counter[str]


class RehearsedDay:
    """The players of one day."""

    def __init__(self, ground: Ground, seed: int, profile: Profile, *, planted: str = "") -> None:
        """Draw the day of a seed, with a planted mistake or none; nothing happens yet."""
        self.seed = seed
        self.injected = Injected()
        self.cabs: list[Cab] = []
        self._drivers: list[Driver] = []
        chance = Chance(f"day {seed}")
        time = WorldTime(int(DAWN.timestamp() * 1000))
        self._ground = ground
        self._around = Surroundings(time, draw_day(seed, chance.random, profile), chance, self.injected)
        self._hazard = Hazard(chance, self.injected, self._around.weather.office_killed)
        self._route = chance.random.choice(ground.morning.routes)
        self._dispatch = Dispatch(ground, self._route, self._around)
        self._sellers = Sellers(self._dispatch, Chance(f"sellers {seed}"))
        self._desk = Desk(self._dispatch, Chance(f"desk {seed}"), self._sellers)
        self._copies = Copies(self._dispatch, Chance(f"copier {seed}"), self.cabs)
        self._closer = Closer(self._dispatch, Chance(f"closer {seed}"), self.cabs, self._copies.split)
        self._ends_runs, self._asks_for_proofs = profile == "full", profile != "network"
        office = Office(ground.app, self._hazard)
        self._network = Network(office, self._around, Damage(self._around, Chance(f"damage {seed}")))
        self._patches = [Patch(driver_app.store.outbox, "MAX_EVENTS", self._around.weather.batch)]
        self._patches += plant(planted, office)
        if not self._asks_for_proofs:  # no job is run here: the shorter days leave out asking for them, too
            self._patches.append(Patch(facts, "_subscribers", []))
        self._network.between = self._perhaps_restore
        self._unkept: list[str] = []
        self._replays = seed % REPLAYED_EVERY == 0

    def run(self) -> DayReport:
        """Play the day and judge it."""
        verdict = Verdict()
        self._ground.begin_day()
        with ExitStack() as stack:
            stack.enter_context(under(self._around.time, f"secrets {self.seed}"))
            stack.enter_context(mortal(self._hazard))
            stack.enter_context(patched(self._patches))
            stack.callback(self._close)
            try:
                self._set_up()
                self._play()
                self._drain()
                self._desk.clear()
                self._sellers.look()
                self._copies.decide()
                if self._ends_runs:
                    self._closer.clear()
                verdict = self._judge()
            except (Exception, OfficeKilled, TabletKilled) as error:  # noqa: BLE001  # a day that breaks off is a finding
                verdict.lost.append(f"the day broke off: {type(error).__name__}: {error} at {_where(error)}")
        verdict.lost += [*self._unkept, *self._network.broken, *self._closer.found.lost, *self._dispatch.unfed]
        return self._report(verdict)

    def _judge(self) -> Verdict:
        rows, revoked = self._ground.rows, self._dispatch.revoked
        decisions = self._dispatch.decisions
        besides = Besides(revoked, decisions, self._copies.split, self._copies.gone, self._asks_for_proofs)
        verdict = judge(rows, self.cabs, self._dispatch.carrier_id, besides)
        if self._replays:
            state = state_of(rows)
            again = replay(self._ground, log_of(rows), self.cabs, revoked, decisions)
            verdict.replay_differs += [part for part in state if state[part] != again[part]]
        return verdict

    def _set_up(self) -> None:
        weather = self._around.weather
        self._add_cab(0)
        if weather.second_tablet or (weather.revoked and not weather.replaced):
            self.injected.count("second tablet on the run")
            self._add_cab(1)
        if weather.clock_shift_ms:
            self.injected.count("tablet clock wrong")
        if weather.backed_up:
            self._dispatch.back_up(self._network.news)

    def _add_cab(self, number: int) -> None:
        home = self._route.homes[number]
        mine = self._ground.folder / "tablets" / home.name
        shutil.copytree(home, mine)
        self._hand_over(mine)

    def _hand_over(self, home: Path) -> Driver:
        return self._go_out(Cab(f"tablet {len(self.cabs) + 1}", home, self._network, self._around))

    def _go_out(self, cab: Cab) -> Driver:
        self.cabs.append(cab)
        self._drivers.append(Driver(cab))
        return self._drivers[-1]

    def _fetch_runs(self, cab: Cab) -> None:
        for _ in range(_ROUNDS_TO_BEGIN):
            if cab.tablet.store.read(settings.position).cursor:
                return
            self._sync(cab)
        raise NeverEnds(f"{cab.name} has no runs after {_ROUNDS_TO_BEGIN} rounds")

    def _play(self) -> None:
        for cab in self.cabs:
            self._fetch_runs(cab)
        drivers = self._drivers
        for driver in drivers:
            self._compare_runs(driver)
        runs = drivers[0].runs()
        for run in runs if self._around.chance.hits(0.5) else runs[:1]:
            self._drive(run, drivers)

    def _drive(self, run: BundleRun, drivers: Sequence[Driver]) -> None:
        self._desk.perhaps_revise(UUID(run.run_id))
        self._sellers.perhaps_change(UUID(run.run_id))
        for driver in drivers:
            driver.leave(run.run_id)
        for stop in run.stops:
            self._between_stops(run.run_id)
            for driver in self._who(drivers):
                driver.visit(run.run_id, stop.stop_id)
                if self._around.chance.hits(0.6):
                    self._sync(driver.cab)
                driver.think_again(run.run_id, stop.stop_id)
        for driver in drivers:
            for stop in run.stops:
                if self._desk.hears_of_second_thoughts():
                    driver.think_of_before(run.run_id, stop.stop_id)
            driver.come_back(run.run_id)

    def _compare_runs(self, driver: Driver) -> None:
        """Hold a tablet's list of the morning to the day's runs."""
        held, wanted = {run.run_id for run in driver.runs()}, set(map(str, self._route.run_ids))
        if held != wanted:
            self._unkept.append(f"{driver.cab.name} begins with runs {sorted(held)}, not {sorted(wanted)}")

    def _who(self, drivers: Sequence[Driver]) -> Sequence[Driver]:
        """Return who delivers the next stop: one of them, or each as if the other did not exist."""
        trusted = [driver for driver in drivers if driver.cab.device_id not in self._dispatch.revoked]
        if len(trusted) < 2 or self._around.chance.hits(0.3):  # both deliver as if the other did not exist
            return trusted
        return [self._around.chance.random.choice(trusted)]

    def _between_stops(self, run_id: str) -> None:
        chance, weather = self._around.chance, self._around.weather
        self._around.time.advance(chance.random.randint(8, 25) * MINUTE_MS)
        if chance.hits(weather.backed_up):
            self._dispatch.back_up(self._network.news)
        if chance.hits(weather.run_changed):
            self._dispatch.change_run(UUID(run_id))
        if chance.hits(weather.side_by_side) and len(self._route.run_ids) > 1:
            quick, slow = self._route.run_ids[:2]
            self._dispatch.change_side_by_side(slow, quick, between=self.cabs[0])
        if weather.revoked and not self._dispatch.revoked and self._is_enough() and chance.hits(0.5):
            self._dispatch.revoke(self.cabs[0])
            if weather.replaced:
                self._replace(run_id)
        self._copies.between_stops(run_id, self._go_out)
        self._perhaps_set_clocks()
        self._look_around()

    def _look_around(self) -> None:
        self._desk.look()
        self._sellers.look()
        self._copies.decide()
        self._closer.look()

    def _is_enough(self) -> bool:
        """Say whether somebody is left to go on once the first tablet is revoked."""
        return len(self.cabs) > 1 or self._around.weather.replaced

    def _replace(self, run_id: str) -> None:
        """Give the driver a new tablet in the middle of the day; it is in every backup that is restored later."""
        home = self._ground.folder / "tablets" / "replacement"
        enrol_tablet(self._ground.app, self._around.time, self._route.driver, home)
        self.injected.count("tablet replaced")
        if self._dispatch.backups:
            self._dispatch.back_up(self._network.news)
        driver = self._hand_over(home)
        self._fetch_runs(driver.cab)
        driver.leave(run_id)

    def _perhaps_set_clocks(self) -> None:
        jump_ms = self._around.weather.clock_jump_ms
        for cab in self.cabs:
            if jump_ms and self._around.strikes("tablet clock wrong", 0.5):
                cab.clock.shift_ms += jump_ms

    def _perhaps_restore(self, path: str) -> None:
        """Go back to the last backup, oftener between a greeting and what is pushed upon it."""
        weather, odds = self._around.weather, 4 if path.endswith("/push") else 1
        if self._dispatch.is_sending or not self._dispatch.backups or self._dispatch.lives > _MOST_RESTORES:
            return
        if self._network.news == self._dispatch.backups[-1].news:
            return
        if self._around.chance.hits(weather.restored * odds):
            self._restore(is_rollback=False)
        elif self._around.chance.hits(weather.rolled_back * odds) and self._dispatch.would_be_seen(self.cabs):
            self._restore(is_rollback=True)

    def _restore(self, *, is_rollback: bool) -> None:
        self._dispatch.restore(is_rollback=is_rollback)
        self._copies.look_for_gone()

    def _sync(self, cab: Cab) -> None:
        """Send, then hold the tablet to what it ticks: the office must have it on disk."""
        lives, before = self._dispatch.lives, ticked(cab)
        cab.sync()
        now = ticked(cab)
        self._unkept += unfounded(cab)
        if now <= before or self._dispatch.lives != lives:
            return
        held = self._ground.rows.all("SELECT last_seq FROM device_stream WHERE device_id = %s", cab.device_id)
        if now > (held[0][0] if held else 0):
            self._unkept.append(f"{cab.name} ticks {now} events of which the office has {held}")

    def _drain(self) -> None:
        """The weather clears up, perhaps after a last restore: everything must arrive by itself."""
        for cab in self.cabs:
            self._sync(cab)
        self._perhaps_set_clocks()
        self._look_around()
        for cab in self.cabs:
            self._sync(cab)
        if self._dispatch.backups and self._around.chance.hits(4 * self._around.weather.restored):
            self._restore(is_rollback=False)
        self._around.weather = Weather(batch=self._around.weather.batch)
        self._hazard.disarm()
        self._network.deliver_all()
        for _ in range(_ROUNDS_TO_DRAIN):
            for cab in self.cabs:
                cab.wait_out_the_undo()
            drained = [self._has_drained(cab, cab.sync()) for cab in self.cabs]
            if all(drained):
                break
        else:
            self._unkept.append(f"the tablets do not rest after {_ROUNDS_TO_DRAIN} rounds")
        for cab in self.cabs:  # each is heard once more, after the last return
            cab.sync()

    def _has_drained(self, cab: Cab, ended: Round | None) -> bool:
        if cab.device_id in self._dispatch.revoked:
            return True
        return ended is not None and (ended.ending == "fork" or (ended.ending == "done" and cab.has_sent_all()))

    def _close(self) -> None:
        for cab in self.cabs:
            cab.close()

    def _report(self, verdict: Verdict) -> DayReport:
        events = len({event.hash for cab in self.cabs for event in cab.journal.events.values()})
        injected = self.injected
        return DayReport(self.seed, events, injected.faults, verdict, injected.trace, injected.deaths)


def _where(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    return " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames))
