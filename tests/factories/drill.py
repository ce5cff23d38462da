"""Fault drills: a small day driven without network, and copies of it whose office is killed on the way."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from server.core.embedded.address import PostgresAddress
from server.core.embedded.postgres import EmbeddedPostgres
from server.core.settings import reload_settings
from server.core.transaction import forget_engine, transaction
from server.planning.model import Run
from tests.factories.dying import mark_of, moments_of
from tests.factories.nursery import FD, Born, born, let_drive
from tests.factories.state import Digest, state_digest
from tests.factories.waiting import BOUNDED, PATIENCE_S, WaitedInVain, end_of
from tests.factories.world import ADJUST, AGENT, CREDIT, EXTERNAL, World, make_order, make_world

ROOT: Final = Path(__file__).parents[2]
_KILLED: Final = -9
_REFUSED: Final = 2
_NOT_SENT: Final = 3
_WORK_S: Final = 300.0
_MOST_FALSE_STARTS: Final = 3
# which suppliers (adjusted, credited, external, by agent) each shop orders from
BASKETS: Final = ((0, 1), (1, 2), (0, 3), (0, 1, 2, 3), (0, 1), (2,), (3,), (1,))


@dataclass(frozen=True)
class Cluster:
    """A PostgreSQL of the drills' own."""

    folder: Path
    server: EmbeddedPostgres
    address: PostgresAddress

    def on_server(self, statement: str) -> None:
        """Run one statement as superuser, outside of any database of a drill."""
        with psycopg.connect(self.address.conninfo("postgres"), autocommit=True, **BOUNDED) as connection:
            connection.execute(statement)

    def copy(self, name: str, template: str) -> None:
        """Make a database from another one that nobody uses; it can be killed at once.

        A copied sequence believes that its next numbers stand in the log already; before the next checkpoint a kill
        would give them out twice.
        """
        self.on_server(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{template}'")
        self.on_server(f'CREATE DATABASE "{name}" TEMPLATE "{template}" OWNER tournee_owner')
        self.on_server("CHECKPOINT")

    @property
    def postmaster_pid(self) -> int:
        """The database's first process."""
        with psycopg.connect(self.address.conninfo("postgres"), **BOUNDED) as connection:
            folder = connection.execute("SHOW data_directory").fetchone()[0]
        return int((Path(folder) / "postmaster.pid").read_text().splitlines()[0])


@dataclass(frozen=True)
class Morning:
    """A day that stands on a tablet and has not reached the office yet."""

    cluster: Cluster
    database: str
    folder: Path
    world: World
    code: str = ""
    stops: dict[str, str] = field(default_factory=dict)


def settings_for(cluster: Cluster, database: str, folder: Path) -> dict[str, str]:
    """Return the product's settings of one copy."""
    return {
        "TOURNEE_DATABASE_URL": cluster.address.url(database, user="tournee_app"),
        "TOURNEE_OWNER_DATABASE_URL": cluster.address.url(database, user="tournee_owner"),
        "TOURNEE_STORE_PATH": str(folder / "store"),
        "TOURNEE_SECRETS_PATH": str(folder / "secrets"),
        "TOURNEE_ROADS_PATH": str(folder / "roads"),
        "TOURNEE_SECURE_COOKIES": "0",
        "TOURNEE_LOG_LEVEL": "ERROR",
    }


def morning_of(cluster: Cluster, folder: Path, patch: pytest.MonkeyPatch, *, driven: bool = True) -> Morning:
    """Plan and load a small day of four suppliers; when ``driven``, its whole run stands sealed on the tablet."""
    from tests.scenarios.office import opened

    name = f"morning_{folder.name}".replace("-", "_")
    cluster.copy(name, "template_tournee")
    for key, value in settings_for(cluster, name, folder).items():
        patch.setenv(key, value)
    reload_settings()
    world = make_world([ADJUST, CREDIT, EXTERNAL, AGENT], buyers=len(BASKETS))
    for buyer, basket in zip(world.buyers, BASKETS, strict=True):
        for seller in basket:
            make_order(world, seller=world.sellers[seller], buyer=buyer, cases=3 + seller, kegs=1 + seller % 2)
    with opened(world, folder) as office:
        (run_id,) = office.plan()
        office.load(run_id)
        stops = stops_of(world, run_id)
        code = office.code()
        if driven:
            office.drive({"enrol": code, "pull": True, "runs": [], "push": False})
            office.drive(day_script(world, stops) | {"pull": False, "push": False})
    forget_engine()
    return Morning(cluster, name, folder, world, code, stops)


def stops_of(world: World, run_id: UUID) -> dict[str, str]:
    with transaction(world.carrier_id) as session:
        run = session.scalars(select(Run).where(Run.id == run_id).options(selectinload(Run.stops))).one()
        numbers = {buyer.id: str(number) for number, buyer in enumerate(world.buyers)}
        return {numbers[stop.buyer_id]: str(stop.id) for stop in run.stops}


def day_script(world: World, stops: dict[str, str]) -> dict[str, Any]:
    """Return a day with a short, a refused, a closed and an overfull stop, empties and cash; by shop."""
    adjusted, credited = str(world.sellers[0].id), str(world.sellers[1].id)
    told = {
        "0": {
            "outcome": "short",
            "lines": {"#0": {"lost": 1, "reason": "breakage"}, "#2": {"returned": 2, "reason": "refused_item"}},
            "cash": {adjusted: 10_003},
            "signer": "Éloïse Gagné",
        },
        "1": {"containers": {f"keg_50l+{credited}": 2}, "signer": "Rachel Côté"},
        "2": {"outcome": "refused", "signer": "Zoé Pèlerin"},
        "3": {
            "outcome": "short",
            "lines": {
                "#0": {"not_shipped": 1, "reason": "forgotten"},
                "#2": {"extra": 1},
                "#4": {"lost": 1, "reason": "missing"},
            },
            "photo": True,
        },
        "4": {"outcome": "closed"},
        "6": {"containers": {f"can_public+{world.carrier_id}": 48}},
    }
    return {
        "runs": [{"run_id": "*", "stops": [{"stop_id": stops[shop], **one} for shop, one in told.items()]}],
        "clock": "2026-11-19T08:00:00-05:00",
    }


class Drill:
    """A copy of a morning: its database, its tablet, and an office that is started again whenever it dies."""

    def __init__(self, morning: Morning, folder: Path) -> None:
        """Copy the morning into ``folder``."""
        self.morning, self.folder = morning, folder
        self.database = f"drill_{folder.name}".replace("-", "_")[:60].lower()
        morning.cluster.copy(self.database, morning.database)
        for part in ("store", "secrets", "tablet-1"):
            if (morning.folder / part).exists():
                shutil.copytree(morning.folder / part, folder / part)
        self.environment = os.environ | settings_for(morning.cluster, self.database, folder) | {"PYTHONPATH": str(ROOT)}
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._closing = threading.Event()
        self._server: Born | None = None
        self._keeper: threading.Thread | None = None

    def __enter__(self) -> Self:
        """Nothing runs before ``serve``."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End what runs and forget the copy."""
        self._closing.set()
        if self._keeper is not None:
            self._end_server(self._keeper)
        self._socket.close()
        self.morning.cluster.on_server(f'DROP DATABASE "{self.database}" WITH (FORCE)')

    def serve(self, *deaths: str, instead: int | None = None) -> None:
        """Run the web server; it dies at each of ``deaths`` in turn, or kills process ``instead``, and starts again."""

        def keep() -> None:
            false_starts = 0
            while not self._closing.is_set() and false_starts < _MOST_FALSE_STARTS:
                self._server = self._popen(["serve", FD], self._order(deaths, instead))
                false_starts += self._server.wait() != _KILLED  # it gave up by itself: its words are in said.log

        self._keeper = threading.Thread(target=keep, daemon=True)
        self._keeper.start()

    def _end_server(self, keeper: threading.Thread) -> None:
        """Kill the server, also one that is just being started again."""
        ends_s = time.monotonic() + PATIENCE_S
        while keeper.is_alive():
            if time.monotonic() > ends_s:
                raise WaitedInVain(f"the drill's web server does not end; see {self.folder / 'said.log'}")
            if self._server is not None:
                self._server.kill()
            keeper.join(0.1)

    def sync(
        self,
        *,
        patience_s: int = 160,
        timeout_s: int = 30,
        url: str = "",
        may_wait: bool = False,
        may_be_refused: bool = False,
        inside: tuple[str, ...] = (),
        **script: Any,
    ) -> list[dict[str, Any]]:
        """Let the tablet sync until the office has everything; return what it printed."""
        path, said = self.folder / "script.json", self.folder / "driver.log"
        path.write_text(json.dumps({"pull": False, "runs": [], "push": True} | script))
        arguments = [
            "--home", str(self.folder / "tablet-1"), "--server", url or self.url,
            "--patience", str(patience_s), "--timeout", str(timeout_s), str(path),
        ]  # fmt: skip
        if inside:
            code, phases = self._drive_inside(inside, arguments, patience_s + 120)
        else:
            code, phases = let_drive(arguments, environment=self.environment, said=said, patience_s=patience_s + 120)
        assert code in (0, _KILLED, may_wait and _NOT_SENT, may_be_refused and _REFUSED), said.read_text()
        self.tablet_died = code == _KILLED
        return phases

    def _drive_inside(
        self, inside: tuple[str, ...], arguments: list[str], most_s: float
    ) -> tuple[int, list[dict[str, Any]]]:
        ended = subprocess.run(
            [*inside, sys.executable, "-m", "driver_app.headless", *arguments],
            capture_output=True, text=True, timeout=most_s, check=False, cwd=ROOT, env=self.environment,
        )  # fmt: skip
        (self.folder / "driver.log").write_text(ended.stdout + ended.stderr)
        return ended.returncode, [json.loads(line) for line in ended.stdout.splitlines() if line.startswith("{")]

    def work(self, *deaths: str) -> None:
        """Do every job; the worker dies at each of ``deaths`` in turn and another one takes over."""
        for _ in range(len(deaths) + 1):
            worker = self._popen(["work"], self._order(deaths, None))
            try:
                code = worker.wait(timeout=_WORK_S)
            finally:
                worker.kill()
            if code != _KILLED:
                break
        assert code == 0, f"jobs failed with {code}; see {self.folder / 'said.log'}"

    def moments(self) -> Counter[str]:
        """Return how often each moment of a transaction came, as ``WHERE:MOMENT``."""
        return moments_of(self.folder)

    def died_at(self, death: str) -> bool:
        """Say whether something died there."""
        return mark_of(self.folder, death).exists()

    @contextmanager
    def reviving_database(self, death: str) -> Iterator[None]:
        """Start PostgreSQL again once it died at ``death``."""
        ended = threading.Event()

        def revive() -> None:
            while not ended.wait(0.05):
                if self.died_at(death):
                    self.morning.cluster.server.start()
                    return

        reviver = threading.Thread(target=revive, daemon=True)
        reviver.start()
        try:
            yield
        finally:
            ended.set()
            end_of(reviver, "starting the killed database again")
        assert self.died_at(death)

    @property
    def superuser_url(self) -> str:
        """Where everything of the office can be read."""
        return self.morning.cluster.address.url(self.database)

    def state(self) -> Digest:
        """Return the office's state in the field's words."""
        return state_digest(self.superuser_url)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return what the superuser reads."""
        with psycopg.connect(self.morning.cluster.address.conninfo(self.database), **BOUNDED) as connection:
            return connection.execute(query).fetchall()

    def rotate_keys(self) -> None:
        """Let the office take a new key, as ``tournee keys rotate`` does."""
        with (self.folder / "said.log").open("ab") as said:
            rotating = born("tournee", ["keys", "rotate"], environment=self.environment, said=said.fileno())
        assert rotating.wait(timeout=PATIENCE_S) == 0, f"see {self.folder / 'said.log'}"

    @property
    def server_public_key(self) -> bytes:
        """The key that receipts and proofs are checked with."""
        kept = json.loads((self.folder / "secrets" / "server_keys.json").read_bytes())
        return bytes.fromhex(kept[-1]["listed"]["link"]["public_key"])

    def _order(self, deaths: tuple[str, ...], instead: int | None) -> dict[str, str]:
        """Return what the next start is told: where nobody has died yet."""
        left = [death for death in deaths if not self.died_at(death)]
        order = {"DRILL_AT": ",".join(left), "DRILL_MARKS": str(self.folder)}
        return order | ({"DRILL_PID": str(instead)} if instead else {})

    def _popen(self, arguments: list[str], order: dict[str, str]) -> Born:
        with (self.folder / "said.log").open("ab") as said:
            listening = self._socket.fileno()
            environment = self.environment | order
            return born("dying", arguments, environment=environment, said=said.fileno(), inherits=listening)
