"""The tablet's side of the protocol, against an office that can be cut, restored, forked and refused."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from driver_app.actions.arrive import FinishedElsewhere, arrive
from driver_app.actions.correct import CorrectionBelongsToOffice, correct_stop, undo_finish
from driver_app.actions.counting import add_photo
from driver_app.actions.finish import finish_stop
from driver_app.actions.run import end_run, start_run
from driver_app.platform.desktop import Wired
from driver_app.store import attachments, bundles, drafts, outbox, settings
from driver_app.store import states as progress
from driver_app.store.database import Session
from driver_app.strokes import draw_signing
from driver_app.sync.engine import backlog
from driver_app.sync.transport import Answer
from driver_app.viewmodels.sync import present_sync
from shared.wire.bundle import RunStanding, StopDone
from tests.factories.protocol_peer import cut_once
from tests.factories.runs import make_run
from tests.factories.tablets import Cab, make_cab

DAYS_MS = 24 * 3600 * 1000


class Metered:
    """A network that costs money."""

    is_metered = True


@pytest.fixture
def cab(tmp_path: Path) -> Cab:
    """A tablet under way."""
    cab = make_cab(tmp_path, make_run(stops=4))
    start_run(cab.tablet, run_id=cab.run.run_id, now=cab.now)
    return cab


def deliver(cab: Cab, position: int, *, photo: bytes = b"") -> None:
    """Deliver one stop in full; its event may leave the tablet at once."""
    arrive(cab.tablet, **cab.at(position), now=cab.now)
    if photo:
        add_photo(cab.tablet, **cab.at(position), jpeg=photo, now=cab.now)
    signing = draw_signing("Éloïse Gagné", "gérante")
    finish_stop(cab.tablet, **cab.at(position), signing=signing, language="fr", now=cab.now)
    cab.clock.advance(10_001)


def waiting(cab: Cab) -> tuple[int, int]:
    """Return how many events and files the office has not confirmed."""
    left = cab.tablet.store.read(backlog)
    return left.events, left.files


def states(cab: Cab) -> list[str]:
    """Return the log's states in order."""
    return [entry.state for entry in cab.tablet.store.read(outbox.entries)]


def test_a_round_sends_files_then_events_and_keeps_the_receipt(cab: Cab) -> None:
    """R025: attachments go before the events that name them; a receipt ticks both."""
    deliver(cab, 0, photo=b"jpeg")
    cab.office.calls.clear()
    ended = cab.engine.sync()
    paths = [path for _, path in cab.office.calls]
    assert (ended.ending, ended.events, ended.files.received) == ("done", 3, 3)
    assert max(at for at, path in enumerate(paths) if "attachments" in path) < paths.index("/api/v1/sync/push")
    assert states(cab) == ["received"] * 3
    assert waiting(cab) == (0, 0)


def test_sending_again_changes_nothing(cab: Cab) -> None:
    """R025: a second round finds nothing to send."""
    deliver(cab, 0)
    cab.engine.sync()
    before = cab.office.backup()
    assert cab.engine.sync().events == 0
    assert cab.office.disk == before


@pytest.mark.parametrize("where", ["hello", "attachments", "push", "pull", "token", "challenge"])
@pytest.mark.parametrize("lost", ["request", "answer"])
def test_a_cut_anywhere_loses_and_doubles_nothing(cab: Cab, where: str, lost: str) -> None:
    """R025: whether the request or its answer is lost, the next round ends the same."""
    deliver(cab, 0, photo=b"jpeg" * 50_000)
    setattr(cab.office, "before" if lost == "request" else "after", cut_once(where))
    assert cab.engine.sync().ending == "offline"
    assert cab.engine.sync().ending == "done"
    assert [event.seq for event in cab.office.disk.events] == [1, 2, 3]
    assert waiting(cab) == (0, 0)


