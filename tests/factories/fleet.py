"""Several carriers' tablets and one office, all of which are killed while the tablets push."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Final, Self

import psutil
import psycopg
import pytest

from server.core.settings import reload_settings
from server.core.transaction import forget_engine
from tests.factories.drill import BASKETS, Cluster, day_script, settings_for, stops_of
from tests.factories.nursery import Born, born
from tests.factories.real_office import ROOT, WebOffice, end, tournee, web_office
from tests.factories.state import Digest, state_digest
from tests.factories.waiting import BOUNDED, IS_NIGHT
from tests.factories.world import ADJUST, AGENT, CREDIT, EXTERNAL, World, make_order, make_world

TABLETS: Final = 3 if "DRILL_KILL_SECONDS" in os.environ else 2
"""How many push at once: by night one more."""
_STOPS: Final = 4
_VICTIMS: Final = ("web", "web", "worker", "tablet", "tablet", "database")
_PUSH: Final = {"pull": False, "runs": [], "push": True}
_PATIENCE_S: Final = 900.0 if IS_NIGHT else 150.0


@dataclass(frozen=True)
class Fleet:
    """Days that stand on several tablets and have not reached the office yet."""

    cluster: Cluster
    database: str
    folder: Path


def fleet_of(cluster: Cluster, folder: Path, patch: pytest.MonkeyPatch) -> Fleet:
    """Plan, load and drive a short day for each of several carriers in one database."""
    from tests.scenarios.office import opened

    name = f"fleet_{folder.name}".replace("-", "_")
    cluster.copy(name, "template_tournee")
    for key, value in settings_for(cluster, name, folder).items():
        patch.setenv(key, value)
    reload_settings()
    for number in range(1, TABLETS + 1):
        world = _world()
        with opened(world, folder) as office:
            (run_id,) = office.plan()
            office.load(run_id)
            script = day_script(world, stops_of(world, run_id) | dict.fromkeys("4567", "elsewhere"))
            tablet = str(number)
            office.drive({"enrol": office.code(), "pull": True, "runs": [], "push": False}, tablet=tablet)
            office.drive(script | {"pull": False, "push": False}, tablet=tablet)
    forget_engine()
    return Fleet(cluster, name, folder)


def _world() -> World:
    world = make_world([ADJUST, CREDIT, EXTERNAL, AGENT], buyers=_STOPS)
    for buyer, basket in zip(world.buyers, BASKETS, strict=False):
        for seller in basket:
            make_order(world, seller=world.sellers[seller], buyer=buyer, cases=3 + seller, kegs=1 + seller % 2)
    return world


@dataclass
class KillLoop:
    """A copy of a fleet under fire: ``fight`` kills by a seed until the tablets have drained."""

    fleet: Fleet
    folder: Path
    seed: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    acknowledged: dict[Path, int] = field(default_factory=dict)
    _tablets: dict[Path, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.database = f"loop_{self.folder.name}".replace("-", "_")[:60].lower()
        self.fleet.cluster.copy(self.database, self.fleet.database)
        self.homes = [self.folder / f"tablet-{number}" for number in range(1, TABLETS + 1)]
        for part in ("store", "secrets", *(home.name for home in self.homes)):
            if (self.fleet.folder / part).exists():
                shutil.copytree(self.fleet.folder / part, self.folder / part)
        self.environment = os.environ | settings_for(self.fleet.cluster, self.database, self.folder)
        (self.folder / "script.json").write_text(json.dumps(_PUSH))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.fleet.cluster.server.start()
        self.fleet.cluster.on_server(f'DROP DATABASE "{self.database}" WITH (FORCE)')

    def fight(self, *, most: int) -> None:
        """Kill up to ``most`` processes while the tablets push; return when all have drained."""
        dice = Random(self.seed)
        with ExitStack() as stack:
            office = stack.enter_context(web_office(self.environment, self.folder / "office.log", workers=2))
            self._worker = self._start_worker()
            stack.callback(lambda: end(self._worker))
            stack.callback(self._end_tablets)
            self._tablets = {home: self._start_tablet(home, office.url) for home in self.homes}
            deadline_s = time.monotonic() + _PATIENCE_S
            while any(tablet.poll() != 0 for tablet in self._tablets.values()):
                assert time.monotonic() < deadline_s, f"seed {self.seed}: the tablets do not drain"
                time.sleep(dice.uniform(0.05, 0.3))
                if self.kills.total() < most:
                    self._kill(dice.choice(_VICTIMS), office, dice)
                self._revive(office)
            for home in self.homes:
                self.check_acknowledged(home)

    def work(self) -> None:
        """Do every job that is left."""
        with (self.folder / "worker.log").open("ab") as said:
            working = born(
                "dying", ["work"], environment={**self.environment, "PYTHONPATH": str(ROOT)}, said=said.fileno()
            )
        try:
            assert working.wait(timeout=300) == 0
        finally:
            working.kill()

    def state(self) -> Digest:
        return state_digest(self.fleet.cluster.address.url(self.database))

    def check_acknowledged(self, home: Path) -> None:
        """Check that the office holds what a dead tablet's store has a receipt for."""
        tablet = sqlite3.connect(home / "tablet.db")
        receipts = tablet.execute("SELECT last_seq, head FROM receipt").fetchall()
        tablet.close()
        with psycopg.connect(self.fleet.cluster.address.conninfo(self.database), **BOUNDED) as connection:
            for last_seq, head in receipts:
                found = connection.execute("SELECT 1 FROM device_event WHERE seq = %s AND hash = %s", [last_seq, head])
                assert found.fetchone(), f"seed {self.seed}: acknowledged and lost: {home.name} {last_seq}"
        self.acknowledged[home] = max((last_seq for last_seq, _ in receipts), default=0)

    def _kill(self, victim: str, office: WebOffice, dice: Random) -> None:
        with suppress(psutil.NoSuchProcess, ProcessLookupError, IndexError):
            if victim == "web":
                dice.choice(office.workers).kill()
            elif victim == "database":
                os.kill(self.fleet.cluster.postmaster_pid, signal.SIGKILL)
            elif victim == "worker":
                self._worker.kill()
            else:
                dice.choice([one for one in self._tablets.values() if one.poll() is None]).kill()
            self.kills[victim] += 1

    def _revive(self, office: WebOffice) -> None:
        self.fleet.cluster.server.start()
        if self._worker.poll() is not None:
            self._worker = self._start_worker()
        for home, tablet in self._tablets.items():
            if tablet.poll() not in (None, 0):
                self.check_acknowledged(home)
                self._tablets[home] = self._start_tablet(home, office.url)

    def _end_tablets(self) -> None:
        for tablet in self._tablets.values():
            tablet.kill()
            tablet.wait(timeout=60)

    def _start_worker(self) -> Born:
        return tournee("worker", "--concurrency", "1", environment=self.environment, said=self.folder / "worker.log")

    def _start_tablet(self, home: Path, url: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "driver_app.headless", "--home", str(home), "--server", url, "--timeout", "20"]
        with (self.folder / "tablets.log").open("ab") as log:
            return subprocess.Popen(
                [*command, "--patience", str(_PATIENCE_S), str(self.folder / "script.json")],
                cwd=ROOT, env={**self.environment, "PYTHONPATH": str(ROOT)}, stdout=log, stderr=log,
            )  # fmt: skip
