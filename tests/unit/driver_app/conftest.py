"""A tablet under way."""

from __future__ import annotations

from pathlib import Path

import pytest

from driver_app.actions.run import start_run
from tests.factories.runs import make_run
from tests.factories.tablets import Cab, make_cab


@pytest.fixture
def cab(tmp_path: Path) -> Cab:
    """A tablet under way."""
    cab = make_cab(tmp_path, make_run(stops=4))
    start_run(cab.tablet, run_id=cab.run.run_id, now=cab.now)
    return cab
