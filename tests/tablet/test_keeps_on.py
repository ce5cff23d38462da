"""The real screens: what cannot be shown is said in words, and the app goes on."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from kivy.base import ExceptionManager

from shared.problems import Text
from tests.factories.changed_runs import with_other_price, without_stop
from tests.factories.runs import make_run
from tests.tablet.screens import depart, driving

from driver_app.ui.app import KeepsOn  # isort: skip - the pilot sets Kivy up before


def test_an_office_restored_to_before_an_open_stop_leaves_the_driver_at_the_door(tmp_path: Path) -> None:
    """G3, ADR 0050: the stop that the office forgot stays on screen with its count, and is signed."""
    run = make_run(stops=3)
    before, after = without_stop(run, 1, version=2), msgspec.structs.replace(run, version=3)
    with driving(tmp_path, before) as (cab, pilot):
        depart(pilot)
        cab.office.runs = (after,)
        cab.engine.sync()
        pilot.app.synced()
        pilot.frames(6)
        pilot.tap("stop-2")
        cab.office.runs, cab.office.epoch = (before,), "epoch-2"
        assert cab.engine.sync().ending == "done"
        pilot.app.synced()
        assert pilot.app.root.current == "stop"
        assert "Le bureau a changé cet arrêt" in pilot.app.root.current_screen.shown.note
        pilot.tap("back")
        assert len(pilot.app.flow.show_tour().cards) == 3


def test_a_price_that_no_order_has_is_not_shown_and_said(tmp_path: Path) -> None:
    """G2: times the largest count it could be neither shown nor sealed: its run is left out, with words."""
    run = with_other_price(make_run(stops=1), 0, "999999999999", version=2)
    with driving(tmp_path, run) as (_, pilot):
        pilot.app.enter()
        assert pilot.app.root.current == "empty"
        assert "appelez le bureau" in pilot.app.sync_view.notice


@pytest.mark.parametrize("screen", ["stop", "proof"])
def test_a_screen_that_cannot_be_shown_says_so(
    tmp_path: Path, screen: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """G2: at its opening, behind a round of sync or at a touch: words, a line in the log, and the app goes on."""
    with driving(tmp_path, make_run(stops=1)) as (_, pilot):
        depart(pilot)
        pilot.tap("stop-1")

        def broken(*_: object) -> None:
            raise KeyError("a line")

        monkeypatch.setattr(type(pilot.app.flow), f"show_{screen}", broken)
        pilot.app.go(screen)
        pilot.app.synced()
        assert "Cet écran ne peut pas s’afficher" in pilot.app.snack_text
        assert "KeyError" in caplog.text
        pilot.app.hush()
        keeps_on = KeepsOn(pilot.app)
        assert keeps_on.handle_exception(KeyError("at a touch")) == ExceptionManager.PASS
        assert "Cet écran ne peut pas s’afficher" in pilot.app.snack_text
        assert keeps_on.handle_exception(KeyboardInterrupt()) == ExceptionManager.RAISE
        pilot.app.go("tour")
        assert pilot.app.root.current_screen.shown.cards
        caplog.clear()


def test_a_name_is_no_longer_than_what_can_be_sealed(tmp_path: Path) -> None:
    """G2: the pad takes 200 letters, as the wire does; the next one is not typed, and nothing is refused at the end."""
    with driving(tmp_path, make_run(stops=1)) as (_, pilot):
        depart(pilot)
        pilot.tap("stop-1")
        pilot.app.go("name")
        pad = pilot.app.root.current_screen.ids.pad
        for _again in range(201):
            pad.press("A")
        assert pad.text == "A" + "a" * 199


@pytest.mark.parametrize("screen", ["unlock", "stop", "proof"])
def test_a_sentence_that_comes_or_goes_moves_nothing_under_a_finger(tmp_path: Path, screen: str) -> None:
    """G2: keys, steppers and the signature's pad stay where they are; a touch on the sentence puts it away, no more."""
    with driving(tmp_path, make_run(stops=1)) as (_, pilot):
        if screen != "unlock":
            depart(pilot)
            pilot.tap("stop-1")
            pilot.app.go(screen)
            pilot.frames(4)
        places = {id(one): (*one.to_window(*one.pos), *one.size) for one in pilot.app.root.current_screen.walk()}
        pilot.app.tell(Text("Une phrase", "A sentence"), tone="danger")
        pilot.frames(4)
        bar = next(one for one in pilot.app.root.current_screen.walk() if type(one).__name__ == "Snackbar")
        assert (bar.height > 0, bar.top) == (True, pilot.app.root.top)
        told = {id(one): (*one.to_window(*one.pos), *one.size) for one in pilot.app.root.current_screen.walk()}
        of_bar = {id(one) for one in bar.walk()}
        assert {key: at for key, at in told.items() if key not in of_bar} == {
            key: at for key, at in places.items() if key not in of_bar
        }
        pilot.tap_at(*bar.to_window(bar.x + 8, bar.center_y))
        assert (pilot.app.snack_text, pilot.app.root.current) == ("", screen)
        if screen != "unlock":
            pilot.app.tell(Text("Une phrase", "A sentence"), tone="danger")
            pilot.frames(4)
            pilot.tap("back")
            assert pilot.app.root.current != screen
