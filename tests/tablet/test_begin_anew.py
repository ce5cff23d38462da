"""The real screens: a revoked log is laid aside, and the tablet comes in anew by a typed code."""

from __future__ import annotations

from pathlib import Path

from driver_app import aside
from driver_app.actions.enrol import enrol
from driver_app.actions.lay_aside import begin_anew, open_aside, require_still_there
from driver_app.platform.desktop import FileSecrets
from driver_app.store import outbox
from shared.problems import Problem
from tests.factories.protocol_peer import CODE
from tests.factories.runs import make_run
from tests.factories.tablets import NIP, Cab
from tests.tablet.pilot import Pilot
from tests.tablet.screens import depart, driving


def wire(cab: Cab, pilot: Pilot) -> None:
    """Connect the screens to the office, as the app's wiring does."""

    def redeem(code, ended) -> None:
        try:
            enrol(pilot.app.flow.tablet, cab.office, code=code, name="Tablette 7", now=cab.now)
        except Problem as problem:
            ended(problem)
        else:
            ended(None)

    def confirm(ended) -> None:
        try:
            require_still_there(pilot.app.flow.tablet, cab.office, cab.clock)
        except Problem as problem:
            ended(problem)
        else:
            ended(None)

    keys = FileSecrets(cab.home / "keys")
    pilot.app.confirm = confirm
    pilot.app.renew = lambda tablet: begin_anew(tablet, keys)
    pilot.app.redeem = redeem


def go_to_aside(cab: Cab, pilot: Pilot) -> None:
    depart(pilot)
    cab.office.revoked = True
    cab.engine.sync()
    pilot.app.synced()
    pilot.app.go("help")
    pilot.frames(3)
    pilot.tap("aside")


def test_a_revoked_tablet_begins_anew_on_its_screens(tmp_path: Path) -> None:
    """G6: why, what is only here, a second touch to confirm, the code, a new NIP; the old log stays whole."""
    with driving(tmp_path, make_run(stops=3)) as (cab, pilot):
        wire(cab, pilot)
        go_to_aside(cab, pilot)
        before = [entry.hash for entry in cab.tablet.store.read(outbox.entries)]
        assert pilot.shows("Cette tablette est révoquée")
        pilot.tap("aside-begin")
        assert pilot.app.root.current == "aside"
        assert pilot.shows("Toucher encore pour confirmer")
        pilot.tap("aside-begin")
        assert pilot.app.root.current == "enrol"
        for digit in ("0" * 32).upper():
            pilot.tap(f"key-{digit}")
        pilot.tap("enrol-done")
        assert pilot.app.root.current == "enrol"  # the office knows no such code, and says so
        for _ in range(32):
            pilot.tap("key-erase")
        cab.office.revoked, cab.office.disk.code_open, cab.office.disk.hashes = False, True, []
        for digit in CODE.upper():
            pilot.tap(f"key-{digit}")
        pilot.tap("enrol-done")
        assert pilot.app.root.current == "unlock"
        for digit in NIP:
            pilot.tap(f"key-{digit}")
        pilot.tap("pad-accept")
        assert pilot.app.root.current == "empty"
        old = open_aside(cab.home, FileSecrets(cab.home / "keys"), 1)
        assert [entry.hash for entry in old.store.read(outbox.entries)] == before
        old.store.close()
        cab.tablet = pilot.app.flow.tablet
        assert aside.numbers(cab.home) == (1,)


def test_what_is_only_here_is_exported_before(tmp_path: Path) -> None:
    """Nothing is lost: with a delivery that never left, the button waits for the export."""
    with driving(tmp_path, make_run(stops=3)) as (cab, pilot):
        wire(cab, pilot)
        go_to_aside(cab, pilot)
        pilot.app.flow.open_stop(cab.run.stops[0].stop_id)
        pilot.app.go("aside")
        pilot.frames(3)
        assert pilot.find("aside-begin").disabled
        assert pilot.shows("Exportez d’abord")
        pilot.tap("aside-export")
        assert list(tmp_path.glob("journal-*.zip"))
        assert not pilot.find("aside-begin").disabled


def test_a_log_that_cannot_leave_is_exported_from_help(tmp_path: Path) -> None:
    """R025: a tablet whose network is dead for good hands its day in as a file; else there is no button."""
    with driving(tmp_path, make_run(stops=3)) as (cab, pilot):
        wire(cab, pilot)
        depart(pilot)
        pilot.app.go("help")
        pilot.frames(3)
        pilot.tap("export-log")
        (path,) = tmp_path.glob("journal-*.zip")
        assert pilot.shows(f"Journal exporté\u00a0: {path.name}")
        cab.clock.advance(10_001)
        cab.engine.sync()
        pilot.app.synced()
        pilot.app.go("help")
        pilot.frames(3)
        assert not pilot.shows("Exporter le journal")


def test_an_office_that_was_put_back_is_heard_before(tmp_path: Path) -> None:
    """G5: « tout est au bureau » of this morning says nothing of now: the log stays, and goes up again."""
    with driving(tmp_path, make_run(stops=3)) as (cab, pilot):
        wire(cab, pilot)
        before = cab.office.backup()
        go_to_aside(cab, pilot)
        cab.office.disk = before
        pilot.tap("aside-begin")
        pilot.tap("aside-begin")
        assert pilot.app.root.current == "aside"
        assert pilot.find("aside-begin").disabled
        assert pilot.shows("Exportez d’abord")
        assert aside.numbers(cab.home) == ()
        cab.engine.sync()
        pilot.app.go("aside")
        pilot.frames(3)
        pilot.tap("aside-begin")
        pilot.tap("aside-begin")
        assert pilot.app.root.current == "enrol"


def test_the_help_screen_counts_the_old_logs_that_wait(tmp_path: Path) -> None:
    """What of an earlier log the office has not yet is said where the tablet tells how it feels."""
    with driving(tmp_path, make_run(stops=3)) as (_cab, pilot):
        depart(pilot)
        pilot.app.go("help")
        pilot.frames(3)
        assert not pilot.shows("Anciens journaux à envoyer")
        pilot.app.old_logs = lambda: 2
        pilot.app.go("help")
        pilot.frames(3)
        assert pilot.shows("Anciens journaux à envoyer")
