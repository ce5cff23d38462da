"""The real screens, driven by a finger, beside an office in memory; the whole day is in `test_story`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from driver_app.store import drafts, outbox
from driver_app.store.settings import Preferences
from shared.sealing_event import open_event, visit_of
from shared.visit import read_visit
from shared.visit_facts import VisitFacts
from shared.wire.event import VisitFinished
from tests.factories.changed_runs import with_quantities
from tests.factories.runs import make_run
from tests.factories.tablets import Cab
from tests.tablet.pilot import Pilot
from tests.tablet.screens import depart, driving, unlock

type Driving = tuple[Cab, Pilot]


@pytest.fixture
def road(tmp_path: Path) -> Iterator[Driving]:
    """A tablet whose driver has just left with four stops."""
    with driving(tmp_path, make_run(stops=4)) as (cab, pilot):
        depart(pilot)
        yield cab, pilot


def sealed(cab: Cab) -> tuple[VisitFinished, VisitFacts]:
    """Return what the last event says."""
    head = cab.tablet.store.read(outbox.head)
    event = cab.tablet.store.read(lambda session: outbox.load(session, head.seq))
    return visit_of(open_event(event)), read_visit(event.groups)


def sign_and_finish(pilot: Pilot) -> None:
    """Choose the first recipient, sign, finish."""
    pilot.tap("who-0")
    pilot.sign()
    pilot.tap("finish")


def test_a_stop_without_exception_takes_four_taps_and_a_signature(road: Driving) -> None:
    """R019: card, all delivered, recipient, signature, finish: no fifth tap."""
    cab, pilot = road
    pilot.taps = 0
    pilot.tap("stop-2")
    assert pilot.shows("Tout livré · faire signer")
    pilot.tap("go-on")
    sign_and_finish(pilot)
    assert pilot.taps == 4
    assert pilot.app.root.current == "tour"
    visit, facts = sealed(cab)
    assert (facts.outcome, visit.signer_name) == ("complete", "Rachel Côté")
    assert pilot.shows("Sur cette tablette")


def test_the_signer_reads_what_is_missing_and_the_adjusted_total(road: Driving) -> None:
    """R016, R019: a short line shows its reason, and the invoice its adjusted total, before anyone signs."""
    cab, pilot = road
    pilot.tap("stop-1")
    before = pilot.find("total").text
    pilot.tap("qty-1-minus")
    pilot.tap("qty-1-minus")
    pilot.tap("go-on")
    assert pilot.app.root.current == "gaps"
    assert pilot.find("gaps-done").disabled
    pilot.tap("reason-0-breakage")
    pilot.tap("photo-0")
    pilot.tap("gaps-done")
    after = pilot.find("total").text
    assert after != before
    pilot.tap("payment")
    pilot.tap("payment-done")
    assert pilot.shows("18/20")
    assert pilot.shows("Bris")
    assert pilot.shows(after.removeprefix("Total\u00a0: "))
    sign_and_finish(pilot)
    _visit, facts = sealed(cab)
    assert facts.outcome == "partial"
    assert facts.orders[0].lines[0].lost == 2
    assert len(facts.orders[0].lines[0].photos) == 1


def test_a_quantity_is_typed_on_the_number_pad(road: Driving) -> None:
    """R023: more than ordered is an extra; the number is typed, not counted up."""
    cab, pilot = road
    pilot.tap("stop-2")
    pilot.tap("qty-1-number")
    pilot.type_number(25)
    assert pilot.shows("5 en plus")
    pilot.tap("go-on")
    assert pilot.shows("Commande supplémentaire")
    sign_and_finish(pilot)
    assert sealed(cab)[1].orders[0].lines[0].extra == 5


def test_a_touch_right_after_the_number_pad_is_not_lost(road: Driving) -> None:
    """R019: the pad is gone in the frame that accepts its number, so that a quick driver's next touch counts."""
    _, pilot = road
    pilot.tap("stop-2")
    pilot.tap("qty-1-number")
    pilot.tap("key-9")
    dialog = pilot.find("pad-accept").get_parent_window().children[0]
    pilot.lift(pilot.touch("pad-accept"))
    assert dialog not in pilot.window.children
    pilot.tap("go-on")
    assert pilot.app.root.current == "gaps"


