"""What is checked, typed and counted is about one run, on the real screens, whatever the office changes meanwhile."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from driver_app.flow import Flow
from driver_app.journey import RunWithdrawn
from driver_app.store import outbox
from shared.sealing_event import open_event
from shared.wire.bundle import BundleRun
from shared.wire.event import Envelope
from tests.factories.runs import STARTS_AT_MS, make_run
from tests.factories.tablets import Cab
from tests.tablet.pilot import Pilot
from tests.tablet.screens import depart, driving, unlock

HOUR_MS = 3_600_000


def two_runs() -> tuple[BundleRun, BundleRun]:
    """Return a morning's run and the one after it."""
    return make_run(stops=1, name="A"), msgspec.structs.replace(
        make_run(stops=1, name="B"), starts_at_ms=STARTS_AT_MS + HOUR_MS
    )


def last(cab: Cab) -> Envelope:
    """Return the last event."""
    head = cab.tablet.store.read(outbox.head)
    return open_event(cab.tablet.store.read(lambda session: outbox.load(session, head.seq)))


def deliver(cab: Cab, pilot: Pilot) -> None:
    """Deliver the only stop, with its cash."""
    for test_id in ("stop-1", "go-on", "collect-0", "payment-done", "who-0"):
        pilot.tap(test_id)
    pilot.sign()
    pilot.tap("finish")
    cab.clock.advance(20_000)


def synced(cab: Cab, pilot: Pilot, *runs: BundleRun) -> None:
    """Let the office have these runs and no others, and the tablet hear of it."""
    gone = {run.run_id for run in cab.office.runs} - {run.run_id for run in runs}
    cab.office.runs, cab.office.gone = runs, tuple(gone)
    cab.engine.pull()
    pilot.app.synced()
    pilot.frames(3)


def test_the_run_on_screen_is_the_one_that_leaves(tmp_path: Path) -> None:
    """R015: the office takes run A off while it is checked: B stands there unchecked, and A is refused in words."""
    first, second = two_runs()
    with driving(tmp_path, first, second) as (cab, pilot):
        unlock(pilot)
        for test_id in ("vehicle", "load"):
            pilot.tap(test_id)
        cab.office.runs, cab.office.gone = (second,), (first.run_id,)
        cab.engine.pull()
        before = cab.tablet.store.read(outbox.head)
        pilot.tap("start")
        assert cab.tablet.store.read(outbox.head) == before
        assert pilot.shows("Le bureau a retiré cette tournée")
        pilot.app.hush()
        pilot.frames(2)
        assert pilot.shows("B ·")
        assert pilot.find("start").disabled
        for test_id in ("vehicle", "load", "start"):
            pilot.tap(test_id)
        assert (last(cab).type, last(cab).run_id) == ("run.departed", second.run_id)


def test_what_was_checked_is_checked_again_when_the_run_changes(tmp_path: Path) -> None:
    """R015: a new version, or another run, is checked anew; a round that changes nothing clears nothing."""
    first, second = two_runs()
    with driving(tmp_path, first, second) as (cab, pilot):
        unlock(pilot)
        pilot.tap("float")
        pilot.type_number(5_000)
        changed = msgspec.structs.replace(first, version=2)
        for runs, keeps_float in (((changed, second), True), ((second,), False)):
            for test_id in ("vehicle", "load"):
                pilot.tap(test_id)
            pilot.app.synced()
            assert not pilot.find("start").disabled
            synced(cab, pilot, *runs)
            assert pilot.find("start").disabled
            assert pilot.shows("50,00 $") == keeps_float


def test_a_question_about_a_run_that_is_gone_is_dropped(tmp_path: Path) -> None:
    """R015: the pad for the float closes with its run, and one that comes too late takes nothing."""
    with driving(tmp_path, make_run(stops=1, name="A")) as (cab, pilot):
        unlock(pilot)
        pilot.tap("float")
        departure = pilot.app.root.current_screen
        synced(cab, pilot)
        assert pilot.app.root.current == "empty"
        assert pilot.shows("Aucune tournée sur cette tablette")
        assert not any(getattr(one, "test_id", "") == "pad-accept" for one in pilot.walk())
        departure._set_float(1)
        assert pilot.app.root.current == "empty"
        flow: Flow = pilot.app.flow
        with pytest.raises(RunWithdrawn):
            flow.start(departure.about[0], 0, vehicle_checked=True)


def test_each_run_is_counted_by_itself_and_by_somebody(tmp_path: Path) -> None:
    """C29: the cash is counted before a run ends, and the next run begins unchecked and uncounted."""
    first, second = two_runs()
    with driving(tmp_path, first, second) as (cab, pilot):
        depart(pilot)
        deliver(cab, pilot)
        pilot.tap("end-run")
        assert pilot.find("end").disabled
        pilot.tap("cash")
        pilot.tap("pad-accept")
        assert pilot.find("end").disabled
        pilot.tap("cash")
        pilot.type_number(7_000)
        pilot.tap("end")
        assert last(cab).payload == {"cash_counted_cents": 7_000}
        pilot.tap("back")
        assert pilot.app.root.current == "departure"
        assert pilot.find("start").disabled
        for test_id in ("vehicle", "load", "start"):
            pilot.tap(test_id)
        assert last(cab).run_id == second.run_id
        deliver(cab, pilot)
        pilot.tap("end-run")
        assert pilot.find("end").disabled
        assert pilot.shows("Compter l’argent")
