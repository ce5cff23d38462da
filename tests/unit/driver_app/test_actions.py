"""What a driver does, one action at a time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from driver_app.actions.arrive import arrive
from driver_app.actions.checking import PhotoMissing, ReasonMissing
from driver_app.actions.correct import CorrectionBelongsToOffice, TooLateToUndo, correct_stop, undo_finish
from driver_app.actions.counting import (
    NotAtThisStop,
    QuantityOutOfRange,
    StopNotOpen,
    add_photo,
    collect_cash,
    set_containers,
    set_delivered,
    set_reason,
)
from driver_app.actions.failure import close_stop, fail_stop, refuse_stop
from driver_app.actions.finish import finish_stop
from driver_app.actions.run import RunNotUnderWay, StopsRemain, end_run, start_run
from driver_app.actions.signing import SignatureMissing
from driver_app.actions.unlock import TooManyMisses, WrongNip, unlock
from driver_app.clock import Moment
from driver_app.statement import state
from driver_app.store import attachments, drafts, outbox
from driver_app.store.drafts import CollectionDraft, ContainerDraft
from driver_app.strokes import draw_signing
from driver_app.takings import expected_cash_cents
from shared.problems import Problem
from shared.sealing import public_bytes
from shared.sealing_event import open_event, visit_of
from shared.visit import read_visit
from shared.visit_facts import VisitFacts
from shared.wire.event import VisitFinished
from tests.factories.runs import KEG_OWNER, ident, make_run
from tests.factories.tablets import Cab, make_cab


@pytest.fixture
def cab(tmp_path: Path) -> Cab:
    """A tablet whose driver stands at the first stop."""
    return at_the_door(tmp_path)


def at_the_door(home: Path) -> Cab:
    """Return a tablet whose driver stands at the first stop."""
    cab = make_cab(home, make_run(stops=3))
    start_run(cab.tablet, run_id=cab.run.run_id, now=cab.now)
    arrive(cab.tablet, **cab.at(), now=cab.now)
    return cab


def finish(cab: Cab, position: int = 0, *, signed: bool = True) -> str:
    """Finish a stop with a signature, or without."""
    signing = draw_signing("Maïté Gagnon", "propriétaire") if signed else None
    return finish_stop(cab.tablet, **cab.at(position), signing=signing, language="fr", now=cab.now)


def sealed(cab: Cab) -> tuple[VisitFinished, VisitFacts]:
    """Return what the last event says, as a server reads it."""
    head = cab.tablet.store.read(outbox.head)
    event = cab.tablet.store.read(lambda session: outbox.load(session, head.seq))
    envelope = open_event(event, public_bytes(cab.tablet.key))
    return visit_of(envelope), read_visit(event.groups)


def line_id(cab: Cab, at: int = 0) -> str:
    """Return a line of the first stop's first order."""
    return cab.stop().orders[0].goods.lines[at].line_id


def test_a_stop_without_exception_is_sealed_complete(cab: Cab) -> None:
    """R025: one event holds the visit, signed, with the order's lines as leaves and the hash of what was shown."""
    finish(cab)
    visit, facts = sealed(cab)
    draft = cab.tablet.store.read(lambda session: drafts.load(session, **cab.at()))
    assert draft is not None
    assert facts.outcome == "complete"
    assert visit.screen_sha256 == state(cab.run, cab.stop(), draft, "fr").sha256
    assert [order.order_id for order in facts.orders] == [order.order_id for order in cab.stop().orders]
    assert facts.orders[0].leaf.shown == "invoice"
    assert facts.orders[1].leaf.shown_total_cents == 0


def test_a_shortage_needs_its_reason_and_photo_before_signing(cab: Cab) -> None:
    """R019, R021: delivered below ordered asks for a reason, and breakage for a photo."""
    set_delivered(cab.tablet, **cab.at(), line_id=line_id(cab), delivered=18)
    with pytest.raises(ReasonMissing):
        finish(cab)
    set_reason(cab.tablet, **cab.at(), line_id=line_id(cab), reason="breakage")
    with pytest.raises(PhotoMissing):
        finish(cab)
    add_photo(cab.tablet, **cab.at(), jpeg=b"jpeg", now=cab.now, line_id=line_id(cab))
    finish(cab)
    _visit, facts = sealed(cab)
    line = facts.orders[0].lines[0]
    assert (facts.outcome, line.delivered, line.lost, line.reason) == ("partial", 18, 2, "breakage")
    assert len(line.photos) == 1


def test_what_every_supplier_reads_tells_nothing_of_a_neighbours_order(tmp_path: Path) -> None:
    """M2, G10: all suppliers of a stop are shown the signed payload; only hashes of what is hidden from them differ."""
    read = []
    for missing in (0, 2):
        cab = at_the_door(tmp_path / str(missing))
        if missing:
            neighbour = cab.stop().orders[1].goods.lines[0]
            at = {**cab.at(), "line_id": neighbour.line_id}
            set_delivered(cab.tablet, **at, delivered=neighbour.quantity - missing)
            set_reason(cab.tablet, **at, reason="refused")
        finish(cab)
        visit, facts = sealed(cab)
        assert facts.orders[1].leaf.outcome == ("partial" if missing else "complete")
        mine = msgspec.structs.asdict(facts.orders[0].leaf)
        read.append((msgspec.structs.asdict(visit), {name: mine[name] for name in mine if name != "salt"}))
    (whole, of_whole), (short, of_short) = read
    assert of_whole == of_short
    assert {name for name in whole if whole[name] != short[name]} <= {"root", "screen_sha256"}


