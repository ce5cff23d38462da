"""An office that was restored, and what a tablet keeps until a verified backup holds it (G5, G7)."""

from __future__ import annotations

import pytest

from driver_app.actions.arrive import arrive
from driver_app.platform.desktop import Wired
from driver_app.store import attachments, bundles, outbox
from driver_app.store.database import Session
from tests.factories.rounds import DAYS_MS, Metered, deliver, pass_days, states, waiting
from tests.factories.runs import make_run
from tests.factories.tablets import Cab


def test_a_restored_office_receives_again_what_it_lost(cab: Cab) -> None:
    """G5: an office set back to a backup gets its lost events and their files a second time, in order."""
    deliver(cab, 0)
    cab.engine.sync()
    backup = cab.office.backup()
    deliver(cab, 1, photo=b"lost with the disk")
    cab.engine.sync()
    cab.office.disk, cab.office.epoch = backup, "epoch-2"
    ended = cab.engine.sync()
    assert (ended.ending, ended.events) == ("done", 2)
    assert [event.seq for event in cab.office.disk.events] == [1, 2, 3, 4, 5]
    assert len(cab.office.disk.files) == 3
    assert states(cab) == ["received"] * 5


def test_a_photo_that_came_after_the_backup_of_its_event_is_offered_again(cab: Cab) -> None:
    """G5, G7: a verified backup holds the event and not the photo that Wi-Fi brought later; a restore gets it again."""
    cab.connection = Metered()
    deliver(cab, 0, photo=b"waits for Wi-Fi")
    cab.engine.sync()
    cab.office.safe_seq = 3
    backup = cab.office.backup()
    cab.connection = Wired()
    assert cab.engine.sync().files.received == 1
    cab.office.disk, cab.office.epoch = backup, "epoch-2"
    cab.engine.sync()
    assert len(cab.office.disk.files) == 3
    assert waiting(cab) == (0, 0)


@pytest.mark.parametrize("version", [1, 2])
def test_a_restored_office_has_the_last_word_on_a_run(version: int, cab: Cab) -> None:
    """G5: a later version that the restored office lost, or made anew with other words, is not kept against it."""
    run_id = cab.run.run_id
    cab.office.runs = (make_run(stops=3, version=2),)
    cab.engine.pull()
    cab.office.runs, cab.office.epoch = (make_run(stops=2, version=version),), "epoch-2"
    cab.engine.sync()
    held = cab.tablet.store.read(lambda session: bundles.load(session, run_id))
    assert (held.version, len(held.stops)) == (version, 2)


def test_a_rolled_back_machine_is_caught_by_its_sequence(cab: Cab) -> None:
    """G5: the same epoch with fewer events is noticed too."""
    deliver(cab, 0)
    backup = cab.office.backup()
    cab.engine.sync()
    cab.office.disk = backup
    assert cab.engine.sync().events == 3


def test_a_machine_rolled_back_between_greeting_and_push_gets_its_files_again(cab: Cab) -> None:
    """G5: a rewind that only the push's receipt tells is a rewind for files, too."""
    backup = cab.office.backup()
    deliver(cab, 0, photo=b"lost with the machine")
    cab.engine.sync()
    deliver(cab, 1)

    def roll_back(method: str, path: str) -> None:
        if path.endswith("/push"):
            cab.office.disk, cab.office.before = backup, lambda method, path: None

    cab.office.before = roll_back
    cab.engine.sync()
    cab.engine.sync()
    assert len(cab.office.disk.files) == 3
    assert waiting(cab) == (0, 0)


@pytest.mark.parametrize(("safe_seq", "days", "kept"), [(0, 30, 3), (3, 13, 3), (2, 30, 2), (3, 30, 1)])
def test_events_are_deleted_only_when_backed_up_and_old(cab: Cab, safe_seq: int, days: int, kept: int) -> None:
    """The tablet deletes below ``safe_seq`` and after 14 days, and the last event never."""
    deliver(cab, 0)
    cab.office.safe_seq = safe_seq
    cab.engine.sync()
    pass_days(cab, days)
    cab.engine.sync()
    assert len(cab.tablet.store.read(outbox.entries)) == kept
    deliver(cab, 1)
    assert cab.engine.sync().ending == "done"


