"""Offices for stories."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from tests.factories.world import Deal, make_world
from tests.scenarios.office import Office, office_at, served

type OpenOffice = Callable[..., Office]


@pytest.fixture(scope="module")
def address(module_database) -> Iterator[str]:
    """The address of the web application, which the stories of a file share as carriers share an installation."""
    with served() as url:
        yield url


@pytest.fixture
def open_office(address: str, tmp_path: Path) -> OpenOffice:
    """Open an office whose suppliers have these deals, beside those of the file's other stories."""

    def open_one(deals: Sequence[Deal], *, buyers: int = 1) -> Office:
        return office_at(address, make_world(deals, buyers=buyers), tmp_path)

    return open_one
