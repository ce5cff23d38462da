"""The app in a real X window: what a finger does there, and that it looks as everywhere else."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageGrab

from driver_app.store.settings import Preferences
from tests.factories.office_http import serving
from tests.factories.runs import make_run
from tests.factories.tablets import NIP
from tests.tablet.pilot import Point
from tests.tablet.screens import driving, unlock

ROOT = Path(__file__).parents[2]
SIZE = (1280, 800)
PATIENCE_S = 60
SAME = 0.005
"""The share of pixels that may differ: the line of the sync, which knows the time, and edges of letters."""

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def display() -> Iterator[str]:
    """An X server of the test's own, on a number that it chooses itself."""
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", f"{SIZE[0]}x{SIZE[1]}x24", "-nolisten", "tcp"]
    with subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL) as server:
        os.close(writing)
        with os.fdopen(reading) as told:
            number = told.readline().strip()
        try:
            assert number, "Xvfb gave no display"
            yield f":{number}"
        finally:
            server.terminate()


@contextmanager
def window(home: Path, url: str, display: str) -> Iterator[subprocess.Popen[bytes]]:
    """Open the app as its launcher does, over the whole screen, and end it as a flat battery would."""
    kivy_home = home / "kivy"
    kivy_home.mkdir()
    (kivy_home / "config.ini").write_text(
        f"[graphics]\nwidth = {SIZE[0]}\nheight = {SIZE[1]}\nborderless = 1\nposition = custom\ntop = 0\nleft = 0\n"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("KIVY_", "SDL_"))}
    environment |= {
        "DISPLAY": display, "KIVY_HOME": str(kivy_home), "SDL_VIDEODRIVER": "x11", "SDL_MOUSE_FOCUS_CLICKTHROUGH": "1",
        "LIBGL_ALWAYS_SOFTWARE": "1",
    }  # fmt: skip
    command = [sys.executable, "-m", "driver_app.main", "--home", str(home), "--server", url]
    with subprocess.Popen(command, env=environment, cwd=ROOT) as app:
        try:
            yield app
        finally:
            app.kill()


def see(display: str) -> Image.Image:
    return ImageGrab.grab(xdisplay=display).convert("RGB")


def difference(first: Image.Image, second: Image.Image) -> float:
    """Return the share of pixels whose colours are plainly not the same."""
    grey = ImageChops.difference(first, second).convert("L").point(lambda value: 255 if value > 48 else 0)
    return grey.histogram()[255] / (grey.width * grey.height)


def wait_for(display: str, picture: Image.Image, app: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while (found := difference(see(display), picture)) > SAME:
        assert app.poll() is None, "the app ended by itself"
        if time.monotonic() > deadline:
            see(display).save(folder / "seen.png")
            picture.save(folder / "wanted.png")
            pytest.fail(f"{found:.1%} of the window differs from the screen; pictures in {folder}")
        time.sleep(0.2)


def click(display: str, place: Point) -> None:
    x, y = (str(round(value)) for value in (place[0], SIZE[1] - 1 - place[1]))
    command = ["xdotool", "mousemove", x, y, "sleep", "0.05", "mousedown", "1", "sleep", "0.05", "mouseup", "1"]
    subprocess.run(command, env=os.environ | {"DISPLAY": display}, check=True)


def test_the_window_shows_the_screens_and_takes_touches(display: str, tmp_path: Path) -> None:
    """R025: unlocked by clicks in an X window, the app shows what the screens without one show."""
    home = tmp_path / "home"
    with driving(home, make_run(stops=4), preferences=Preferences()) as (cab, pilot):
        pilot.resize(*SIZE)
        keys = {key: pilot.find(f"key-{key}") for key in set(NIP)} | {"ok": pilot.find("pad-accept")}
        places = {key: widget.to_window(*widget.center) for key, widget in keys.items()}
        locked = pilot.picture()
        unlock(pilot)
        departure = pilot.picture()
    assert difference(locked, departure) > 4 * SAME
    with serving(cab.office) as url, window(home, url, display) as app:
        wait_for(display, locked, app, tmp_path)
        for key in (*NIP, "ok"):
            click(display, places[key])
        wait_for(display, departure, app, tmp_path)
    assert ("POST", "/api/v1/sync/hello") in cab.office.calls
