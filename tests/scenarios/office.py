"""A whole office for a story: the web application on a real port, its jobs, people's programs, and tablets.

The world that a story finds is made by factories; what happens in it goes through ``/api/v1`` over HTTP.
"""

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

from werkzeug.serving import make_server

from server.app import create_app
from server.core.transaction import transaction
from server.example.starts import Start, note_start
from server.example.tablets import refusing_address
from server.identity.model import Membership, OrganisationKind, Role
from server.identity.service import add_member, add_user
from server.worker import Ran, run_until_empty
from shared.ids import new_id
from tests.factories.apart import apart
from tests.factories.waiting import end_of
from tests.factories.web import password_hash
from tests.factories.world import RUN_DAY, Buyer, Seller, World, make_vehicle, stamp
from tests.scenarios.programs import Program

DRIVER = "Maude Tremblay"


@dataclass
class Office:
    """One carrier's office with its world. ``driver`` is the only one; ``dispatcher`` is the office's program."""

    world: World
    url: str
    folder: Path
    driver: Membership
    dispatcher: Program
    tablets: dict[str, Path] = field(default_factory=dict)
    _programs: dict[UUID, Program] = field(default_factory=dict)

    def program_of(self, org: UUID | Seller | Buyer) -> Program:
        """Return the program of the owner of an organisation, who is hired at the first call."""
        org_id = org if isinstance(org, UUID) else org.id
        if org_id not in self._programs:
            owner = _hire(org_id, self._kind(org_id), Role.OWNER, name="Alex Roy", of="Maison")
            self._programs[org_id] = Program(self.url, owner.email)
        return self._programs[org_id]

    def order(self, *, seller: Seller | None = None, buyer: Buyer | None = None, cases: int = 4, kegs: int = 1) -> UUID:
        """Let the seller's program order for the day, submit and accept; return the order's id."""
        seller, buyer = seller or self.world.seller, buyer or self.world.buyer
        wanted = ((seller.case_id, cases), (seller.keg_id, kegs))
        program = self.program_of(seller)
        made = program.post(
            "/orders", seller_id=str(seller.id), buyer_id=str(buyer.id), site_id=str(buyer.site_id),
            carrier_id=str(self.world.carrier_id), planned_on=str(RUN_DAY),
            items=[{"format_id": str(one), "quantity": quantity} for one, quantity in wanted if quantity],
        )  # fmt: skip
        program.post(f"/orders/{made.id}/submit")
        return UUID(program.post(f"/orders/{made.id}/accept").id)

    def jobs(self) -> Ran:
        """Run every waiting job; a failed one fails the story."""
        ran = apart(run_until_empty)
        assert ran.failed == [], ran.failed
        return ran

    def plan(self) -> list[UUID]:
        """Plan the day with the real solver, give every run to the driver, and prepare its papers."""
        plan = self.dispatcher.post("/plans", runs_on=str(RUN_DAY), seconds=1, seed=1)
        self.jobs()
        runs = self.dispatcher.post(f"/plans/{plan.id}/adopt")
        for run in runs:
            self._prepare(run.id)
        self.jobs()
        return [UUID(run.id) for run in runs]

    def _prepare(self, run_id: str) -> None:
        self.dispatcher.put(f"/runs/{run_id}/driver", driver_id=self._driver_id())
        self.dispatcher.post(f"/runs/{run_id}/prepare")
        self.dispatcher.post(f"/runs/{run_id}/documents")

    def load(self, run_id: UUID) -> None:
        """Load the run and declare it ready."""
        self.dispatcher.post(f"/runs/{run_id}/load")
        self.dispatcher.post(f"/runs/{run_id}/ready")
        self.jobs()

    def code(self) -> str:
        """Make a one-time code for the driver's tablet."""
        return str(self.dispatcher.post("/devices/codes", driver_id=self._driver_id()).code)

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

    def run(self, run_id: UUID) -> Any:
        """Return a run as the dispatcher sees it."""
        return self.dispatcher.get(f"/runs/{run_id}")

    def _driver_id(self) -> str:
        return str(next(one.id for one in self.dispatcher.get("/drivers") if one.display_name == DRIVER))

    def _kind(self, org_id: UUID) -> OrganisationKind:
        if org_id == self.world.carrier_id:
            return OrganisationKind.DISTRIBUTOR
        sells = any(org_id == seller.id for seller in self.world.sellers)
        return OrganisationKind.SUPPLIER if sells else OrganisationKind.RETAILER


@contextmanager
def _address(url: str, *, network: bool) -> Iterator[tuple[str, ...]]:
    if network:
        yield ("--server", url)
        return
    with refusing_address() as nowhere:
        yield ("--server", nowhere, "--patience", "0")


def _hire(org_id: UUID, kind: OrganisationKind, role: Role, *, name: str, of: str) -> Membership:
    """Give somebody who may sign in a role."""
    with transaction(org_id) as session:
        account = add_user(
            session, email=f"{role.value}.{org_id.hex[-8:]}@dmr.example", display_name=name,
            password_hash=password_hash(), language="fr", stamp=stamp(),
        )  # fmt: skip
        return add_member(
            session, organisation_id=org_id, organisation_kind=kind, organisation_name=of, account=account,
            roles=(role,), stamp=stamp(),
        )  # fmt: skip


@contextmanager
def served() -> Iterator[str]:
    """Serve the application on a free port of the loopback until the block ends; yield its address."""
    server = make_server("127.0.0.1", 0, create_app(), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        end_of(thread, "the office's web server")


def office_at(url: str, world: World, folder: Path) -> Office:
    """Give the world's carrier a truck, a driver and a dispatcher, who work at ``url``."""
    make_vehicle(world)
    driver, dispatcher = (
        _hire(world.carrier_id, OrganisationKind.DISTRIBUTOR, role, name=name, of="Distribution Mont-Royal")
        for role, name in ((Role.DRIVER, DRIVER), (Role.DISPATCHER, "Josée Lavoie"))
    )
    return Office(world, url, folder, driver, Program(url, dispatcher.email))


@contextmanager
def opened(world: World, folder: Path) -> Iterator[Office]:
    """Serve the office of a world until the block ends."""
    with served() as url:
        yield office_at(url, world, folder)
