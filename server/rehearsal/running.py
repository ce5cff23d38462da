"""Many days: seed after seed, on as many processes as are wanted, told day by day in the order of their seeds."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final

from server.core.embedded.address import PostgresAddress
from server.rehearsal.cab import NeverEnds
from server.rehearsal.day import DayReport, RehearsedDay
from server.rehearsal.ground import Ground, database_server, make_template
from server.rehearsal.morning import Morning
from server.rehearsal.verdict import HEADS
from server.rehearsal.weather import Profile

AHEAD: Final = 8
"""Days that are handed out before the first of them is heard."""
LONGEST_DAY_S: Final = 900.0
"""How long a day may be waited for, with those of its process before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which days to rehearse, in which weather, with which mistake planted."""

    days: int
    seed: int
    profile: Profile = "full"
    planted: str = ""

    @property
    def seeds(self) -> range:
        """The seeds of the days."""
        return range(self.seed, self.seed + self.days)


@dataclass(slots=True)
class Summary:
    """What many days showed; ``seed`` is that of the first failure."""

    days: int = 0
    events: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    seed: int | None = None
    first: list[str] = field(default_factory=list)

    def hear(self, day: DayReport) -> None:
        """Add one day."""
        self.days += 1
        self.events += day.events
        self.faults += day.faults
        self.found += Counter({head: len(getattr(day.verdict, head)) for head in HEADS})
        if self.seed is None and not day.verdict.holds:
            self.seed, self.first = day.seed, day.verdict.said()

    @property
    def holds(self) -> bool:
        """Whether nothing was wrong on any day."""
        return self.seed is None

    def record(self) -> dict[str, Any]:
        """Return the summary as it is written."""
        counted = {head: self.found[head] for head in HEADS}
        return {
            "days": self.days,
            "events": self.events,
            "faults": dict(sorted(self.faults.items())),
            **counted,
            "seed": self.seed,
            "first": self.first[:20],
        }

    def add(self, record: dict[str, Any]) -> None:
        """Add what an earlier run wrote."""
        self.days += record["days"]
        self.events += record["events"]
        self.faults += Counter(record["faults"])
        self.found += Counter({head: record[head] for head in HEADS})
        if self.seed is None and record["seed"] is not None:
            self.seed, self.first = record["seed"], record["first"]


def rehearse(wanted: Wanted, *, workers: int) -> Iterator[DayReport]:
    """Yield the report of each day in the order of the seeds; a planted mistake ends with the day that catches it."""
    with database_server() as (address, folder):
        morning = make_template(address, folder)
        with _days(wanted, address, folder, morning, workers) as days:
            for day in days:
                yield day
                if wanted.planted and not day.verdict.holds:
                    return


@contextmanager
def _days(
    wanted: Wanted, address: PostgresAddress, folder: Path, morning: Morning, workers: int
) -> Iterator[Iterator[DayReport]]:
    if workers == 1:
        ground = Ground(address, folder, morning, 0)
        try:
            yield (play(ground, wanted, seed) for seed in wanted.seeds)
        finally:
            ground.close()
        return
    context = multiprocessing.get_context("spawn")
    numbers = context.Queue()
    for number in range(workers):
        numbers.put(number)
    pool = ProcessPoolExecutor(workers, context, _stand, (address, folder, morning, numbers))
    try:
        yield _ordered(pool, wanted, workers)
    except BaseException:
        for hanging in multiprocessing.active_children():
            hanging.kill()  # else the pool would wait for its day to end
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _ordered(pool: ProcessPoolExecutor, wanted: Wanted, workers: int) -> Iterator[DayReport]:
    """Hand out a few days ahead, so that a night of them does not lie in memory."""
    asked = iter(wanted.seeds)
    waiting = {seed: pool.submit(_play, wanted, seed) for seed in islice(asked, workers * AHEAD)}
    for seed in wanted.seeds:
        try:
            yield waiting.pop(seed).result(LONGEST_DAY_S)
        except TimeoutError as error:
            raise NeverEnds(f"the day of seed {seed} goes on after {LONGEST_DAY_S:g} s") from error
        if (later := next(asked, None)) is not None:
            waiting[later] = pool.submit(_play, wanted, later)


def play(ground: Ground, wanted: Wanted, seed: int) -> DayReport:
    """Rehearse one day on a ground that stands."""
    return RehearsedDay(ground, seed, wanted.profile, planted=wanted.planted).run()


_standing: list[Ground] = []


def _stand(address: PostgresAddress, folder: Path, morning: Morning, numbers: Any) -> None:
    _standing.append(Ground(address, folder, morning, numbers.get()))


def _play(wanted: Wanted, seed: int) -> DayReport:
    return play(_standing[0], wanted, seed)