def test_changing_the_quantity_moves_what_is_missing_with_it(cab: Cab) -> None:
    """Quantities typed wrong: a second count replaces the first, and a full line has no reason."""
    set_delivered(cab.tablet, **cab.at(), line_id=line_id(cab), delivered=18)
    set_reason(cab.tablet, **cab.at(), line_id=line_id(cab), reason="refused")
    draft = set_delivered(cab.tablet, **cab.at(), line_id=line_id(cab), delivered=15)
    assert draft.lines[line_id(cab)].returned == 5
    draft = set_delivered(cab.tablet, **cab.at(), line_id=line_id(cab), delivered=20)
    assert draft.lines[line_id(cab)].reason == ""
    assert draft.lines[line_id(cab)].is_explained


def test_more_than_ordered_is_an_extra(cab: Cab) -> None:
    """R023: what goes beyond the order stands apart."""
    draft = set_delivered(cab.tablet, **cab.at(), line_id=line_id(cab), delivered=22)
    line = draft.lines[line_id(cab)]
    assert (line.delivered, line.extra, line.is_explained) == (20, 2, True)


@pytest.mark.parametrize(("fail", "outcome"), [(refuse_stop, "refused"), (close_stop, "failed")])
def test_nothing_delivered_returns_everything(cab: Cab, fail: Callable[..., object], outcome: str) -> None:
    """R019: refusal and closed shop end in the same family of proof, with everything back on the truck."""
    fail(cab.tablet, **cab.at())
    finish(cab, signed=False)
    visit, facts = sealed(cab)
    assert facts.outcome == outcome
    assert {(line.delivered, line.returned) for order in facts.orders for line in order.lines} == {
        (0, line.ordered) for order in facts.orders for line in order.lines
    } or all(line.delivered == 0 and line.returned == line.ordered for order in facts.orders for line in order.lines)
    assert visit.signature_sha256 == ""


def test_a_failure_can_be_taken_back(cab: Cab) -> None:
    """Wrong button: an empty failure puts everything back to delivered."""
    close_stop(cab.tablet, **cab.at())
    draft = fail_stop(cab.tablet, **cab.at(), failure="")
    assert all(line.delivered == line.ordered for line in draft.lines.values())


def test_empties_and_cash_are_leaves_of_their_owners(cab: Cab) -> None:
    """C29, C30: empties are listed by owner, cash by issuer and rounded to five cents (T7)."""
    issuer = cab.stop().collect[0].issuer_id
    kegs = ContainerDraft(container_class="keg_50l", owner_id=ident(KEG_OWNER), returned=2)
    set_containers(cab.tablet, **cab.at(), returned=[kegs])
    taken = CollectionDraft(issuer_id=issuer, method="cash", amount_cents=128_436)
    collect_cash(cab.tablet, **cab.at(), taken=taken)
    finish(cab)
    _, facts = sealed(cab)
    assert [(leaf.container_class, leaf.returned) for leaf in facts.containers] == [("keg_50l", 2)]
    assert [(leaf.amount_cents, leaf.rounding_cents) for leaf in facts.collections] == [(128_436, -1)]
    assert cab.tablet.store.read(lambda session: expected_cash_cents(session, cab.run.run_id)) == 128_435


def test_nobody_signs_for_nothing(cab: Cab) -> None:
    """R019: a delivery needs a name and a signature."""
    with pytest.raises(SignatureMissing):
        finish(cab, signed=False)


def test_undo_within_ten_seconds_leaves_no_trace(cab: Cab) -> None:
    """Wrong button and no undo: the event is gone, the draft is back, and the stop can be finished again."""
    before = cab.tablet.store.read(outbox.head)
    finish(cab)
    cab.clock.advance(9_000)
    undo_finish(cab.tablet, **cab.at(), now=cab.now)
    assert cab.tablet.store.read(outbox.head) == before
    assert cab.tablet.store.read(attachments.waiting) == ()
    finish(cab)
    assert cab.tablet.store.read(outbox.head).seq == before.seq + 1


def test_undo_comes_too_late_after_ten_seconds_or_behind_another_event(cab: Cab) -> None:
    """Only the end of the log, and only while it is held."""
    finish(cab)
    arrive(cab.tablet, **cab.at(1), now=cab.now)
    with pytest.raises(TooLateToUndo):
        undo_finish(cab.tablet, **cab.at(), now=cab.now)
    finish(cab, 1)
    cab.clock.advance(10_000)
    with pytest.raises(TooLateToUndo):
        undo_finish(cab.tablet, **cab.at(1), now=cab.now)