def test_a_cut_upload_goes_on_where_it_was(cab: Cab) -> None:
    """A cut costs at most one chunk: the next round starts at the office's offset."""
    deliver(cab, 0, photo=bytes(range(256)) * 2000)
    cab.office.before = cut_once("attachments", skip=8)
    cab.engine.sync()
    (held,) = cab.office.disk.partial.values()
    assert 0 < len(held) < 512_000
    cab.office.calls.clear()
    cab.engine.sync()
    patches = [path for method, path in cab.office.calls if method == "PATCH"]
    assert len(patches) == -(-(512_000 - len(held)) // (128 * 1024))


def test_a_file_that_the_office_refuses_holds_nothing_up(cab: Cab) -> None:
    """Sync stuck behind one bad item: the events and the other files go on, the refused file stays."""
    deliver(cab, 0, photo=b"bad")
    bad = next(item for item in cab.tablet.store.read(attachments.waiting) if item.kind == "photo")
    refusal = lambda method, path: Answer(415, b"{}") if bad.sha256 in path else None  # noqa: E731 - one answer, in one line
    cab.office.refuse = refusal
    ended = cab.engine.sync()
    assert (ended.ending, ended.events, ended.files.received, ended.files.refused) == ("done", 3, 2, 1)
    assert waiting(cab) == (0, 1)


def test_photos_wait_for_wifi_when_the_network_costs(cab: Cab) -> None:
    """Photos wait on a metered network; signatures and events do not."""
    deliver(cab, 0, photo=b"jpeg")
    cab.connection = Metered()
    ended = cab.engine.sync()
    assert (ended.events, ended.files.received, waiting(cab)) == (3, 2, (0, 1))


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


def test_another_history_is_a_fork_and_everything_stays(cab: Cab) -> None:
    """A cloned tablet: the tablet keeps all, ticks nothing as received, and says so until a person decided."""
    deliver(cab, 0)
    cab.engine.sync()
    deliver(cab, 1)
    cab.office.disk.hashes[-1] = "a" * 64
    assert cab.engine.sync().ending == "fork"
    assert cab.tablet.store.read(settings.position).standing == "fork"
    assert len(cab.office.disk.events) == 3
    assert states(cab) == ["received", "received", "received", "sent", "sent"]


def test_a_receipt_of_another_key_ticks_nothing(cab: Cab) -> None:
    """G2: only the office's signed word counts as received."""
    deliver(cab, 0)
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    true_key, cab.office.key = cab.office.key, Ed25519PrivateKey.generate()
    ended = cab.engine.sync()
    assert ended.problem is not None
    assert ended.problem.slug == "receipt-refused"
    assert states(cab) == ["sent"] * 3
    cab.office.key = true_key
    assert cab.engine.sync().ending == "done"
    assert states(cab) == ["received"] * 3


@pytest.mark.parametrize(
    ("status", "ending"),
    [
        (401, "unauthorized"),
        (403, "refused"),
        (426, "outdated"),
        (429, "busy"),
        (500, "busy"),
        (503, "busy"),
        (422, "failed"),
    ],
)
def test_whatever_the_office_refuses_the_queue_stays(cab: Cab, status: int, ending: str) -> None:
    """Logged out by a flaky network: no status ever empties the queue or logs the driver out."""
    deliver(cab, 0)
    cab.office.refuse = lambda method, path: Answer(status, b"", {"retry-after": "7"}) if "/sync/" in path else None
    ended = cab.engine.sync()
    assert (ended.ending, ended.retry_after_s) == (ending, 7.0)
    assert waiting(cab) == (3, 2)
    cab.office.refuse = lambda method, path: None
    assert cab.engine.sync().ending == "done"
    assert waiting(cab) == (0, 0)


def test_an_expired_token_is_renewed_within_the_round(cab: Cab) -> None:
    """A token of 15 minutes that ran out is no reason to stop."""
    engine = cab.engine
    engine.sync()
    cab.office.tokens.clear()
    deliver(cab, 0)
    assert engine.sync().ending == "done"


def test_a_new_version_replaces_a_run_and_drafts_survive(cab: Cab) -> None:
    """A run re-published while it is driven: what was entered stays."""
    draft = arrive(cab.tablet, **cab.at(0), now=cab.now)
    cab.office.runs = (make_run(stops=4, version=2),)
    assert cab.engine.pull().runs == 1
    run_id = cab.run.run_id
    assert cab.tablet.store.read(lambda session: bundles.load(session, run_id)).version == 2
    assert arrive(cab.tablet, **cab.at(0), now=cab.now) == draft


def test_a_run_under_way_stays_when_the_office_withdraws_it(cab: Cab) -> None:
    """A withdrawn run disappears from the list, unless the truck is out with it."""
    other = make_run(name="MTL-08", version=2)
    cab.office.runs = (*cab.office.runs, other)
    cab.engine.pull()
    cab.office.gone = (other.run_id, cab.run.run_id)
    cab.office.runs = (make_run(name="MTL-09", version=4),)
    cab.engine.pull()
    assert [run.name for run in cab.tablet.store.read(bundles.current)] == ["MTL-07", "MTL-09"]


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


def pass_days(cab: Cab, days: int) -> None:
    cab.clock.advance(days * DAYS_MS)
    cab.office.now_ms += days * DAYS_MS


def test_a_held_event_waits_and_those_behind_it(cab: Cab) -> None:
    """Wrong button and no undo: what may still be taken back does not leave the tablet."""
    arrive(cab.tablet, **cab.at(0), now=cab.now)
    signing = draw_signing("Éloïse Gagné", "gérante")
    finish_stop(cab.tablet, **cab.at(0), signing=signing, language="fr", now=cab.now)
    arrive(cab.tablet, **cab.at(1), now=cab.now)
    assert cab.engine.sync().events == 2
    assert waiting(cab)[0] == 2
    cab.clock.advance(10_001)
    assert cab.engine.sync().events == 2


def pill(cab: Cab, language: str = "fr") -> tuple[str, str]:
    """Return what the screens say of the sync."""
    view = present_sync(cab.tablet.store.read(backlog), is_online=True, language=language)
    return view.text, view.notice


def test_a_revoked_tablet_hands_in_all_and_says_who_decides(cab: Cab) -> None:
    """Protocol, 10: nothing comes down any more, everything goes up, and the screen is honest about it."""
    deliver(cab, 0)
    cab.office.revoked = True
    cab.office.takes_at_most = 1
    cab.office.before = cut_once("push", skip=1)
    assert cab.engine.sync().ending == "offline"
    assert pill(cab)[0] == "Tablette révoquée"
    assert "ce qui reste s’envoie encore" in pill(cab)[1]
    cab.office.calls.clear()
    ended = cab.engine.sync()
    assert (ended.ending, waiting(cab)) == ("revoked", (0, 0))
    assert not any("pull" in path or "files" in path for _method, path in cab.office.calls)
    assert pill(cab)[1] == "Tablette révoquée\u00a0: vos livraisons sont au bureau, un répartiteur décide."
    assert pill(cab, "en")[1] == "Tablet revoked: your deliveries are at the office, a dispatcher decides."


def test_a_shorter_answer_means_send_the_rest(cab: Cab) -> None:
    """Protocol, 2: an office that takes a part of a batch is gone on with from where it is, in the same round."""
    deliver(cab, 0)
    cab.office.takes_at_most = 2
    cab.office.calls.clear()
    assert cab.engine.sync().events == 3
    assert sum("push" in path for _method, path in cab.office.calls) == 2
    assert [event.seq for event in cab.office.disk.events] == [1, 2, 3]


def test_a_forked_tablet_hands_in_a_copy_of_its_log_once(cab: Cab) -> None:
    """G6: the office keeps the other branch as evidence; what it kept is not sent again, what it could not is."""
    deliver(cab, 0)
    cab.engine.sync()
    cab.office.disk.hashes[-1] = "a" * 64
    deliver(cab, 1)
    assert cab.engine.sync().ending == "fork"
    (stray,) = cab.office.disk.strays
    assert (stray.from_seq, len(stray.events)) == (1, 5)
    assert states(cab) == ["received"] * 3 + ["sent"] * 2
    assert len(cab.office.disk.files) == 2, "the strokes and their picture, drawn alike"
    assert cab.engine.sync().ending == "fork"
    assert len(cab.office.disk.strays) == 1
    cab.office.room_for_strays = 1
    deliver(cab, 2)
    cab.engine.sync()
    assert cab.tablet.store.read(settings.position).strays_seq == 5
    cab.office.room_for_strays = 2
    cab.engine.sync()
    assert (cab.office.disk.strays[1].from_seq, len(cab.office.disk.strays[1].events)) == (6, 2)
    assert "appelez le répartiteur" in pill(cab)[1]


def test_a_hole_in_the_log_is_told_and_the_rest_is_handed_in(cab: Cab) -> None:
    """G6: flash that lost an event stops the chain, not the evidence: the office gets what still opens."""
    deliver(cab, 0)
    deliver(cab, 1)
    cab.tablet.store.write(
        "contact", lambda session: session.db.execute("UPDATE event SET sealed = zeroblob(99) WHERE seq = 3")
    )
    assert cab.engine.sync().ending == "fork"
    assert cab.office.told is not None
    assert (cab.office.told.broken_at, cab.office.told.head) == (3, 5)
    assert [(one.from_seq, len(one.events)) for one in cab.office.disk.strays] == [(1, 2), (4, 2)]
    assert len(states(cab)) == 5


def test_the_head_that_is_told_can_no_longer_be_taken_back(cab: Cab) -> None:
    """M4: the office waits for what is told; a finish that may still be undone is not."""
    arrive(cab.tablet, **cab.at(0), now=cab.now)
    signing = draw_signing("Éloïse Gagné", "gérante")
    finish_stop(cab.tablet, **cab.at(0), signing=signing, language="fr", now=cab.now)
    cab.engine.send()
    assert cab.office.told is not None
    assert cab.office.told.head == 2
    undo_finish(cab.tablet, **cab.at(0), now=cab.now)
    finish_stop(cab.tablet, **cab.at(0), signing=signing, language="fr", now=cab.now)
    cab.clock.advance(10_001)
    cab.engine.send()
    assert cab.office.told.head == 3


def test_a_new_tablet_takes_a_run_over(tmp_path: Path) -> None:
    """Replaced tablets: departed, and the stops that are done are known, so that nobody delivers them twice."""
    cab = make_cab(tmp_path, make_run(stops=3))
    done = tuple(
        StopDone(stop_id=cab.stop(at).stop_id, outcome=outcome, finished_ms=cab.now.wall_ms)
        for at, outcome in ((0, "partial"), (1, "failed"))
    )
    cab.office.elsewhere = (RunStanding(run_id=cab.run.run_id, departed_ms=cab.now.wall_ms, stops=done),)
    for _again in range(2):
        assert cab.engine.pull().ending == "done"
    run_id = cab.run.run_id
    assert cab.tablet.store.read(lambda session: progress.run_progress(session, run_id)).is_under_way
    with pytest.raises(FinishedElsewhere):
        arrive(cab.tablet, **cab.at(0), now=cab.now)
    with pytest.raises(CorrectionBelongsToOffice):
        correct_stop(cab.tablet, **cab.at(1))
    deliver(cab, 2)
    end_run(cab.tablet, run_id=run_id, cash_counted_cents=0, now=cab.now)
    cab.clock.advance(10_001)
    assert cab.engine.sync().events == 3
    assert [event.type for event in cab.office.disk.events] == ["stop.arrived", "visit.finished", "run.returned"]


def test_what_was_begun_or_finished_here_stays_when_the_run_changes(cab: Cab) -> None:
    """A dispatcher changing a run while its driver is offline: drafts, finished stops and the log survive."""
    deliver(cab, 0)
    draft = arrive(cab.tablet, **cab.at(1), now=cab.now)
    moved = tuple(reversed(cab.run.stops))
    cab.office.runs = (msgspec.structs.replace(make_run(stops=4, version=2), stops=moved),)
    at_stop = {one.place.name: {"run_id": cab.run.run_id, "stop_id": one.stop_id} for one in moved}
    done = [StopDone(stop_id=one.stop_id, outcome="complete", finished_ms=1) for one in moved]
    cab.office.elsewhere = (RunStanding(run_id=cab.run.run_id, departed_ms=1, stops=tuple(done)),)
    assert cab.engine.sync().ending == "done"
    stops = cab.tablet.store.read(lambda session: progress.stops_of(session, cab.run.run_id))
    names = {one.stop_id: one.place.name for one in moved}
    assert len(at_stop) == 4
    own = {names[stop_id]: one.elsewhere for stop_id, one in stops.items()}
    assert sorted(own.values()) == [False, False, True, True]
    begun = {"run_id": cab.run.run_id, "stop_id": draft.stop_id}
    assert cab.tablet.store.read(lambda session: drafts.load(session, **begun)) == draft
    assert not stops[draft.stop_id].is_finished
    finish_stop(cab.tablet, **begun, signing=draw_signing("Éloïse Gagné", ""), language="fr", now=cab.now)
    cab.clock.advance(10_001)
    cab.engine.sync()
    assert [event.plan_version for event in cab.office.disk.events] == [1, 1, 1, 1, 2]


def test_events_go_on_while_the_office_has_no_room_for_files(cab: Cab) -> None:
    """G2, G7: a full store keeps the files waiting on the tablet, not what was signed; with room they follow."""
    deliver(cab, 0)
    full = Answer(507, b'{"detail":"full","details":{"fr":"plein","en":"full"}}', {"retry-after": "30"})
    cab.office.refuse = lambda method, path: full if method == "PATCH" else None
    ended = cab.engine.sync()
    assert (ended.ending, ended.retry_after_s) == ("busy", 30.0)
    assert waiting(cab)[0] == 0 < waiting(cab)[1]
    cab.office.refuse = lambda method, path: None
    assert cab.engine.sync().ending == "done"
    assert waiting(cab) == (0, 0)


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


def _attached(session: Session) -> tuple[attachments.Attachment, ...]:
    entries = outbox.entries(session)
    return tuple(one for entry in entries for one in attachments.of_event(session, entry.event_id))
