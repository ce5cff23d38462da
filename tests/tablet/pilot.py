"""A synchronous driver of the real screens: real touches, one frame at a time, no sleeps and no threads."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("SDL_VIDEODRIVER", "offscreen")
os.environ |= {"KIVY_NO_ARGS": "1", "KIVY_NO_FILELOG": "1", "KIVY_LOG_MODE": "PYTHON", "KIVY_NO_CONFIG": "1"}

from kivy.config import Config

for _name, _value in {"width": "1280", "height": "800", "maxfps": "0", "multisamples": "0", "resizable": "0"}.items():
    Config.set("graphics", _name, _value)
for _name, _ in list(Config.items("input")):
    Config.remove_option("input", _name)
Config.set("kivy", "exit_on_escape", "0")
Config.set("kivy", "log_level", "warning")

from kivy.base import EventLoop  # noqa: E402 - Kivy is set up first
from kivy.input.motionevent import MotionEvent  # noqa: E402 - Kivy is set up first
from PIL import Image  # noqa: E402 - Kivy is set up first

type Point = tuple[float, float]
MAX_FRAMES = 400


class Touch(MotionEvent):
    """One finger."""

    _count = 0

    def __init__(self, x: float, y: float) -> None:
        Touch._count += 1
        super().__init__("pilot", Touch._count, _share(x, y), is_touch=True, type_id="touch")

    def depack(self, args: Any) -> None:
        """Read the place as a share of the window."""
        self.sx, self.sy = args["sx"], args["sy"]
        self.profile = ["pos"]
        super().depack(args)


class Pilot:
    """Opens an app and acts on it as a driver's finger does; ``taps`` counts the touches."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.taps = 0
        app._run_prepare()
        self.window = EventLoop.window
        self.frames(3)

    def frames(self, count: int = 1) -> None:
        """Let the app draw."""
        for _ in range(count):
            EventLoop.idle()

    def wait(self, condition: Callable[[], bool], what: str) -> None:
        """Draw until something holds."""
        for _ in range(MAX_FRAMES):
            if condition():
                return
            self.frames()
        raise AssertionError(f"still waiting for {what}")

    def resize(self, width: int, height: int) -> None:
        """Give the window another size."""
        self.window.size = (width, height)
        self.frames(5)

    def walk(self) -> Iterator[Any]:
        """Return every widget that is in the window."""
        for top in self.window.children:
            yield from top.walk(restrict=True)

    def find(self, test_id: str) -> Any:
        """Return the one widget of this name that can be touched."""
        found = [widget for widget in self.walk() if getattr(widget, "test_id", None) == test_id and is_visible(widget)]
        assert len(found) == 1, f"{test_id}: {len(found)} widgets on screen {self.app.root.current}"
        return found[0]

    def shows(self, words: str) -> bool:
        """Say whether some visible text holds these words."""
        plain = words.replace("\u00a0", " ")
        texts = (getattr(widget, "text", "") for widget in self.walk() if is_visible(widget))
        return any(isinstance(text, str) and plain in text.replace("\u00a0", " ") for text in texts)

    def tap(self, test_id: str) -> None:
        """Touch a widget in its middle, scrolled into view first."""
        widget = self.find(test_id)
        assert not widget.disabled, f"{test_id} is disabled"
        self._scroll_to(widget)
        self.tap_at(*widget.to_window(*widget.center))

    def tap_at(self, x: float, y: float) -> None:
        """Touch a place of the window."""
        self.taps += 1
        touch = Touch(x, y)
        EventLoop.post_dispatch_input("begin", touch)
        self.frames()
        EventLoop.post_dispatch_input("end", touch)
        self.frames(2)

    def touch(self, test_id: str) -> Touch:
        """Put a finger down on a widget that is in view, and leave it there."""
        self.taps += 1
        widget = self.find(test_id)
        touch = Touch(*widget.to_window(*widget.center))
        EventLoop.post_dispatch_input("begin", touch)
        self.frames()
        return touch

    def lift(self, touch: Touch) -> None:
        """Take the finger off; what follows in a later frame has not happened yet."""
        EventLoop.post_dispatch_input("end", touch)

    def drag(self, points: Sequence[Point], *, per_frame: int = 30) -> None:
        """Move one finger along points of the window."""
        touch = Touch(*points[0])
        EventLoop.post_dispatch_input("begin", touch)
        for at, point in enumerate(points[1:]):
            touch.move(_share(*point))
            EventLoop.post_dispatch_input("update", touch)
            if at % per_frame == 0:
                self.frames()
        EventLoop.post_dispatch_input("end", touch)
        self.frames(2)

    def sign(self) -> None:
        """Draw a signature on the pad with a finger."""
        from driver_app.strokes import PAD_HEIGHT, PAD_WIDTH, draw_signing
        from shared.signature import unpack_strokes

        pad = self.find("pad")
        left, bottom = pad.to_window(pad.x, pad.y)
        for stroke in unpack_strokes(draw_signing("Éloïse Gagné", "").strokes).strokes:
            self.drag(
                [(left + x / PAD_WIDTH * pad.width, bottom + (1 - y / PAD_HEIGHT) * pad.height) for x, y in stroke]
            )

    def type_number(self, number: int | str) -> None:
        """Type on the number pad that is open, and accept."""
        for digit in str(number):
            self.tap(f"key-{digit}")
        self.tap("pad-accept")
        self.frames(3)

    def picture(self) -> Image.Image:
        """Return what the window shows."""
        from kivy.graphics.opengl import GL_RGBA, GL_UNSIGNED_BYTE, glReadPixels

        self.window.canvas.ask_update()
        self.frames(2)
        width, height = map(int, self.window.system_size)
        self.window.dispatch("on_draw")
        pixels = glReadPixels(0, 0, width, height, GL_RGBA, GL_UNSIGNED_BYTE)
        self.window.flip()
        picture = Image.frombytes("RGBA", (width, height), bytes(pixels))
        return picture.transpose(Image.Transpose.FLIP_TOP_BOTTOM).convert("RGB")

    def shot(self, path: Path) -> None:
        """Write what the window shows as a PNG."""
        self.picture().save(path, optimize=True)

    def close(self) -> None:
        """Take the app out of the window; the window stays for the next one."""
        self.app.hush()
        self.app.dispatch("on_stop")
        for widget in self.window.children[:]:
            self.window.remove_widget(widget)
        self.frames(1)

    def _scroll_to(self, widget: Any) -> None:
        from kivy.uix.scrollview import ScrollView

        parent = widget.parent
        while parent is not None and parent is not parent.get_parent_window():
            if type(parent) is ScrollView:
                parent.scroll_to(widget, padding=0, animate=False)
                self.frames(2)
            parent = parent.parent if parent.parent is not parent else None


def is_visible(widget: Any) -> bool:
    """Say whether a widget stands in the window and is not folded away."""
    while widget is not None and widget is not widget.get_parent_window():
        if widget.get_parent_window() is None or widget.opacity == 0 or widget.width <= 1 or widget.height <= 1:
            return False
        widget = widget.parent
    return widget is not None


def _share(x: float, y: float) -> dict[str, float]:
    window = EventLoop.window
    return {"sx": x / (window.width - 1), "sy": y / (window.height - 1)}
