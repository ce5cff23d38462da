"""An office with a documented day and its driver, made once and copied for each test."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import psycopg
import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.serving import make_server

from driver_app.clock import VirtualClock
from server.app import create_app
from server.core.embedded.address import PostgresAddress
from server.core.settings import reload_settings
from server.core.transaction import forget_engine, transaction
from server.documents.model import DocumentKind
from server.documents.service import Rendered
from server.documents.service.keeping import keep, put
from server.fulfilment.service.documents import prepare_documents
from server.identity.model import Membership, OrganisationKind, Role
from server.identity.service import make_enrolment_code
from server.sync.service.bundles import build_bundle
from tests.conformance.both import Client, Ours, Theirs
from tests.conformance.wire import Wire
from tests.factories.drill import Cluster, settings_for
from tests.factories.state import Digest, state_digest
from tests.factories.web import Organisation, make_member, now_stamp
from tests.factories.world import (
    ADJUST,
    AGENT,
    CREDIT,
    EXTERNAL,
    World,
    make_order,
    make_runs,
    make_vehicle,
    make_world,
    stamp,
)

SLIP = b"%PDF-1.7 a slip, as far as a tablet cares"
_BASKETS = ((0, 1), (1, 2), (0, 3), (0, 1, 2, 3), (2,), (1,))
_MORNING_MS = 1_795_525_200_000


@dataclass(frozen=True)
class Prepared:
    """A database that nobody uses, with a run on the feed."""

    cluster: Cluster
    database: str
    folder: Path
    world: World
    driver: Membership
    run_id: UUID


@dataclass
class Office:
    """A copy of it behind its doors."""

    prepared: Prepared
    database: str
    folder: Path
    app: Flask
    wire: Wire
    clock: VirtualClock

    @property
    def world(self) -> World:
        return self.prepared.world

    def code(self) -> str:
        with transaction(self.world.carrier_id) as session:
            driver = session.scalars(select(Membership).where(Membership.id == self.prepared.driver.id)).one()
            return make_enrolment_code(session, driver=driver, stamp=now_stamp()).code

    def run_sql(self, statement: str) -> list[tuple[Any, ...]]:
        """Do what only a fault does, as superuser and past every fence."""
        with psycopg.connect(self.prepared.cluster.address.conninfo(self.database)) as connection:
            connection.execute("SET session_replication_role = replica")
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def backup(self) -> Callable[..., None]:
        """Copy the database, and return what restores it; a restored dump has another epoch."""
        copied = f"{self.database}_backup"
        forget_engine()
        self.prepared.cluster.copy(copied, self.database)

        def restore(*, as_dump: bool = True) -> None:
            forget_engine()
            self.prepared.cluster.on_server(f'DROP DATABASE "{self.database}" WITH (FORCE)')
            self.prepared.cluster.copy(self.database, copied)
            self.prepared.cluster.on_server(f'DROP DATABASE "{copied}"')
            if as_dump:
                self.run_sql("UPDATE server_epoch SET nonce = 'restored', started_at = now()")

        return restore

    def state(self) -> Digest:
        return state_digest(self.prepared.cluster.address.url(self.database))

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Serve the office on the loopback."""
        server = make_server("127.0.0.1", 0, self.app, threaded=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="session")
def prepared(postgres: PostgresAddress, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prepared]:
    """Four suppliers of every settlement, six shops, one run with a slip to fetch."""
    folder = tmp_path_factory.mktemp("conformance")
    cluster = Cluster(folder, cast("Any", None), postgres)
    name = f"conformance_{folder.parent.name}".replace("-", "_")
    cluster.copy(name, "template_tournee")
    with pytest.MonkeyPatch.context() as patch:
        for key, value in settings_for(cluster, name, folder).items():
            patch.setenv(key, value)
        reload_settings()
        yield _prepare(cluster, name, folder)
    reload_settings()
    cluster.on_server(f'DROP DATABASE "{name}" WITH (FORCE)')


def _prepare(cluster: Cluster, name: str, folder: Path) -> Prepared:
    world = make_world([ADJUST, CREDIT, EXTERNAL, AGENT], buyers=len(_BASKETS))
    orders = [
        make_order(world, seller=world.sellers[seller], buyer=buyer, cases=3 + seller, kegs=1 + seller % 2)
        for buyer, basket in zip(world.buyers, _BASKETS, strict=True)
        for seller in basket
    ]
    driver = make_member(Organisation(OrganisationKind.DISTRIBUTOR, world.carrier_id), Role.DRIVER)
    world = replace(world, driver_id=driver.user_id)
    make_vehicle(world)
    (run_id,) = make_runs(world)
    with transaction(world.carrier_id) as session:
        prepare_documents(session, run_id, stamp=stamp())
    slip = Rendered(
        kind=DocumentKind.DELIVERY_SLIP, owner_id=world.carrier_id, readers=(), subject_id=orders[0], name="bon.pdf",
        language="fr", payload=SLIP, order_id=orders[0], run_id=run_id,
    )  # fmt: skip
    put(slip)
    with transaction(world.carrier_id) as session:
        keep(session, slip, stamp=stamp())
    with transaction(world.carrier_id) as session:
        build_bundle(session, run_id, stamp=stamp())
    forget_engine()
    return Prepared(cluster, name, folder, world, driver, run_id)


@pytest.fixture(scope="session")
def doors(prepared: Prepared) -> Flask:
    """The application, which asks anew for the database at each call."""
    return create_app()


@pytest.fixture
def open_office(
    prepared: Prepared, doors: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], Office]]:
    """Return a maker of copies, by name."""
    made: list[str] = []

    def opened(name: str) -> Office:
        database = f"conf_{tmp_path.name}_{name}".replace("-", "_").lower()[-60:]
        prepared.cluster.copy(database, prepared.database)
        made.append(database)
        folder = tmp_path / name
        for key, value in settings_for(prepared.cluster, database, folder).items():
            monkeypatch.setenv(key, value)
        monkeypatch.setenv("TOURNEE_STORE_PATH", str(prepared.folder / "store"))
        forget_engine()
        reload_settings()
        return Office(prepared, database, folder, doors, Wire(doors), VirtualClock(_MORNING_MS))

    yield opened
    forget_engine()
    monkeypatch.undo()
    reload_settings()
    for database in made:
        prepared.cluster.on_server(f'DROP DATABASE "{database}" WITH (FORCE)')


@pytest.fixture
def office(open_office: Callable[[str], Office]) -> Office:
    """One copy of the office."""
    return open_office("office")


@pytest.fixture(params=[Ours, Theirs], ids=["ours", "theirs"])
def client(request: pytest.FixtureRequest, office: Office) -> Client:
    """An enrolled client with its run."""
    return came_in(request.param, office)


def came_in(kind: type[Any], office: Office) -> Client:
    """Enrol a client and let it pull."""
    client: Client = kind(office.folder / "tablet", office.wire, office.clock)
    client.enrol(office.code())
    assert client.sync() == "done"
    return client
