"""Offices for stories."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.factories.world import Deal, make_world
from tests.scenarios.office import Office, opened

type OpenOffice = Callable[..., Office]


@pytest.fixture
def open_office(database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenOffice]:
    """Open an office whose suppliers have these deals; it closes with the test."""
    with ExitStack() as stack:

        def open_one(deals: Sequence[Deal], *, buyers: int = 1) -> Office:
            return stack.enter_context(opened(make_world(deals, buyers=buyers), tmp_path, monkeypatch))

        yield open_one
