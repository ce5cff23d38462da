"""A scripted driver does a day through the real actions, store, sync and HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest

from driver_app.actions.lay_aside import begin_anew
from driver_app.platform.desktop import FileSecrets
from driver_app.tablet import open_tablet
from tests.factories.office_http import serving
from tests.factories.protocol_peer import CODE, OfficePeer
from tests.factories.runs import make_run
from tests.factories.scripted import DAY, day_script, outcomes, play


@pytest.fixture
def office() -> OfficePeer:
    """An office with one run of four stops."""
    peer = OfficePeer()
    peer.runs = (make_run(stops=4),)
    return peer


def test_a_day_is_driven_and_sent_once(office: OfficePeer, tmp_path: Path) -> None:
    """R025: quantities, signatures and photos reach the office once, and the same script again changes nothing."""
    with serving(office) as server:
        code, phases = play(tmp_path / "home", server, day_script())
        again, phases_again = play(tmp_path / "home", server, day_script())
    assert code == again == 0
    assert [phase["phase"] for phase in phases] == ["enrol", "pull", "run", "push"]
    assert outcomes(office) == DAY
    assert phases[-1]["waiting_events"] == phases[-1]["waiting_files"] == 0
    assert phases_again[1]["skipped"] == 4
    returned = office.disk.events[-1].payload
    assert returned["cash_counted_cents"] == 128_435


def test_nothing_is_lost_while_the_office_is_away(office: OfficePeer, tmp_path: Path) -> None:
    """R025: a run driven without network is synced in the evening, whole."""
    with serving(office) as server:
        play(tmp_path / "home", server, {"enrol": CODE, "pull": True, "push": False})
    code, phases = play(tmp_path / "home", server, day_script() | {"enrol": None, "pull": False}, patience_s=1)
    assert (code, phases[-1]["ending"], phases[-1]["waiting_events"]) == (3, "offline", 10)
    with serving(office) as server:
        code, _ = play(tmp_path / "home", server, {"pull": False, "push": True})
    assert code == 0
    assert outcomes(office) == DAY


def test_a_log_that_was_laid_aside_is_handed_in_again(office: OfficePeer, tmp_path: Path) -> None:
    """G5: after the rounds of the present log, whatever became of them, the old ones speak; they fail nothing."""
    home, keys = tmp_path / "home", FileSecrets(tmp_path / "home" / "keys")
    with serving(office) as server:
        play(home, server, day_script())
        office.revoked = True
        play(home, server, {"pull": False, "push": True})
        begin_anew(open_tablet(home, keys), keys).store.close()
        office.disk.hashes.clear()
        office.disk.events.clear()
        _code, phases = play(home, server, {"pull": True, "push": False})
    assert [phase["phase"] for phase in phases] == ["pull", "aside"]
    assert (phases[-1]["logs"], phases[-1]["waiting"]) == (1, 0)
    assert len(office.disk.events) == 10


def test_a_misspelt_script_is_refused_with_its_place(tmp_path: Path) -> None:
    """Bad input: the scripted driver says what it does not understand and does nothing."""
    code, phases = play(tmp_path / "home", "http://127.0.0.1:9", {"puhs": True})
    assert code == 2
    assert "puhs" in phases[0]["problem"]["detail"]