@pytest.mark.parametrize(("failure", "outcome"), [("refused", "refused"), ("closed", "failed")])
def test_nothing_delivered_ends_without_signature(road: Driving, failure: str, outcome: str) -> None:
    """R019: refusal and closed shop, three taps and finish."""
    cab, pilot = road
    pilot.tap("stop-2")
    pilot.tap("failure")
    pilot.tap(f"failure-{failure}")
    assert pilot.shows("Terminer sans signature")
    pilot.tap("finish")
    visit, facts = sealed(cab)
    assert (facts.outcome, visit.failure, visit.signature_sha256) == (outcome, failure, "")
    assert all(line.delivered == 0 for order in facts.orders for line in order.lines)


def test_empties_and_cash_stand_on_the_proof(road: Driving) -> None:
    """C29, C30: what is taken back and paid is read by the signer and sealed."""
    cab, pilot = road
    pilot.tap("stop-1")
    pilot.tap("empties")
    for _ in range(2):
        pilot.tap("empty-0-plus")
    pilot.tap("containers-done")
    pilot.tap("go-on")
    pilot.tap("collect-0")
    assert pilot.shows("1 284,35 $")
    pilot.tap("payment-done")
    assert pilot.shows("2 × 50,00 $")
    sign_and_finish(pilot)
    _, facts = sealed(cab)
    assert facts.containers[0].returned == 2
    assert facts.collections[0].rounding_cents == -1


def test_an_amount_is_typed_in_cents(road: Driving) -> None:
    """C29: the driver types what was handed over, when it is not all."""
    cab, pilot = road
    pilot.tap("stop-1")
    pilot.tap("payment")
    pilot.tap("amount-0")
    pilot.type_number("100000")
    pilot.tap("payment-done")
    sign_and_finish(pilot)
    assert sealed(cab)[1].collections[0].amount_cents == 100_000


def test_nobody_finishes_without_name_and_signature(road: Driving) -> None:
    """A signature is valid by its ink: a dot is none, and a name is needed."""
    _, pilot = road
    pilot.tap("stop-2")
    pilot.tap("go-on")
    assert pilot.find("finish").disabled
    pad = pilot.find("pad")
    x, y = pad.to_window(*pad.center)
    pilot.drag([(x, y), (x + 3, y), (x + 5, y)])
    pilot.tap("who-0")
    assert pilot.find("finish").disabled
    pilot.sign()
    assert not pilot.find("finish").disabled
    pilot.tap("erase")
    assert pilot.find("finish").disabled


def test_a_signature_keeps_every_point(road: Driving) -> None:
    """Signature points lost: none, even when a frame takes several moves."""
    _, pilot = road
    pilot.tap("stop-2")
    pilot.tap("go-on")
    pad = pilot.find("pad")
    left, bottom = pad.to_window(pad.x, pad.y)
    pilot.drag([(left + 20 + 4 * at, bottom + 100 + at % 7) for at in range(120)], per_frame=40)
    assert sum(len(stroke) for stroke in pad.drawing.strokes) == 120


def test_another_name_is_typed_on_the_apps_own_keyboard(road: Driving) -> None:
    """The keyboard loses and doubles no letter."""
    cab, pilot = road
    pilot.tap("stop-2")
    pilot.tap("go-on")
    pilot.tap("who-other")
    for key in ("Z", "O", "É", "space", "R", "O", "Y"):
        pilot.tap(f"key-{key}")
    pilot.tap("name-done")
    pilot.sign()
    pilot.tap("finish")
    assert sealed(cab)[0].signer_name == "Zoé Roy"


def test_a_finish_is_undone_by_one_touch(road: Driving) -> None:
    """Wrong button and no undo: ten seconds to take it back, then the offer is gone."""
    cab, pilot = road
    pilot.tap("stop-2")
    pilot.tap("go-on")
    sign_and_finish(pilot)
    sealed_at = cab.tablet.store.read(outbox.head).seq
    pilot.tap("snack-action")
    assert pilot.app.root.current == "stop"
    assert cab.tablet.store.read(outbox.head).seq == sealed_at - 1
    pilot.tap("go-on")
    sign_and_finish(pilot)
    assert sealed(cab)[1].outcome == "complete"


