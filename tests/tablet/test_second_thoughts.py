"""A driver touches the wrong button, or thinks again, on the real screens."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from driver_app.store import drafts
from driver_app.store.drafts import StopDraft
from tests.factories.runs import make_run
from tests.factories.tablets import Cab
from tests.tablet.pilot import Pilot
from tests.tablet.screens import depart, driving

type Driving = tuple[Cab, Pilot]


@pytest.fixture
def road(tmp_path: Path) -> Iterator[Driving]:
    """A tablet whose driver has just left with two stops; cash is collected at the first."""
    with driving(tmp_path, make_run(stops=2)) as (cab, pilot):
        depart(pilot)
        yield cab, pilot


def draft_of(cab: Cab, position: int) -> StopDraft:
    """Return what was entered at a stop."""
    found = cab.tablet.store.read(lambda session: drafts.load(session, **cab.at(position)))
    assert found is not None
    return found


def test_delivered_after_all_is_signed(road: Driving) -> None:
    """R019: « closed », back, and the first touch of a line brings the count back: the proof asks for a signature."""
    cab, pilot = road
    pilot.tap("stop-2")
    pilot.tap("qty-1-minus")
    pilot.tap("failure")
    pilot.tap("failure-closed")
    assert pilot.shows("Terminer sans signature")
    pilot.tap("back")
    assert pilot.shows("Commerce fermé\u00a0»\u00a0: rien n’est livré")
    pilot.tap("qty-1-number")
    pilot.tap("pad-accept")
    assert draft_of(cab, 1).failure == "closed"
    pilot.tap("qty-1-plus")
    assert pilot.shows("Livré après tout")
    line = cab.stop(1).orders[0].goods.lines[0]
    assert draft_of(cab, 1).lines[line.line_id].delivered == line.quantity - 1
    pilot.app.hush()
    pilot.frames(2)
    pilot.tap("qty-1-plus")
    pilot.tap("go-on")
    assert not pilot.shows("Terminer sans signature")
    assert pilot.find("finish").disabled


def test_looking_at_the_failures_takes_nothing_away(road: Driving) -> None:
    """R019: back from « Refus ou absence », with a reason chosen or not, the count is as it was."""
    cab, pilot = road
    pilot.tap("stop-2")
    pilot.tap("qty-1-minus")
    before = draft_of(cab, 1)
    for choose in (False, True):
        pilot.tap("failure")
        if choose:
            pilot.tap("failure-closed")
            pilot.tap("back")
            pilot.tap("failure")
        pilot.tap("back")
        assert draft_of(cab, 1) == before


def test_the_number_pad_takes_what_it_shows(road: Driving) -> None:
    """R019, C29: accepted without typing, or erased again, a quantity or amount stays; a zero is typed."""
    cab, pilot = road
    pilot.tap("stop-1")
    before = draft_of(cab, 0)
    pilot.tap("qty-1-number")
    pilot.tap("pad-accept")
    assert draft_of(cab, 0) == before
    pilot.tap("qty-1-number")
    pilot.tap("key-7")
    pilot.tap("pad-erase")
    pilot.tap("pad-accept")
    assert draft_of(cab, 0) == before
    pilot.tap("payment")
    pilot.tap("amount-0")
    pilot.tap("pad-accept")
    assert draft_of(cab, 0).collections == ()
    pilot.tap("collect-0")
    taken = draft_of(cab, 0).collections
    pilot.tap("amount-0")
    pilot.tap("pad-accept")
    assert draft_of(cab, 0).collections == taken
    pilot.tap("amount-0")
    pilot.type_number(0)
    assert draft_of(cab, 0).collections == ()


def deliver(cab: Cab, pilot: Pilot, position: int) -> None:
    """Deliver a stop in full, with its cash, past the time in which it can be undone."""
    pilot.tap(f"stop-{position + 1}")
    pilot.tap("go-on")
    if pilot.app.root.current == "payment":
        pilot.tap("collect-0")
        pilot.tap("payment-done")
    pilot.tap("who-0")
    pilot.sign()
    pilot.tap("finish")
    cab.clock.advance(20_000)
    pilot.app.hush()
    pilot.frames(3)


def test_touching_a_finished_card_changes_nothing(road: Driving) -> None:
    """R025: the card shows what was signed; correcting is asked twice, and left as signed the run can still end."""
    cab, pilot = road
    for position in (0, 1):
        deliver(cab, pilot, position)
    tour, cash_cents = pilot.app.flow.show_tour(), pilot.app.flow.expected_cash_cents
    assert cash_cents > 0
    pilot.tap("stop-1")
    assert pilot.app.root.current == "signed"
    pilot.tap("correct")
    assert pilot.shows("Toucher encore")
    pilot.tap("back")
    assert pilot.app.flow.show_tour() == tour
    pilot.tap("stop-1")
    pilot.tap("correct")
    pilot.tap("correct")
    pilot.tap("qty-1-minus")
    assert pilot.shows("Vous corrigez une livraison signée")
    assert pilot.app.flow.expected_cash_cents == cash_cents
    pilot.tap("leave-signed")
    assert pilot.shows("reste comme elle a été signée")
    assert pilot.app.flow.show_tour() == tour
    assert tour.can_end


def test_what_the_office_has_is_shown_and_corrected_there(road: Driving) -> None:
    """Section 3: the screen of a finished stop follows the sync, and says who corrects it."""
    cab, pilot = road
    deliver(cab, pilot, 0)
    pilot.tap("stop-1")
    assert not pilot.find("correct").disabled
    cab.engine.sync()
    pilot.app.synced()
    assert pilot.find("correct").disabled
    assert pilot.shows("appelez le répartiteur")
