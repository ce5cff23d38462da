"""``python -m tests.tablet.shots OUTDIR``: a picture of each screen, in French, in both themes."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from driver_app.store.settings import Preferences
from tests.factories.runs import make_run
from tests.tablet.pilot import Pilot
from tests.tablet.screens import driving

THEMES = ("light", "dark")


def main(folder: Path, *, size: tuple[int, int] | None = None) -> None:
    """Write every screen into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    for theme in THEMES:
        with tempfile.TemporaryDirectory() as home:
            preferences = Preferences(theme=theme)
            with driving(Path(home), make_run(stops=9, lines=4), preferences=preferences) as (_, pilot):
                if size is not None:
                    pilot.resize(*size)
                walk(pilot, lambda name, theme=theme, pilot=pilot: pilot.shot(folder / f"tablet_{name}_{theme}.png"))


def walk(pilot: Pilot, see: Callable[[str], object]) -> None:
    """Go through every screen and call ``see`` with its name."""
    see("01_unlock")
    depart_seeing(pilot, see)
    pilot.app.root.get_screen("tour").open(_card("stop-1", pilot))
    pilot.frames(4)
    see("04_stop")
    pilot.tap("qty-1-number")
    see("05_number_pad")
    pilot.type_number(17)
    pilot.tap("go-on")
    pilot.tap("reason-0-breakage")
    see("06_gaps")
    pilot.tap("photo-0")
    pilot.app.hush()
    pilot.tap("gaps-done")
    pilot.tap("empties")
    pilot.tap("empty-0-plus")
    see("07_containers")
    pilot.tap("containers-done")
    see("08_stop_short")
    pilot.tap("go-on")
    pilot.tap("collect-0")
    see("09_payment")
    pilot.tap("payment-done")
    pilot.tap("who-other")
    for letter in "ZOE":
        pilot.tap(f"key-{letter}")
    see("10_name")
    pilot.tap("back")
    pilot.tap("who-0")
    pilot.sign()
    see("11_proof")
    pilot.tap("finish")
    see("12_tour_after")
    pilot.app.hush()
    look_again(pilot, see)
    pilot.app.root.get_screen("tour").open(_card("stop-2", pilot))
    pilot.frames(4)
    pilot.tap("failure")
    see("13_failure")
    pilot.tap("failure-refused")
    see("14_proof_refused")
    pilot.tap("finish")
    pilot.app.hush()
    for number, screen in enumerate(("map", "outbox", "ending", "help", "empty", "aside", "enrol"), start=15):
        pilot.app.go(screen)
        pilot.frames(4)
        see(f"{number}_{screen}")


def look_again(pilot: Pilot, see: Callable[[str], object]) -> None:
    """Look at the stop that was signed, begin to correct it, and leave it."""
    pilot.app.root.get_screen("tour").open(_card("stop-1", pilot))
    pilot.frames(4)
    see("12_signed")
    pilot.tap("correct")
    see("12_signed_asked")
    pilot.tap("correct")
    see("12_stop_corrected")
    pilot.tap("leave-signed")
    pilot.app.hush()


def depart_seeing(pilot: Pilot, see: Callable[[str], object]) -> None:
    """Unlock and leave, looking at the departure and the list on the way."""
    for digit in "2468":
        pilot.tap(f"key-{digit}")
    pilot.tap("pad-accept")
    pilot.tap("vehicle")
    see("02_departure")
    pilot.tap("load")
    pilot.tap("start")
    see("03_tour")


def _card(test_id: str, pilot: Pilot) -> object:
    return next(widget for widget in pilot.walk() if getattr(widget, "test_id", None) == test_id)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
