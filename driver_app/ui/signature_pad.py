"""Where a finger signs: lines only, drawn as they come."""

from __future__ import annotations

from typing import Any

from kivy.graphics import Color, Line
from kivy.metrics import dp
from kivy.properties import BooleanProperty, StringProperty
from kivy.uix.widget import Widget

from driver_app.actions.signing import Signing
from driver_app.ink import to_png
from shared.signature import Point, SignatureDrawing, pack_strokes, unpack_strokes

INK = (0.05, 0.07, 0.16, 1)
PEN_DP = 2.2


class SignaturePad(Widget):
    """Keeps every point of every stroke; valid by its ink, never by its number of points."""

    test_id = StringProperty("pad")
    is_signed = BooleanProperty(defaultvalue=False)

    def __init__(self, **properties: Any) -> None:
        """Start empty."""
        super().__init__(**properties)
        self._strokes: list[list[Point]] = []
        self._lines: list[Line] = []

    @property
    def drawing(self) -> SignatureDrawing:
        """The strokes so far, with the origin at the top left corner."""
        return SignatureDrawing(round(self.width), round(self.height), tuple(tuple(stroke) for stroke in self._strokes))

    def signing(self, name: str, role: str) -> Signing:
        """Return the act of signing."""
        packed = pack_strokes(round(self.width), round(self.height), self._strokes)
        return Signing(name=name, role=role, strokes=packed, picture=to_png(unpack_strokes(packed)))

    def clear(self) -> None:
        """Begin again."""
        for line in self._lines:
            self.canvas.remove(line)
        self._lines.clear()
        self._strokes.clear()
        self.is_signed = False

    def on_touch_down(self, touch: Any) -> bool:
        """Begin a stroke."""
        if not self.collide_point(*touch.pos) or self.disabled:
            return bool(super().on_touch_down(touch))
        touch.grab(self)
        self._strokes.append([self._point(touch)])
        with self.canvas:
            Color(*INK)
            self._lines.append(Line(points=touch.pos, width=dp(PEN_DP), cap="round", joint="round"))
        return True

    def on_touch_move(self, touch: Any) -> bool:
        """Go on with the stroke."""
        if touch.grab_current is not self:
            return bool(super().on_touch_move(touch))
        self._strokes[-1].append(self._point(touch))
        self._lines[-1].points += touch.pos
        return True

    def on_touch_up(self, touch: Any) -> bool:
        """End the stroke and say whether it is a signature by now."""
        if touch.grab_current is not self:
            return bool(super().on_touch_up(touch))
        touch.ungrab(self)
        self.is_signed = self.drawing.problem() is None
        return True

    def _point(self, touch: Any) -> Point:
        return round(touch.x - self.x), round(self.top - touch.y)
