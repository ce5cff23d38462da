"""The tablet's app is killed at each of its commit points and started again."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from driver_app.headless.__main__ import list_phases
from driver_app.headless.script import Script
from driver_app.platform.desktop import FileSecrets
from driver_app.store import settings
from driver_app.store.commit_points import COMMIT_POINTS
from driver_app.tablet import open_tablet
from shared.sealing import public_bytes
from tests.factories.office_http import serving
from tests.factories.protocol_peer import OfficePeer
from tests.factories.runs import make_run
from tests.factories.scripted import DAY, WHOLE_DAY, day_script, outcomes, play_quickly, whole_office, whole_script


@pytest.mark.parametrize("point", COMMIT_POINTS)
def test_killed_at_a_commit_point_the_day_ends_the_same(point: str, tmp_path: Path) -> None:
    """R025: kill -9 at each commit point; started again, nothing confirmed is lost and nothing is there twice."""
    office, home = whole_office(), tmp_path / "home"
    with serving(office) as server:
        killed, _ = play_quickly(home, server, whole_script(point))
    script = msgspec.json.decode(msgspec.json.encode(whole_script()), type=Script)
    phases = list(list_phases(script, home, office, patience_s=15))
    assert killed == -9
    assert outcomes(office) == WHOLE_DAY
    first, second = [event for event in office.disk.events if event.stop_id == office.runs[0].stops[3].stop_id][-2:]
    assert (first.payload["corrects"], second.payload["corrects"]) == ("", first.event_id)
    assert len(office.disk.files) == 3 * 2 + 2
    assert phases[-1]["waiting_events"] == phases[-1]["waiting_files"] == 0
    assert _kept(home) == (public_bytes(office.key).hex(), True, set(office.documents))


def _kept(home: Path) -> tuple[str, bool, set[str]]:
    """Return which key the tablet trusts, whether it is set for a left hand, and which papers it holds."""
    tablet = open_tablet(home, FileSecrets(home / "keys"))
    with closing(tablet.store):
        trusted = tablet.store.read(lambda session: settings.load(session, settings.Enrolment))
        liked = tablet.store.read(lambda session: settings.load(session, settings.Preferences))
        papers = tablet.store.read(lambda session: session.db.execute("SELECT sha256 FROM bundle_file").fetchall())
    return trusted.server_key, liked.left_handed, {sha256 for (sha256,) in papers}


def test_killed_in_the_middle_of_one_stop(tmp_path: Path) -> None:
    """R025: a tablet that dies while its driver counts keeps what was counted; the stop ends as it was meant."""
    office = OfficePeer()
    office.runs = (make_run(stops=4),)
    with serving(office) as server:
        killed, _ = play_quickly(tmp_path / "home", server, day_script(kill_at="set_containers:after_commit"))
        code, phases = play_quickly(tmp_path / "home", server, day_script(kill_at="set_containers:after_commit"))
    assert (killed, code) == (-9, 0)
    assert outcomes(office) == DAY
    assert phases[1]["finished"] == 4