def test_an_old_event_received_lately_is_kept(cab: Cab) -> None:
    """G5: a backup of ten days ago does not hold what was sealed before it and received after it."""
    deliver(cab, 0)
    pass_days(cab, 20)
    cab.office.safe_seq = 3
    cab.engine.sync()
    pass_days(cab, 13)
    cab.engine.sync()
    assert len(cab.tablet.store.read(outbox.entries)) == 3
    pass_days(cab, 2)
    cab.engine.sync()
    assert len(cab.tablet.store.read(outbox.entries)) == 1


def test_a_tablet_whose_clock_runs_ahead_deletes_nothing(cab: Cab) -> None:
    """G5: the fourteen days are the office's; the year 2038 on the tablet's clock changes nothing."""
    deliver(cab, 0)
    cab.office.safe_seq = 3
    cab.engine.sync()
    cab.clock.advance(4_000 * DAYS_MS)
    cab.engine.sync()
    assert len(cab.tablet.store.read(outbox.entries)) == 3


def test_what_a_restored_office_received_again_is_young(cab: Cab) -> None:
    """G5: receipts from before the office was put back say nothing about the backups made since."""
    nothing = cab.office.backup()
    deliver(cab, 0)
    cab.engine.sync()
    pass_days(cab, 20)
    public_key = cab.office.disk.public_key
    cab.office.disk = nothing
    cab.office.disk.public_key = public_key
    cab.engine.sync()
    cab.office.safe_seq = 3
    cab.engine.sync()
    assert len(cab.tablet.store.read(outbox.entries)) == 3


def photos_held(cab: Cab) -> int:
    counted = "SELECT count(*) FROM attachment WHERE kind = 'photo'"
    return int(cab.tablet.store.read(lambda session: session.db.execute(counted).fetchone()[0]))


@pytest.mark.parametrize(
    ("backup_days", "days", "kept"),
    [(0, 60, 1), (1, 13, 1), (1, 16, 0), (-1, 60, 1)],
    ids=["no backup since", "too young", "held and old", "backup from before"],
)
def test_a_photo_is_let_go_by_its_own_reception(cab: Cab, backup_days: int, days: int, kept: int) -> None:
    """G5, G7: received weeks after its event, it waits for a backup of its own and for a fortnight of its own."""
    cab.connection = Metered()
    deliver(cab, 0, photo=b"late")
    arrive(cab.tablet, **cab.at(1), now=cab.now)
    cab.office.safe_seq = 4
    cab.engine.sync()
    pass_days(cab, 30)
    cab.engine.sync()
    assert len(cab.tablet.store.read(outbox.entries)) == 1
    cab.connection = Wired()
    cab.engine.sync()  # the photo goes up a month after its event
    cab.engine.sync()
    cab.office.safe_ms = cab.office.now_ms + backup_days * DAYS_MS if backup_days else 0
    pass_days(cab, days)
    cab.engine.sync()
    assert photos_held(cab) == kept
    deliver(cab, 1)
    assert cab.engine.sync().ending == "done"


def test_what_the_office_says_it_misses_is_offered_again(cab: Cab) -> None:
    """G5: asked once an hour; a file that was let go, or never was here, is left."""
    deliver(cab, 0, photo=b"jpeg")
    cab.engine.sync()
    (name, *_others) = (one.sha256 for one in cab.tablet.store.read(_attached))
    cab.office.missing = (name, "0" * 64)
    cab.office.disk.files.pop(name)
    pass_days(cab, 1)
    assert [cab.engine.sync().files.received for _ in range(2)] == [0, 1]
    cab.office.missing = ()
    assert cab.engine.sync().files.received == 0
    assert not cab.office.told.asks_missing  # less than an hour ago


def test_an_office_whose_clock_stood_ahead_is_asked_again(cab: Cab) -> None:
    """G5: asked once while the office's clock was a year ahead, a tablet does not wait that year."""
    pass_days(cab, 365)
    cab.engine.sync()
    assert cab.office.told.asks_missing
    cab.office.now_ms -= 365 * DAYS_MS
    cab.engine.sync()
    cab.engine.sync()
    assert cab.office.told.asks_missing
    cab.engine.sync()
    assert not cab.office.told.asks_missing, "and by that clock once an hour again"


def _attached(session: Session) -> tuple[attachments.Attachment, ...]:
    entries = outbox.entries(session)
    return tuple(one for entry in entries for one in attachments.of_event(session, entry.event_id))