def test_a_stop_that_changes_while_it_is_signed_is_shown_and_signed_anew(road: Driving) -> None:
    """What is signed is what is billed: the office sends another quantity, and the driver is told before the seal."""
    cab, pilot = road
    pilot.tap("stop-2")
    pilot.tap("go-on")
    pilot.tap("who-0")
    pilot.sign()
    line = cab.run.stops[1].orders[0].goods.lines[0]
    cab.office.runs = (with_quantities(cab.run, 1, {0: line.quantity + 1}, version=2),)
    assert cab.engine.pull().runs == 1
    pilot.tap("finish")
    assert pilot.app.root.current == "stop"
    assert pilot.shows("Le bureau a changé cet arrêt")
    pilot.tap("qty-1-plus")
    pilot.tap("go-on")
    assert pilot.find("finish").disabled
    sign_and_finish(pilot)
    assert sealed(cab)[1].orders[0].lines[0].delivered == line.quantity + 1


def test_the_signature_goes_to_the_stop_on_screen(road: Driving) -> None:
    """Signature on the wrong stop: going back and opening another starts an empty pad for that one."""
    cab, pilot = road
    pilot.tap("stop-1")
    pilot.tap("payment")
    pilot.tap("payment-done")
    pilot.tap("who-0")
    pilot.sign()
    pilot.tap("back")
    pilot.tap("back")
    pilot.tap("stop-2")
    pilot.tap("go-on")
    assert pilot.find("finish").disabled
    sign_and_finish(pilot)
    head = cab.tablet.store.read(outbox.entries)[-1]
    assert head.stop_id == cab.stop(1).stop_id


def test_the_app_is_closed_in_the_middle_of_a_count(tmp_path: Path) -> None:
    """Draft lost when killed or when the camera opened: the screen is as it was left."""
    with driving(tmp_path, make_run(stops=4)) as (cab, pilot):
        depart(pilot)
        pilot.tap("stop-2")
        pilot.tap("qty-1-number")
        pilot.type_number(7)
        pilot.tap("photo")
        at = cab.at(1)
    cab.restart()
    found = cab.tablet.store.read(lambda session: drafts.load(session, **at))
    cab.tablet.store.close()
    assert found is not None
    assert next(iter(found.lines.values())).delivered == 7
    assert len(found.photos) == 1


def test_a_wrong_nip_is_told_and_opens_nothing(tmp_path: Path) -> None:
    """NIP: another code stays outside."""
    with driving(tmp_path) as (_, pilot):
        for _ in range(4):
            pilot.tap("key-1")
        pilot.tap("pad-accept")
        assert pilot.app.root.current == "unlock"
        assert pilot.shows("pas le bon NIP")


def test_the_left_handed_find_the_main_button_at_the_left(tmp_path: Path) -> None:
    """Setting « gaucher »: the foot of each screen is mirrored."""
    with driving(tmp_path, preferences=Preferences(left_handed=True)) as (_, pilot):
        unlock(pilot)
        start, helped = pilot.find("start"), pilot.find("help")
        assert start.x < helped.x


def test_english_is_complete(tmp_path: Path) -> None:
    """Language: one touch changes every word on the screen."""
    with driving(tmp_path) as (_, pilot):
        unlock(pilot)
        pilot.tap("help")
        pilot.tap("language")
        words: list[Any] = [pilot.shows(text) for text in ("Help and diagnostic", "Sealed log", "Offline")]
        assert all(words)
        assert not pilot.shows("Aide")


def test_a_tablet_without_run_says_what_to_do(tmp_path: Path) -> None:
    """No page without an empty state."""
    with driving(tmp_path) as (cab, pilot):
        cab.office.gone, cab.office.runs = (cab.run.run_id,), ()
        cab.engine.pull()
        unlock(pilot)
        assert pilot.shows("Aucune tournée sur cette tablette")
