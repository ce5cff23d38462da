"""A ground for rehearsals on the tests' own PostgreSQL."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from server.core.embedded.address import PostgresAddress
from server.core.settings import reload_settings
from server.core.transaction import forget_engine
from server.rehearsal.ground import Ground, make_template
from tests.factories.memory import quick_folder


@pytest.fixture(scope="session")
def ground(postgres: PostgresAddress, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """The morning that every rehearsed day of this worker begins with."""
    with quick_folder(tmp_path_factory.mktemp("rehearsal")) as folder:
        with settings_kept():
            standing = Ground(postgres, folder, make_template(postgres, folder), 0)
        yield standing
        with settings_kept():
            standing.stand()
            standing.close()


@pytest.fixture(autouse=True)
def _on_its_ground(request: pytest.FixtureRequest) -> Iterator[None]:
    """Other tests of this worker point the settings elsewhere; a day stands on its own ground while it lasts."""
    ground = request.getfixturevalue("ground") if "ground" in request.fixturenames else None
    with settings_kept():
        if ground is not None:
            ground.stand()
        yield


@contextmanager
def settings_kept() -> Iterator[None]:
    """Give the settings back after the block: a silent log or a bound that is off would follow into other tests."""
    before = dict(os.environ)
    try:
        yield
    finally:
        forget_engine()
        os.environ.clear()
        os.environ.update(before)
        reload_settings()
