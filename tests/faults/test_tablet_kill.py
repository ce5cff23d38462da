"""The tablet's app is killed at each of its commit points and started again."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from driver_app.headless.__main__ import list_phases
from driver_app.headless.script import Script
from driver_app.store.commit_points import COMMIT_POINTS
from tests.factories.office_http import serving
from tests.factories.protocol_peer import OfficePeer
from tests.factories.runs import make_run
from tests.factories.scripted import DAY, day_script, outcomes, play

NOT_IN_A_SCRIPT = ("undo_finish", "correct_stop", "standing", "set_preference", "unlock", "keep_file")
KILLABLE = [point for point in COMMIT_POINTS if not point.startswith(NOT_IN_A_SCRIPT)]


@pytest.mark.parametrize("point", KILLABLE)
def test_killed_at_a_commit_point_the_day_ends_the_same(point: str, tmp_path: Path) -> None:
    """R025: kill -9 at each commit point; started again, nothing confirmed is lost and nothing is there twice."""
    office = OfficePeer()
    office.runs = (make_run(stops=4),)
    with serving(office) as server:
        killed, _ = play(tmp_path / "home", server, day_script(kill_at=None) | {"kill_at": point})
    script = msgspec.json.decode(msgspec.json.encode(day_script()), type=Script)
    phases = list(list_phases(script, tmp_path / "home", office, patience_s=15))
    assert killed == -9
    assert outcomes(office) == DAY
    assert len(office.disk.files) == 3 * 2 + 2
    assert phases[-1]["waiting_events"] == phases[-1]["waiting_files"] == 0


def test_killed_in_the_middle_of_one_stop(tmp_path: Path) -> None:
    """R025: a tablet that dies while its driver counts keeps what was counted; the stop ends as it was meant."""
    office = OfficePeer()
    office.runs = (make_run(stops=4),)
    with serving(office) as server:
        killed, _ = play(tmp_path / "home", server, day_script(kill_at="set_containers:after_commit"))
        code, phases = play(tmp_path / "home", server, day_script(kill_at="set_containers:after_commit"))
    assert (killed, code) == (-9, 0)
    assert outcomes(office) == DAY
    assert phases[1]["finished"] == 4
