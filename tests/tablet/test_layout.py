"""Every screen at three sizes, two font scales and two themes."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from driver_app.store.settings import Preferences
from driver_app.ui.palette import DARK, LIGHT, TEXT_ON_GROUND, contrast
from driver_app.viewmodels import texts
from tests.factories.runs import make_run
from tests.tablet.screens import depart, driving
from tests.tablet.shots import walk

from tests.tablet.lint import lint  # isort: skip - the pilot sets Kivy up first

from kivy.metrics import Metrics
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.label import Label

from driver_app.ui.kit import Btn, Page

SIZES = [(1280, 800), (800, 1280), (1024, 600)]


@pytest.fixture(autouse=True)
def _font_scale():
    """Put the font scale back."""
    yield
    Metrics.fontscale = 1.0


def walk_faults(home: Path, size: tuple[int, int], font_scale: float, preferences: Preferences) -> dict[str, list[str]]:
    """Return the faults of each picture; every registered screen is in one of them."""
    Metrics.fontscale = font_scale
    faults: dict[str, list[str]] = {}
    with driving(home, make_run(stops=9, lines=4), preferences=preferences) as (_, pilot):
        pilot.resize(*size)
        walked = set()

        def see(name: str) -> None:
            faults[name] = lint(pilot)
            walked.add(pilot.app.root.current)

        walk(pilot, see)
        pilot.resize(*SIZES[0])
        assert walked == set(pilot.app.root.screen_names)
    return faults


@pytest.mark.parametrize(("font_scale", "theme"), [(1.0, "light"), (1.3, "dark")])
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_nothing_is_clipped_or_too_small(
    size: tuple[int, int], font_scale: float, theme: Literal["light", "dark"], tmp_path: Path
) -> None:
    """Layout: no clipped word, targets of 64 dp, buttons 16 dp apart, on every screen in French."""
    faults = walk_faults(tmp_path, size, font_scale, Preferences(theme=theme))
    assert {name: found for name, found in faults.items() if found} == {}


def test_english_fits_too(tmp_path: Path) -> None:
    """Layout: the same in English, in large type."""
    faults = walk_faults(tmp_path, SIZES[2], 1.3, Preferences(language="en"))
    assert {name: found for name, found in faults.items() if found} == {}


def test_the_lint_sees_what_is_wrong(tmp_path: Path) -> None:
    """A planted small button, a clipped word and two neighbours are found."""
    with driving(tmp_path) as (_, pilot):
        page = next(one for one in pilot.app.root.current_screen.children if isinstance(one, Page))
        row = BoxLayout(spacing=4, size_hint_y=None, height=40)
        row.add_widget(Btn(text="Un", test_id="one", height=40))
        row.add_widget(Btn(text="Deux", test_id="two", height=40))
        row.add_widget(Label(text="Un texte bien trop long pour sa place", size_hint=(None, None), size=(50, 20)))
        page.add_widget(row)
        pilot.frames(3)
        found = " ".join(lint(pilot))
    assert "small target: 'one'" in found
    assert "too close: one and two" in found
    assert "clipped: 'Un texte bien trop long" in found


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT_ON_GROUND)
def test_words_stand_out_from_their_ground(theme: dict[str, str], text: str, ground: str) -> None:
    """Contrast: at least 7:1 for text, in both themes."""
    assert contrast(theme[text], theme[ground]) >= 7.0


@pytest.mark.parametrize("size", SIZES)
def test_a_revoked_tablet_says_the_whole_sentence(size: tuple[int, int], tmp_path: Path) -> None:
    """Protocol, 10: where the deliveries are and who decides is read to its end, on the list and in the outbox."""
    Metrics.fontscale = 1.3
    with driving(tmp_path, make_run(stops=2)) as (cab, pilot):
        pilot.resize(*size)
        depart(pilot)
        cab.office.revoked = True
        cab.clock.advance(20_000)
        assert cab.engine.sync().ending == "revoked"
        pilot.app.refresh_sync()
        for screen in ("tour", "outbox"):
            pilot.app.go(screen)
            pilot.frames(3)
            assert pilot.shows(texts.REVOKED_AT_OFFICE.fr)
            assert lint(pilot) == []
