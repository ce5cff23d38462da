"""What every test may ask for: a PostgreSQL of its own, made from the product's own schema."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import hypothesis
import pytest
from hypothesis import HealthCheck
from sqlalchemy import create_engine, text

from server.core.embedded.address import PostgresAddress
from server.core.embedded.postgres import EmbeddedPostgres
from server.core.settings import PREFIX, reload_settings
from server.core.transaction import engine
from tests.factories.memory import quick_folder
from tests.factories.schema import make_schema_template
from tests.factories.waiting import BOUNDED

pytest_plugins = ["tests.factories.bounded", "tests.factories.truth", "tests.factories.web"]

hypothesis.settings.register_profile(
    "push", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
hypothesis.settings.register_profile("nightly", hypothesis.settings.get_profile("push"), max_examples=2_000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "push"))


@pytest.fixture(scope="module", autouse=True)
def _settings_left_alone() -> Iterator[None]:
    """Hold every file to giving back the product's settings: what it leaves would follow into another file's tests."""
    before = _told_settings()
    yield
    assert _told_settings() == before


def _told_settings() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith(PREFIX)}


@dataclass(frozen=True)
class Database:
    """One database of one test: addresses for the app role, for the schema's owner and for the superuser."""

    name: str
    url: str
    owner_url: str
    superuser_url: str


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresAddress]:
    """The product's embedded PostgreSQL, one for each test worker, with a template of the whole schema."""
    options = {
        "fsync": "off",
        "full_page_writes": "off",
        "synchronous_commit": "off",  # power is not cut in tests
        "shared_buffers": "256MB",  # a database is copied for each test: twice as fast from memory
        "max_wal_size": "256MB",
    }
    with (
        quick_folder(tmp_path_factory.mktemp("postgres")) as folder,
        EmbeddedPostgres(folder, options=options) as address,
    ):
        make_schema_template(address)
        yield address


@pytest.fixture
def database(postgres: PostgresAddress, tmp_path: Path) -> Iterator[Database]:
    """A fresh database, store and secrets folder; the product's settings point to them."""
    with quick_folder(tmp_path) as folder:
        yield from fresh_database(postgres, folder, "each")


@pytest.fixture(scope="module")
def module_database(postgres: PostgresAddress, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """One fresh database for all tests of a module, which then none of them may ask a ``database`` of its own."""
    with quick_folder(tmp_path_factory.mktemp("module")) as folder:
        yield from fresh_database(postgres, folder, "module")


def fresh_database(postgres: PostgresAddress, folder: Path, kind: str) -> Iterator[Database]:
    """Make a database from the template and point the settings to it and to ``folder``, until the generator ends.

    Every one of a kind has the same name, so that its engines and the statements that they compiled serve the next test
    as well.
    """
    name = f"test_{os.getpid()}_{kind}"
    _on_server(postgres, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    _on_server(postgres, f'CREATE DATABASE "{name}" TEMPLATE template_tournee OWNER tournee_owner')
    database = Database(
        name,
        postgres.url(name, user="tournee_app"),
        postgres.url(name, user="tournee_owner"),
        postgres.url(name),
    )
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setenv("TOURNEE_DATABASE_URL", database.url)
    monkeypatch.setenv("TOURNEE_OWNER_DATABASE_URL", database.owner_url)
    monkeypatch.setenv("TOURNEE_STORE_PATH", str(folder / "store"))
    monkeypatch.setenv("TOURNEE_SECRETS_PATH", str(folder / "secrets"))
    monkeypatch.setenv("TOURNEE_ROADS_PATH", str(folder / "roads"))
    monkeypatch.setenv("TOURNEE_SECURE_COOKIES", "0")
    reload_settings()
    engines = (engine(), engine(as_owner=True))
    yield database
    for one in engines:
        one.dispose()
    monkeypatch.undo()
    reload_settings()
    _on_server(postgres, f'DROP DATABASE "{name}" WITH (FORCE)')


def _on_server(postgres: PostgresAddress, statement: str) -> None:
    engine = create_engine(postgres.url("postgres"), isolation_level="AUTOCOMMIT", connect_args=BOUNDED)
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the files that may take longest first, so that no worker is left with a long one at the end."""
    patience: dict[Path, tuple[float, int]] = {}
    for item in items:
        mark = item.get_closest_marker("timeout")
        longest, count = patience.get(item.path, (0.0, 0))
        allowed_s = float(mark.args[0]) if mark else float(config.getini("timeout"))
        patience[item.path] = (max(longest, allowed_s), count + 1)
    items.sort(key=lambda item: (patience[item.path], item.path), reverse=True)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Name a failure when it happens: a run that is cut off later says at least which test failed."""
    if report.failed and "PYTEST_XDIST_WORKER" not in os.environ:
        sys.stderr.write(f"\n{report.nodeid} ({report.when}): {report.longreprtext[-2000:]}\n")
