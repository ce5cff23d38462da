"""A log that the office does not follow, handed in for a person to look at."""

from __future__ import annotations

from pathlib import Path

import pytest

from driver_app.actions.run import start_run
from driver_app.store import outbox, settings
from tests.factories.rounds import deliver
from tests.factories.runs import make_run
from tests.factories.tablets import Cab, make_cab


@pytest.fixture
def cab(tmp_path: Path) -> Cab:
    """A tablet under way."""
    cab = make_cab(tmp_path, make_run(stops=4))
    start_run(cab.tablet, run_id=cab.run.run_id, now=cab.now)
    return cab


def test_a_copy_is_handed_in_behind_a_past_of_many_batches(cab: Cab, monkeypatch: pytest.MonkeyPatch) -> None:
    """G6: both logs begin alike for longer than a batch; what differs reaches the office all the same."""
    monkeypatch.setattr(outbox, "MAX_EVENTS", 2)
    deliver(cab, 0)
    deliver(cab, 1)
    assert cab.engine.sync().ending == "done"
    shared = len(cab.office.disk.hashes)
    assert shared == 5
    deliver(cab, 2)
    cab.office.disk.hashes.append("b" * 64)
    cab.office.disk.events.append(cab.office.disk.events[-1])
    assert cab.engine.sync().ending == "fork"
    handed_in = [one.from_seq + at for one in cab.office.disk.strays for at in range(len(one.events))]
    assert handed_in == [5, 6, 7]
    assert cab.tablet.store.read(settings.position).strays_seq == 7
    assert len(cab.office.disk.hashes) == shared + 1, "nothing of it is mixed in"
