"""Offices that may be killed: a PostgreSQL of their own, and a morning that every fault starts from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from server.core.embedded.address import PostgresAddress
from server.core.embedded.postgres import EmbeddedPostgres
from tests.factories.drill import Cluster, Drill, Morning, morning_of
from tests.factories.memory import quick_folder
from tests.factories.schema import make_schema_template
from tests.factories.state import Digest


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A PostgreSQL that nobody else uses, so that it may be killed."""
    with quick_folder(tmp_path_factory.mktemp("cluster")) as folder:
        server = EmbeddedPostgres(folder, options={"max_wal_size": "256MB"})
        address = server.start()
        try:
            make_schema_template(address)
            yield Cluster(folder, server, address)
        finally:
            server.stop()


@pytest.fixture(scope="session")
def postgres(cluster: Cluster) -> PostgresAddress:
    """The same cluster for the fixtures that only want a database."""
    return cluster.address


@pytest.fixture(scope="session")
def morning(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Morning:
    """A small day, driven without network: the office has seen nothing of it yet."""
    with pytest.MonkeyPatch.context() as patch:
        return morning_of(cluster, tmp_path_factory.mktemp("morning"), patch)


@dataclass(frozen=True)
class Untroubled:
    """The same day when nothing fails: after the sync, and when every job is done."""

    synced: Digest
    done: Digest


@pytest.fixture(scope="session")
def untroubled(morning: Morning, tmp_path_factory: pytest.TempPathFactory) -> Untroubled:
    """What every drill of the small day is compared with."""
    with Drill(morning, tmp_path_factory.mktemp("untroubled")) as drill:
        drill.serve()
        drill.sync()
        synced = drill.state()
        drill.work()
        return Untroubled(synced, drill.state())


@pytest.fixture
def drill(morning: Morning, tmp_path) -> Iterator[Drill]:
    """A copy of the morning, whose office may die."""
    with Drill(morning, tmp_path) as opened:
        yield opened
