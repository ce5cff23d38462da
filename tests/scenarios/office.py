"""A whole office for a story: the web application on a real port, its jobs, and scripted tablets as processes."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from werkzeug.serving import make_server

from server.app import create_app
from server.core.transaction import transaction
from server.example.starts import Start, note_start
from server.example.tablets import refusing_address
from server.fulfilment.service.documents import prepare_documents
from server.identity.model import Membership, OrganisationKind, Role
from server.identity.service import add_member, add_user, make_enrolment_code
from server.planning import service as planning
from server.planning.model import Run
from server.subscriptions import install_subscriptions
from server.worker import Ran, run_until_empty
from shared.ids import new_id
from tests.factories.waiting import end_of
from tests.factories.web import now_stamp, password_hash
from tests.factories.world import RUN_DAY, World, make_vehicle, stamp


@dataclass
class Office:
    """One carrier's office with its world."""

    world: World
    url: str
    folder: Path
    driver: Membership | None = None
    tablets: dict[str, Path] = field(default_factory=dict)

    def jobs(self) -> Ran:
        """Run every waiting job; a failed one fails the story."""
        ran = run_until_empty()
        assert ran.failed == [], ran.failed
        return ran

    def plan(self) -> list[UUID]:
        """Plan the day with the real solver and give every run to the driver."""
        with transaction(self.world.carrier_id) as session:
            plan = planning.request_plan(session, runs_on=RUN_DAY, seconds=1, seed=1, stamp=stamp())
        self.jobs()
        with transaction(self.world.carrier_id) as session:
            runs = planning.adopt_plan(session, plan_id=plan.id, stamp=stamp())
            run_ids = [run.id for run in runs]
        for run_id in run_ids:
            self._prepare(run_id)
        self.jobs()
        return run_ids

    def _prepare(self, run_id: UUID) -> None:
        assert self.driver is not None
        with transaction(self.world.carrier_id) as session:
            planning.assign_driver(
                session,
                run_id=run_id,
                driver_id=self.driver.user_id,
                driver_name=self.driver.display_name,
                stamp=stamp(),
            )
            planning.prepare_run(session, run_id=run_id, stamp=stamp())
        with transaction(self.world.carrier_id) as session:
            prepare_documents(session, run_id, stamp=stamp())

    def load(self, run_id: UUID) -> None:
        """Load the run and declare it ready."""
        with transaction(self.world.carrier_id) as session:
            planning.load_run(session, run_id=run_id, stamp=stamp())
            planning.ready_run(session, run_id=run_id, stamp=stamp())
        self.jobs()

    def code(self) -> str:
        """Make a one-time code for the driver's tablet."""
        assert self.driver is not None
        with transaction(self.world.carrier_id) as session:
            driver = session.scalars(select(Membership).where(Membership.id == self.driver.id)).one()
            return make_enrolment_code(session, driver=driver, stamp=now_stamp()).code

    def drive(
        self, script: dict[str, Any], *, tablet: str = "1", code: int = 0, network: bool = True
    ) -> list[dict[str, Any]]:
        """Let the scripted driver do a sitting on its tablet, as a process that ends with ``code``.

        Without network every connection is refused, and the tablet tries once. Return what it printed.
        """
        home = self.tablets.setdefault(tablet, self.folder / f"tablet-{tablet}")
        path = self.folder / f"script-{new_id().hex}.json"
        path.write_text(json.dumps(script))
        with _address(self.url, network=network) as where:
            ended = subprocess.run(
                [sys.executable, "-m", "driver_app.headless", "--home", str(home), *where, str(path)],
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
        said = [json.loads(line) for line in ended.stdout.splitlines() if line.startswith("{")]
        note_start(home, Start(ended.returncode, tuple(said)))
        assert ended.returncode == code, ended.stdout + ended.stderr
        return said

    def run(self, run_id: UUID) -> Run:
        """Return a run as the carrier sees it."""
        with transaction(self.world.carrier_id) as session:
            return session.scalars(select(Run).where(Run.id == run_id)).one()


@contextmanager
def _address(url: str, *, network: bool) -> Iterator[tuple[str, ...]]:
    if network:
        yield ("--server", url)
        return
    with refusing_address() as nowhere:
        yield ("--server", nowhere, "--patience", "0")


def _hire(world: World) -> Membership:
    with transaction(world.carrier_id) as session:
        account = add_user(
            session, email=f"livreuse.{world.carrier_id.hex[-8:]}@dmr.example", display_name="Maude Tremblay",
            password_hash=password_hash(), language="fr", stamp=stamp(),
        )  # fmt: skip
        return add_member(
            session, organisation_id=world.carrier_id, organisation_kind=OrganisationKind.DISTRIBUTOR,
            organisation_name="Distribution Mont-Royal", account=account, roles=(Role.DRIVER,), stamp=stamp(),
        )  # fmt: skip


@contextmanager
def opened(world: World, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """Serve the application on a free port of the loopback until the block ends."""
    install_subscriptions()
    make_vehicle(world)
    app = create_app()
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    office = Office(world, f"http://127.0.0.1:{server.server_port}", folder)
    office.driver = _hire(world)
    try:
        yield office
    finally:
        server.shutdown()
        end_of(thread, "the office's web server")
