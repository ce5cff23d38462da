"""A database and an office for looking at pages, in tests and outside of them."""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, text

from server.core.embedded.address import PostgresAddress
from server.core.embedded.postgres import EmbeddedPostgres
from server.core.embedded.roles import ensure_database, ensure_roles
from server.core.settings import PREFIX, reload_settings
from server.core.transaction import forget_engine
from server.migrations.schema import install
from tests.browser.world import BrowserDay, full_day

DATABASE = "browser_day"
_counter = itertools.count(1)


@contextmanager
def standing_day() -> Iterator[BrowserDay]:
    """Serve the full day from a database of its own, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="tournee-pages-") as name:
        folder = Path(name)
        with EmbeddedPostgres(folder / "postgres") as address:
            ensure_roles(address)
            ensure_database(address, DATABASE)
            engine = create_engine(address.url(DATABASE, user="tournee_owner"))
            with engine.begin() as connection:
                install(connection)
            engine.dispose()
            with settings_for(address, DATABASE, folder), full_day(folder) as day:
                yield day


@contextmanager
def copied(address: PostgresAddress, template: str) -> Iterator[str]:
    """Copy the schema's template under a name of its own, and drop the copy at the end."""
    name = f"{DATABASE}_{os.getpid()}_{next(_counter)}"
    _execute(address, f'CREATE DATABASE "{name}" TEMPLATE {template} OWNER tournee_owner')
    try:
        yield name
    finally:
        _execute(address, f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def settings_for(address: PostgresAddress, database: str, folder: Path, **more: str) -> Iterator[None]:
    """Point the product's settings to a database and a folder, and set what ``more`` names, inside the block."""
    before = dict(os.environ)
    own = {
        "DATABASE_URL": address.url(database, user="tournee_app"),
        "OWNER_DATABASE_URL": address.url(database, user="tournee_owner"),
        "STORE_PATH": str(folder / "store"),
        "SECRETS_PATH": str(folder / "secrets"),
        "ROADS_PATH": before.get(f"{PREFIX}ROADS_PATH", str(folder / "roads")),
        "SECURE_COOKIES": "0",
        "LOG_LEVEL": "ERROR",
        **more,
    }
    os.environ.update({PREFIX + name: value for name, value in own.items()})
    reload_settings()
    try:
        yield
    finally:
        forget_engine()
        for name in own:
            os.environ.pop(PREFIX + name, None)
        os.environ.update(before)
        reload_settings()


def _execute(address: PostgresAddress, statement: str) -> None:
    engine = create_engine(address.url("postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()
