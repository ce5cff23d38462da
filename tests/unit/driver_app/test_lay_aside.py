"""A log that can never go on is laid aside whole, wherever the tablet dies, and a fresh one stands in its place."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import hashlib
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from driver_app import aside
from driver_app.actions.correct import TooLateToUndo, undo_finish
from driver_app.actions.enrol import enrol
from driver_app.actions.export_log import LogNotWritten, export_log
from driver_app.actions.lay_aside import (
    LogOnlyHere,
    LogStillLives,
    begin_anew,
    log_standing,
    open_aside,
    require_still_there,
)
from driver_app.actions.run import start_run
from driver_app.main import Line, main, parser
from driver_app.platform.desktop import FileSecrets
from driver_app.store import attachments, outbox, settings
from driver_app.store.settings import Preferences
from driver_app.sync.transport import Unreachable
from driver_app.tablet import KeysLost, NotEnrolled, open_tablet
from shared.sealing import is_signed_by, public_bytes
from shared.sealing_event import open_event
from shared.wire.push import Push
from shared.wire.tablet_log import INDEX, KIND, SIGNATURE, LogIndex, file_name, push_name
from tests.factories.protocol_peer import CODE, cut_once
from tests.factories.rounds import deliver
from tests.factories.runs import make_run
from tests.factories.tablets import Cab, make_cab


@pytest.fixture
def cab(tmp_path: Path) -> Cab:
    """A tablet under way with one stop at the office, then revoked."""
    cab = make_cab(tmp_path / "home", make_run(stops=3))
    start_run(cab.tablet, run_id=cab.run.run_id, now=cab.now)
    deliver(cab, 0)
    cab.engine.sync()
    return cab


def keys_of(cab: Cab) -> FileSecrets:
    return FileSecrets(cab.home / "keys")


def log_of(tablet) -> list[str]:
    return [entry.hash for entry in tablet.store.read(outbox.entries)]


def test_a_log_that_the_office_follows_stays(cab: Cab) -> None:
    """Nobody lays a living log aside by mistake."""
    with pytest.raises(LogStillLives):
        begin_anew(cab.tablet, keys_of(cab))
    assert log_standing(cab.tablet).is_over is False


def test_a_revoked_log_goes_aside_whole_and_a_new_tablet_comes_in(cab: Cab) -> None:
    """G6: the old log opens with its own keys, event by event; the fresh one enrols under a key of its own."""
    cab.tablet.store.write("set_preference", _prefer)
    cab.office.revoked = True
    cab.engine.sync()
    before, old_key = log_of(cab.tablet), public_bytes(cab.tablet.key)
    fresh = begin_anew(cab.tablet, keys_of(cab))
    assert public_bytes(fresh.key) != old_key
    assert (log_of(fresh), fresh.preferences.language) == ([], "en")
    with pytest.raises(NotEnrolled):
        _ = fresh.enrolment
    old = open_aside(cab.home, keys_of(cab), 1)
    assert (log_of(old), public_bytes(old.key)) == (before, old_key)
    assert [open_event(old.store.read(lambda db, at=at: outbox.load(db, at + 1))).seq for at in range(3)] == [1, 2, 3]
    old.store.close()
    cab.office.revoked = False
    cab.office.disk.hashes.clear()
    cab.office.disk.code_open = True
    assert enrol(fresh, cab.office, code=CODE, name="Tablette 7", now=cab.now).driver_name
    fresh.store.close()
    cab.restart()
    assert public_bytes(cab.tablet.key) == public_bytes(fresh.key)
    assert aside.numbers(cab.home) == (1,)


def _prefer(session) -> None:
    settings.save(session, Preferences(language="en"))


def test_what_is_only_here_is_exported_first(cab: Cab) -> None:
    """Nothing is lost: a forked log that the office has not whole goes aside once a file holds all of it."""
    cab.office.disk.is_forked = True
    cab.office.room_for_strays = 0
    deliver(cab, 1)
    cab.engine.sync()
    standing = log_standing(cab.tablet)
    assert (standing.is_over, standing.events > 0, standing.is_safe) == (True, True, False)
    with pytest.raises(LogOnlyHere):
        begin_anew(cab.tablet, keys_of(cab))
    path = export_log(cab.tablet, cab.home, cab.now)
    assert log_standing(cab.tablet).is_safe
    _require_whole(cab, path)
    begin_anew(cab.tablet, keys_of(cab)).store.close()
    old = open_aside(cab.home, keys_of(cab), 1)
    with zipfile.ZipFile(path) as first:
        before = first.read(INDEX)
    again = export_log(old, cab.home, dataclasses.replace(cab.now, wall_ms=0))
    with zipfile.ZipFile(again) as archive:
        assert archive.read(INDEX) == before
    assert list(cab.home.glob("*journal-*")) == [again], "one file at a time"
    assert again.stat().st_mode & 0o777 == 0o600
    old.store.close()


def test_what_was_exported_is_taken_back_no_more(cab: Cab) -> None:
    """G1: the file may be at the office by now; whoever pressed the wrong button corrects instead."""
    deliver(cab, 1)
    cab.clock.advance(-10_000)
    path = export_log(cab.tablet, cab.home, cab.now)
    _require_whole(cab, path)
    with pytest.raises(TooLateToUndo):
        undo_finish(cab.tablet, **cab.at(1), now=cab.now)
    assert log_of(cab.tablet)


def test_a_full_disk_says_so_and_leaves_no_half_file(cab: Cab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bad conditions: a clear word, nothing lost, and what was not written covers nothing."""

    def full(_path: Path, _to: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    cab.office.revoked = True
    cab.engine.sync()
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", full)
        with pytest.raises(LogNotWritten):
            export_log(cab.tablet, cab.home, cab.now)
    assert not [path for path in cab.home.iterdir() if "journal-" in path.name]
    assert log_standing(cab.tablet).exported == ""


def test_what_the_tablet_cannot_read_is_named(cab: Cab) -> None:
    """G6: a damaged event is no reason to keep the others back; its place and hash say what is missing."""
    deliver(cab, 1)
    before = log_of(cab.tablet)
    cab.tablet.store.write(
        "take_batch", lambda session: session.db.execute("UPDATE event SET sealed = zeroblob(60) WHERE seq = 3")
    )
    with zipfile.ZipFile(export_log(cab.tablet, cab.home, cab.now)) as archive:
        told = msgspec.json.decode(archive.read(INDEX), type=LogIndex)
        first, second = (msgspec.json.decode(archive.read(push_name(seq)), type=Push) for seq in (1, 4))
    assert [(one.seq, one.hash) for one in told.unreadable] == [(3, before[2])]
    assert [one.hash for one in (*first.events, *second.events)] == [*before[:2], *before[3:]]


def test_an_archive_of_another_log_of_the_same_length_covers_nothing(cab: Cab) -> None:
    """Nothing is lost: what was exported is told by its last hash, not by how many events there are."""
    cab.office.revoked = True
    cab.engine.sync()
    export_log(cab.tablet, cab.home, cab.now)
    assert log_standing(cab.tablet).exported
    known = cab.tablet.store.read(lambda session: settings.load(session, settings.Exported))
    other = msgspec.structs.replace(known, head="ab" * 32)
    cab.tablet.store.write("set_preference", lambda session: settings.save(session, other))
    assert log_standing(cab.tablet).exported == ""


def test_a_log_laid_aside_speaks_again_to_an_office_that_was_put_back(
    cab: Cab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """G5: begun anew at ten, restored to last night at two: the app hands the morning in again, enrolled or not."""
    last_night = cab.office.backup()
    last_night.hashes.clear()
    last_night.events.clear()
    cab.office.revoked = True
    cab.engine.sync()
    monkeypatch.setattr("driver_app.main.HttpTransport", lambda _url: cab.office)
    options = parser().parse_args(["--home", str(cab.home), "--server", "http://127.0.0.1:9"])
    line = Line(options, cab.clock, lambda _ended: None)
    fresh = line.renew(cab.tablet)
    _wait_for(lambda: line.old_logs.spoke == 1)
    line.stop()
    cab.office.disk, cab.office.epoch = last_night, "epoch-2"
    line = Line(options, cab.clock, lambda _ended: None)
    line.follow(fresh)
    _wait_for(lambda: line.old_logs.spoke == 1)
    line.stop()
    assert [event.seq for event in cab.office.disk.events] == [1, 2, 3]
    assert line.old_logs.waiting == 0
    fresh.store.close()


def _wait_for(is_so: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + 20
    while not is_so() and time.monotonic() < deadline_s:
        time.sleep(0.02)


def test_what_was_heard_before_lays_nothing_aside(cab: Cab) -> None:
    """G5: an office rolled back since, or out of reach, has nothing as far as anybody knows; a file has it."""
    cab.office.revoked = True
    cab.engine.sync()
    require_still_there(cab.tablet, cab.office, cab.clock)
    cab.office.before = cut_once("hello")
    with pytest.raises(Unreachable):
        require_still_there(cab.tablet, cab.office, cab.clock)
    cab.office.disk.hashes.clear()
    assert log_standing(cab.tablet).is_safe
    with pytest.raises(LogOnlyHere):
        require_still_there(cab.tablet, cab.office, cab.clock)
    export_log(cab.tablet, cab.home, cab.now)
    cab.office.before = cut_once("hello")
    require_still_there(cab.tablet, cab.office, cab.clock)


@pytest.mark.parametrize("name", ["store-key", "device-key"])
def test_a_lost_key_is_said_and_never_replaced(cab: Cab, name: str) -> None:
    """G6: no new key stands in silence beside a log of another; the file stays as it was for who finds the key."""
    cab.tablet.store.close()
    kept = keys_of(cab).load(name)
    (cab.home / "keys" / name).unlink()
    with pytest.raises(KeysLost) as lost:
        open_tablet(cab.home, keys_of(cab))
    assert "appelez le bureau" in lost.value.detail.fr
    assert keys_of(cab).load(name) is None
    assert main(["--home", str(cab.home), "--server", "http://127.0.0.1:9"]) == 2
    keys_of(cab).keep(name, kept)
    cab.restart()
    assert len(log_of(cab.tablet)) == 3


def _require_whole(cab: Cab, path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        told = msgspec.json.decode(archive.read(INDEX), type=LogIndex)
        bodies = [archive.read(push_name(one.from_seq)) for one in told.pushes]
        assert [hashlib.sha256(body).hexdigest() for body in bodies] == [one.sha256 for one in told.pushes]
        assert is_signed_by(
            public_bytes(cab.tablet.key), KIND, hashlib.sha256(archive.read(INDEX)).digest(),
            bytes.fromhex(archive.read(SIGNATURE).decode()),
        )  # fmt: skip
        pushes = [msgspec.json.decode(body, type=Push) for body in bodies]
        assert [one.hash for push in pushes for one in push.events] == log_of(cab.tablet)
        assert told.public_key == public_bytes(cab.tablet.key).hex()
        assert (told.last_seq, told.last_hash) == (len(log_of(cab.tablet)), log_of(cab.tablet)[-1])
        names = [one.sha256 for one in cab.tablet.store.read(attachments.named)]
        assert names == [one.sha256 for one in told.files]
        assert [hashlib.sha256(archive.read(file_name(name))).hexdigest() for name in names] == names


class PowerCut(BaseException):
    """The tablet died."""


@pytest.mark.parametrize("cut_at", range(12))
def test_a_cut_at_any_step_loses_nothing(cut_at: int, cab: Cab, monkeypatch: pytest.MonkeyPatch) -> None:
    """G6: keys kept, file moved, keys made, marker gone: whichever step was the last one, the start goes on."""
    cab.office.revoked = True
    cab.engine.sync()
    before, old_key = log_of(cab.tablet), public_bytes(cab.tablet.key)
    keys = _Dying(cut_at)
    monkeypatch.setattr(aside, "sync_folder", lambda _: keys.step())
    monkeypatch.setattr(FileSecrets, "keep", keys.keep_of(FileSecrets.keep))
    with contextlib.suppress(PowerCut):
        begin_anew(cab.tablet, keys_of(cab)).store.close()
    monkeypatch.undo()
    tablet = open_tablet(cab.home, keys_of(cab))
    if not aside.numbers(cab.home):
        assert (log_of(tablet), public_bytes(tablet.key)) == (before, old_key)
        return
    assert log_of(tablet) == []
    old = open_aside(cab.home, keys_of(cab), 1)
    assert (log_of(old), public_bytes(old.key)) == (before, old_key)
    assert public_bytes(tablet.key) != old_key
    assert aside.numbers(cab.home) == (1,)


class _Dying:
    """Counts each durable step, and dies at one."""

    def __init__(self, cut_at: int) -> None:
        self.left = cut_at

    def step(self) -> None:
        if self.left == 0:
            raise PowerCut
        self.left -= 1

    def keep_of(self, keep):
        def kept(secrets: FileSecrets, name: str, secret: bytes) -> None:
            self.step()
            keep(secrets, name, secret)

        return kept
