"""When the logs that were laid aside speak, and that they disturb nobody."""

from __future__ import annotations

from pathlib import Path
from random import Random

import msgspec
import pytest

from driver_app import aside
from driver_app.actions.export_log import export_log
from driver_app.actions.lay_aside import begin_anew, open_aside
from driver_app.actions.run import start_run
from driver_app.old_logs import DAY_MS, RETRY_MS, OldLogs
from driver_app.platform.desktop import FileSecrets, Wired
from driver_app.sync.backoff import Backoff
from driver_app.sync.engine import Round
from driver_app.sync.loop import SyncLoop
from driver_app.sync.transport import Answer
from tests.factories.protocol_peer import cut_once
from tests.factories.rounds import deliver, pass_days
from tests.factories.runs import make_run
from tests.factories.tablets import Cab, make_cab


@pytest.fixture
def cab(tmp_path: Path) -> Cab:
    """A tablet that was revoked after one stop, and began anew."""
    cab = make_cab(tmp_path / "home", make_run(stops=3))
    start_run(cab.tablet, run_id=cab.run.run_id, now=cab.now)
    deliver(cab, 0)
    cab.engine.sync()
    cab.office.revoked = True
    cab.engine.sync()
    begin_anew(cab.tablet, FileSecrets(cab.home / "keys")).store.close()
    cab.office.calls.clear()
    return cab


@pytest.fixture
def old(cab: Cab) -> OldLogs:
    """Its old logs, since the app was started."""
    return OldLogs(cab.home, FileSecrets(cab.home / "keys"), lambda: cab.office, cab.clock, Wired())


def greetings(cab: Cab) -> int:
    """Return how often the office was greeted since it was last asked."""
    count = sum(path.endswith("/hello") for _method, path in cab.office.calls)
    cab.office.calls.clear()
    return count


def test_an_old_log_speaks_at_the_start_daily_and_in_another_epoch(cab: Cab, old: OldLogs) -> None:
    """G5: a rolled-back machine has the same epoch: whoever starts the app, or waits a day, has it heard."""
    old.send("epoch-1")
    old.send("epoch-1")
    old.send("")
    assert greetings(cab) == 1
    cab.office.disk.hashes.clear()
    cab.office.disk.events.clear()
    cab.clock.advance(DAY_MS)
    old.send("epoch-1")
    assert (greetings(cab), len(cab.office.disk.events)) == (1, 3)
    cab.office.epoch = "epoch-2"
    old.send("epoch-2")
    old.send("epoch-2")
    assert greetings(cab) == 1
    cab.clock.advance(-3 * DAY_MS)
    old.send("epoch-2")
    assert greetings(cab) == 1, "a clock that was set back holds it up for no day"


def test_an_old_log_says_that_it_is_over_and_a_living_one_nothing_of_it(cab: Cab, old: OldLogs) -> None:
    """M4: no run waits for its word; a living log sends no field that an office may not know."""
    old.send("epoch-1")
    assert cab.office.told is not None
    assert cab.office.told.is_laid_aside
    assert b"is_laid_aside" not in msgspec.json.encode(msgspec.structs.replace(cab.office.told, is_laid_aside=False))


def test_what_failed_is_tried_again_later(cab: Cab, old: OldLogs) -> None:
    """A log that the office does not hear does not call at each round."""
    cab.office.disk.hashes.clear()
    cab.office.disk.events.clear()
    cab.office.before = cut_once("push")
    old.send("epoch-1")
    assert (old.waiting, greetings(cab)) == (1, 1)
    old.send("epoch-1")
    assert greetings(cab) == 0
    cab.clock.advance(RETRY_MS)
    old.send("epoch-1")
    assert (old.waiting, len(cab.office.disk.events)) == (0, 3)


def test_an_old_log_that_the_office_does_not_know_calls_ever_more_rarely(cab: Cab, old: OldLogs) -> None:
    """One that nobody will know again, of a fleet of them, is no load; an office put back is asked at once."""
    cab.office.tokens.clear()
    cab.office.refuse = lambda method, path: Answer(401) if path.endswith("/devices/token") else None

    def tries(hours: int, epoch: str) -> int:
        cab.office.calls.clear()
        for _ in range(hours * 6):
            old.send(epoch)
            cab.clock.advance(RETRY_MS)
        return sum(path.endswith("/devices/token") for _method, path in cab.office.calls)

    assert tries(24, "epoch-1") == 8, "after 10, 20, 40, ... minutes"
    tries(48, "epoch-1")
    assert (tries(48, "epoch-1"), old.waiting, old.spoke) == (2, 1, 0)
    assert tries(1, "epoch-2") == 3, "in another epoch at once, and from ten minutes on"
    cab.office.refuse = lambda method, path: None
    cab.clock.advance(DAY_MS)
    assert (tries(1, "epoch-2"), old.waiting, old.spoke) == (1, 0, 1)


def test_a_try_without_a_network_is_no_failure(cab: Cab, old: OldLogs) -> None:
    """A day without a network holds up nothing of the next one."""
    for _ in range(5):
        cab.office.before = cut_once("token")
        cab.office.tokens.clear()
        old.send("epoch-1")
        old.send("epoch-1")
        assert (greetings(cab), old.spoke) == (0, 0), "once in ten minutes all the same"
        cab.clock.advance(RETRY_MS)
    old.send("epoch-1")
    assert (greetings(cab), old.spoke) == (1, 1)


def test_an_exported_log_waits_for_nothing(cab: Cab, old: OldLogs) -> None:
    """The help screen counts it no more, and after two months it is silent."""
    cab.office.tokens.clear()
    cab.office.refuse = lambda method, path: Answer(401) if path.endswith("/devices/token") else None
    old.send("epoch-1")
    assert old.waiting == 1
    tablet = open_aside(cab.home, FileSecrets(cab.home / "keys"), 1)
    export_log(tablet, cab.home, cab.now)
    tablet.store.close()
    cab.clock.advance(DAY_MS)
    old.send("epoch-1")
    assert old.waiting == 0
    cab.office.calls.clear()
    pass_days(cab, 61)
    old.send("epoch-1")
    assert cab.office.calls == []


def test_an_old_log_is_silent_after_two_months(cab: Cab, old: OldLogs) -> None:
    """Every copy that an office is put back to has it by then."""
    pass_days(cab, 61)
    old.send("epoch-1")
    assert greetings(cab) == 0


def test_a_log_that_does_not_open_silences_no_other(cab: Cab, old: OldLogs, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing of an old log disturbs another one, or the present one."""
    broken = aside.folder_of(cab.home, 0)
    broken.mkdir()
    (broken / "tablet.db").write_bytes(b"not a database" * 100)
    aside.folder_of(cab.home, 7).mkdir()
    old.send("epoch-1")
    assert greetings(cab) == 1
    assert "old log 0 not sent" in caplog.text
    assert not (aside.folder_of(cab.home, 7) / "tablet.db").exists(), "none is made where none was"


def test_what_follows_a_round_fails_no_round(caplog: pytest.LogCaptureFixture) -> None:
    """The loop of the present log goes on, whatever its own rounds and the old logs do."""
    done: list[str] = []

    class Failing:
        def sync(self) -> Round:
            done.append("round")
            raise KeyError("present")

    def fail() -> None:
        done.append("old")
        raise RuntimeError("old logs")

    loop = SyncLoop(Failing(), Backoff(Random(1), base_s=0.01, cap_s=0.01), lambda _ended: None, then=fail)
    loop.start()
    while len(done) < 4:
        pass
    loop.stop()
    assert done[:4] == ["round", "old", "round", "old"]
    assert "what follows a sync round failed" in caplog.text
