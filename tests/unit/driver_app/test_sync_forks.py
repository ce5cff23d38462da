"""A tablet that the office does not recognise: forked, revoked, its log with a hole; nothing is lost, all is said."""

from __future__ import annotations

import pytest

from driver_app.actions.lay_aside import log_standing
from driver_app.store import outbox, settings
from tests.factories.protocol_peer import cut_once
from tests.factories.rounds import deliver, pill, states, waiting
from tests.factories.tablets import Cab


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


def test_an_unreadable_log_is_handed_in_again_to_an_office_that_was_put_back(cab: Cab) -> None:
    """G5, G6: each greeting of such a log forks in the same call, so that the standing says nothing of the copies."""
    deliver(cab, 0)
    deliver(cab, 1)
    before = cab.office.backup()
    cab.tablet.store.write(
        "contact", lambda session: session.db.execute("UPDATE event SET sealed = zeroblob(99) WHERE seq = 3")
    )
    cab.engine.sync()
    cab.office.disk = before
    assert cab.engine.sync().ending == "fork"
    assert [(one.from_seq, len(one.events)) for one in cab.office.disk.strays] == [(1, 2), (4, 2)]
    assert len(cab.office.disk.files) == 2, "their files, too"
    assert cab.engine.sync().ending == "fork"
    assert len(cab.office.disk.strays) == 2


@pytest.mark.parametrize("forks_in_snapshot", [True, False])
def test_an_office_put_back_between_greeting_and_push_is_found_out(
    cab: Cab, monkeypatch: pytest.MonkeyPatch, *, forks_in_snapshot: bool
) -> None:
    """G5, G6: a batch alone is kept, and the answer says that what was before it is not there any more."""
    monkeypatch.setattr(outbox, "MAX_EVENTS", 2)
    deliver(cab, 0)
    cab.engine.sync()
    cab.office.disk.hashes[-1] = "a" * 64
    cab.office.disk.is_forked = forks_in_snapshot
    before = cab.office.backup()
    deliver(cab, 1)
    cab.engine.sync()
    deliver(cab, 2)

    def roll_back(_method: str, path: str) -> None:
        if path.endswith("/push"):
            cab.office.disk, cab.office.before = before, lambda _method, _path: None

    cab.office.before = roll_back
    cab.engine.sync()
    assert not log_standing(cab.tablet).is_safe, "what is only here is said to be"
    cab.engine.sync()
    kept = {one.from_seq + at for one in cab.office.disk.strays for at in range(len(one.events))}
    assert kept >= {3, 4, 5, 6, 7}
    assert log_standing(cab.tablet).is_safe


def test_another_epoch_alone_sends_nothing_again(cab: Cab) -> None:
    """The office says what it holds: one that was restored to after the fork has the copies, and says so."""
    deliver(cab, 0)
    cab.engine.sync()
    cab.office.disk.hashes[-1] = "a" * 64
    deliver(cab, 1)
    cab.engine.sync()
    cab.office.epoch = "epoch-2"
    cab.office.calls.clear()
    assert cab.engine.sync().ending == "fork"
    assert not any(path.endswith("/push") for _method, path in cab.office.calls)
