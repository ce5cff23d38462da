"""A tablet's round with the office: what goes up in which order, through cuts and refusals."""

from __future__ import annotations

import hashlib

import msgspec
import pytest

from driver_app.actions.arrive import arrive
from driver_app.actions.correct import undo_finish
from driver_app.actions.finish import finish_stop
from driver_app.store import attachments, bundles
from driver_app.strokes import draw_signing
from driver_app.sync.transport import Answer
from driver_app.sync.uploads import UploadCount
from tests.factories.protocol_peer import cut_once
from tests.factories.rounds import Metered, deliver, pill, states, waiting
from tests.factories.tablets import Cab


def test_a_round_sends_signatures_then_events_then_photos_and_keeps_the_receipt(cab: Cab) -> None:
    """R025, G2: signatures go before the events that name them, photos behind everything; a receipt ticks both."""
    deliver(cab, 0, photo=b"jpeg")
    cab.office.calls.clear()
    ended = cab.engine.sync()
    paths = [path for _, path in cab.office.calls]
    assert (ended.ending, ended.events, ended.files.received) == ("done", 3, 3)
    photo = hashlib.sha256(b"jpeg").hexdigest()
    files = [at for at, path in enumerate(paths) if "attachments" in path and photo not in path]
    photos = [at for at, path in enumerate(paths) if photo in path]
    pulled = next(at for at, path in enumerate(paths) if "pull" in path)
    assert max(files) < paths.index("/api/v1/sync/push") < pulled < min(photos)
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


def test_a_finish_taken_back_during_an_upload_holds_nothing_up(cab: Cab) -> None:
    """G2, G7: a signature that was listed and is gone is not sent; the events before it go in the same round."""
    arrive(cab.tablet, **cab.at(0), now=cab.now)
    signing = draw_signing("Éloïse Gagné", "gérante")
    finish_stop(cab.tablet, **cab.at(0), signing=signing, language="fr", now=cab.now)

    def undo(method: str, _path: str) -> None:
        if method == "HEAD":
            cab.office.before = lambda method, path: None
            undo_finish(cab.tablet, **cab.at(0), now=cab.now)

    cab.office.before = undo
    ended = cab.engine.sync()
    assert (ended.ending, ended.events, ended.files) == ("done", 2, UploadCount(received=1))
    assert waiting(cab) == (0, 0)


def test_a_shorter_answer_means_send_the_rest(cab: Cab) -> None:
    """Protocol, 2: an office that takes a part of a batch is gone on with from where it is, in the same round."""
    deliver(cab, 0)
    cab.office.takes_at_most = 2
    cab.office.calls.clear()
    assert cab.engine.sync().events == 3
    assert sum("push" in path for _method, path in cab.office.calls) == 2
    assert [event.seq for event in cab.office.disk.events] == [1, 2, 3]


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


@pytest.mark.parametrize(("status", "call"), [(507, "PATCH"), (429, "PATCH"), (429, "HEAD")])
def test_events_go_on_while_the_office_wants_no_files(cab: Cab, status: int, call: str) -> None:
    """G2, G7: a full store, or too many calls a minute, keeps the files waiting, not what was signed; they follow."""
    deliver(cab, 0)
    words = b"" if call == "HEAD" else b'{"detail":"full","details":{"fr":"plein","en":"full"}}'
    later = Answer(status, words, {"retry-after": "30"})
    cab.office.refuse = lambda method, path: later if method == call else None
    ended = cab.engine.sync()
    assert (ended.ending, ended.retry_after_s) == ("busy", 30.0)
    assert waiting(cab)[0] == 0 < waiting(cab)[1]
    cab.office.refuse = lambda method, path: None
    assert cab.engine.sync().ending == "done"
    assert waiting(cab) == (0, 0)


def test_a_link_that_breaks_on_a_photo_has_let_everything_else_through(cab: Cab) -> None:
    """G2, G7: events, signatures and the day's changes do not wait for a photo that never gets through."""
    deliver(cab, 0, photo=b"jpeg" * 50_000)
    photo = hashlib.sha256(b"jpeg" * 50_000).hexdigest()
    cab.office.before = cut_once(photo)
    cab.office.runs = (msgspec.structs.replace(cab.run, version=2),)
    assert cab.engine.sync().ending == "offline"
    assert waiting(cab) == (0, 1)
    assert cab.tablet.store.read(bundles.current)[0].version == 2
    assert (cab.engine.sync().ending, waiting(cab)) == ("done", (0, 0))


@pytest.mark.parametrize("kind", ["photo", "signature"])
def test_a_file_that_does_not_open_any_more_holds_nothing_up_and_is_told(cab: Cab, kind: str) -> None:
    """G2, G7: bytes that rotted on the flash cost that file alone; the driver reads that the office is to be called."""
    deliver(cab, 0, photo=b"jpeg")
    damage = f"UPDATE attachment SET body = zeroblob(length(body)) WHERE kind = '{kind}'"
    cab.tablet.store.write("standing", lambda session: session.db.execute(damage))
    for _again in range(2):
        deliver(cab, 1 + _again)
        assert (cab.engine.sync().ending, waiting(cab)) == ("done", (0, 1))
    assert "1 fichier illisible ou refusé" in pill(cab)[1]
    assert "1 file unreadable or refused" in pill(cab, "en")[1]
