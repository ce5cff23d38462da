"""Offices that may be killed: a PostgreSQL of their own, and a morning that every fault starts from."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine

from server.core.embedded.address import PostgresAddress
from server.core.embedded.postgres import EmbeddedPostgres
from server.core.embedded.roles import ensure_database, ensure_roles
from server.migrations.schema import install
from tests.factories.drill import Cluster, Drill, Morning, morning_of


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A PostgreSQL that nobody else uses, so that it may be killed."""
    folder = tmp_path_factory.mktemp("cluster")
    server = EmbeddedPostgres(folder)
    address = server.start()
    try:
        ensure_roles(address)
        ensure_database(address, "template_tournee")
        engine = create_engine(address.url("template_tournee", user="tournee_owner"))
        with engine.begin() as connection:
            install(connection)
        engine.dispose()
        yield Cluster(folder, server, address)
    finally:
        server.stop()


@pytest.fixture(scope="session")
def postgres(cluster: Cluster) -> PostgresAddress:
    """The same cluster for the fixtures that only want a database."""
    return cluster.address


@pytest.fixture(scope="module")
def morning(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Morning]:
    """A small day, driven without network: the office has seen nothing of it yet."""
    with pytest.MonkeyPatch.context() as patch:
        yield morning_of(cluster, tmp_path_factory.mktemp("morning"), patch)


@pytest.fixture
def drill(morning: Morning, tmp_path) -> Iterator[Drill]:
    """A copy of the morning, whose office may die."""
    with Drill(morning, tmp_path) as opened:
        yield opened
