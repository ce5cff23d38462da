"""A ground for rehearsals on the tests' own PostgreSQL."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from server.core.embedded.address import PostgresAddress
from server.core.settings import reload_settings
from server.core.transaction import forget_engine
from server.rehearsal.ground import Ground, make_template


@pytest.fixture(scope="session")
def ground(postgres: PostgresAddress, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """The morning that every rehearsed day of this worker begins with."""
    before = dict(os.environ)
    folder = tmp_path_factory.mktemp("rehearsal")
    standing = Ground(postgres, folder, make_template(postgres, folder), 0)
    try:
        yield standing
    finally:
        standing.close()
        forget_engine()
        os.environ.clear()
        os.environ.update(before)
        reload_settings()


@pytest.fixture(autouse=True)
def _on_its_ground(request: pytest.FixtureRequest) -> None:
    """Other tests of this worker point the settings elsewhere; a day stands on its own ground."""
    if "ground" in request.fixturenames:
        request.getfixturevalue("ground").stand()