def test_a_clock_set_by_hand_does_not_end_the_undo(cab: Cab) -> None:
    """Clock changed by hand: the ten seconds run on the clock that nobody sets."""
    finish(cab)
    moved = Moment(cab.now.wall_ms + 3 * 24 * 3600 * 1000, cab.now.monotonic_ms + 5_000, cab.now.boot_id)
    undo_finish(cab.tablet, **cab.at(), now=moved)
    assert cab.tablet.store.read(outbox.head).seq == 2


def test_a_correction_is_a_second_event_that_names_the_first(cab: Cab) -> None:
    """Correction: the first event stays, the second says which one it replaces."""
    first = finish(cab)
    cab.clock.advance(60_000)
    correct_stop(cab.tablet, **cab.at())
    set_delivered(cab.tablet, **cab.at(), line_id=line_id(cab), delivered=19)
    set_reason(cab.tablet, **cab.at(), line_id=line_id(cab), reason="refused")
    finish(cab)
    visit, _ = sealed(cab)
    assert visit.corrects == first
    undo_finish(cab.tablet, **cab.at(), now=cab.now)
    finish(cab)
    assert sealed(cab)[0].corrects == first


def test_what_the_office_has_is_corrected_there(cab: Cab) -> None:
    """Section 3: the driver corrects a completed stop until it is synced."""
    finish(cab)
    cab.clock.advance(10_001)
    cab.engine.sync()
    with pytest.raises(CorrectionBelongsToOffice):
        correct_stop(cab.tablet, **cab.at())


def test_a_run_ends_when_every_stop_has(cab: Cab) -> None:
    """End of the run: no stop is forgotten, and coming back twice is once."""
    with pytest.raises(StopsRemain) as refusal:
        end_run(cab.tablet, run_id=cab.run.run_id, cash_counted_cents=0, now=cab.now)
    assert len(refusal.value.members["stops"]) == 3
    for position in range(3):
        arrive(cab.tablet, **cab.at(position), now=cab.now)
        finish(cab, position)
    for _ in range(2):
        end_run(cab.tablet, run_id=cab.run.run_id, cash_counted_cents=0, now=cab.now)
    assert [entry.type for entry in cab.tablet.store.read(outbox.entries)].count("run.returned") == 1


def test_what_is_entered_survives_a_restart(cab: Cab) -> None:
    """Draft lost when killed: each tap was durable."""
    draft = set_delivered(cab.tablet, **cab.at(), line_id=line_id(cab), delivered=7)
    cab.restart()
    assert cab.tablet.store.read(lambda session: drafts.load(session, **cab.at())) == draft


@pytest.mark.parametrize(
    ("act", "problem"),
    [
        (lambda cab: set_delivered(cab.tablet, **cab.at(), line_id=line_id(cab), delivered=-1), QuantityOutOfRange),
        (
            lambda cab: set_delivered(cab.tablet, **cab.at(), line_id=line_id(cab), delivered=100_001),
            QuantityOutOfRange,
        ),
        (lambda cab: set_delivered(cab.tablet, **cab.at(), line_id=ident("x"), delivered=1), NotAtThisStop),
        (lambda cab: set_delivered(cab.tablet, **cab.at(1), line_id=line_id(cab), delivered=1), StopNotOpen),
        (lambda cab: fail_stop(cab.tablet, **cab.at(), failure="weather"), NotAtThisStop),
        (lambda cab: set_reason(cab.tablet, **cab.at(), line_id=line_id(cab), reason="none_such"), NotAtThisStop),
    ],
)
def test_bad_input_is_refused_with_words_and_writes_nothing(
    cab: Cab, act: Callable[[Cab], object], problem: type[Problem]
) -> None:
    """Bad input: a clear problem in both languages; the draft is as it was."""
    read = lambda: cab.tablet.store.read(lambda session: drafts.load(session, **cab.at()))  # noqa: E731 - as it stands, twice
    before = read()
    with pytest.raises(problem) as refusal:
        act(cab)
    assert refusal.value.detail.fr != refusal.value.detail.en
    assert read() == before


def test_a_run_not_started_takes_no_arrival(tmp_path: Path) -> None:
    """A stop is opened on the road."""
    cab = make_cab(tmp_path)
    with pytest.raises(RunNotUnderWay):
        arrive(cab.tablet, **cab.at(), now=cab.now)


def test_the_nip_opens_offline_and_slows_down_guessing(tmp_path: Path) -> None:
    """NIP: right opens, wrong does not, and after five misses each try waits longer."""
    cab = make_cab(tmp_path)
    unlock(cab.tablet, nip="2468", now=cab.now)
    for _ in range(4):
        with pytest.raises(WrongNip):
            unlock(cab.tablet, nip="1111", now=cab.now)
    with pytest.raises(TooManyMisses):
        unlock(cab.tablet, nip="2468", now=cab.now)
    cab.clock.advance(30_001)
    unlock(cab.tablet, nip="2468", now=cab.now)
