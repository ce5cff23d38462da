"""The kit: the dozen widgets that every screen is made of, with their typed properties; looks are in kit.kv."""

from __future__ import annotations

from typing import Any

from kivy.core.text import Label as CoreLabel
from kivy.graphics import Color, InstructionGroup, SmoothLine
from kivy.metrics import dp
from kivy.properties import (
    BooleanProperty,
    ColorProperty,
    ListProperty,
    NumericProperty,
    ObjectProperty,
    StringProperty,
)
from kivy.uix.behaviors import ButtonBehavior
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.gridlayout import GridLayout
from kivy.uix.label import Label
from kivy.uix.modalview import ModalView
from kivy.uix.widget import Widget

from driver_app.ui.icons import ICONS, Shape

GRID = 24.0
PEN = 2.5


class Icon(Widget):
    """One icon by name, in a colour."""

    name = StringProperty("")
    color = ColorProperty((0, 0, 0, 1))

    def __init__(self, **properties: Any) -> None:
        """Draw again whenever place, size, name or colour change."""
        super().__init__(**properties)
        self._ink = InstructionGroup()
        self.canvas.add(self._ink)
        self.bind(pos=self._draw, size=self._draw, name=self._draw, color=self._draw)
        self._draw()

    def _draw(self, *_: Any) -> None:
        self._ink.clear()
        if not self.name:
            return
        side = min(self.width, self.height)
        scale = side / GRID
        left, bottom = self.center_x - side / 2, self.center_y - side / 2
        self._ink.add(Color(*self.color))
        for shape in ICONS[self.name]:
            self._ink.add(SmoothLine(width=PEN * scale / 2, **_placed(shape, left, bottom, scale)))


def _placed(shape: Shape, left: float, bottom: float, scale: float) -> dict[str, Any]:
    if isinstance(shape, list):
        return {"points": [(left if at % 2 == 0 else bottom) + value * scale for at, value in enumerate(shape)]}
    x, y, radius, *angles = shape[1:]
    return {"circle": (left + x * scale, bottom + y * scale, radius * scale, *angles)}


class T(Label):
    """A text that wraps; with ``one_line`` it is shortened instead."""

    one_line = BooleanProperty(defaultvalue=False)


class Heading(T):
    """A title."""


class Card(BoxLayout):
    """A rounded surface."""

    ground = ColorProperty((1, 1, 1, 1))


class Pill(BoxLayout):
    """A short state: icon and word on a tinted ground."""

    is_folded = BooleanProperty(defaultvalue=False)
    icon = StringProperty("")
    text = StringProperty("")
    ink = ColorProperty((0, 0, 0, 1))
    ground = ColorProperty((1, 1, 1, 1))
    test_id = StringProperty("")


class Btn(ButtonBehavior, BoxLayout):
    """A button: ``primary``, ``plain``, ``danger`` or ``chosen``; never smaller than 64 dp."""

    icon = StringProperty("")
    text = StringProperty("")
    kind = StringProperty("plain")
    test_id = StringProperty("")
    code = StringProperty("")
    ink = ColorProperty((0, 0, 0, 1))
    ground = ColorProperty((1, 1, 1, 1))
    font_size = NumericProperty("19sp")
    text_width = NumericProperty(0)
    text_room = NumericProperty(0)

    def __init__(self, **properties: Any) -> None:
        """Measure the words whenever they change: icon and words stand together in the middle."""
        super().__init__(**properties)
        self.bind(text=self._measure, font_size=self._measure, kind=self._measure)
        self._measure()

    def _measure(self, *_: Any) -> None:
        pen = CoreLabel(font_size=self.font_size, bold=self.kind in ("primary", "chosen"))
        self.text_width = pen.get_extents(self.text)[0] + dp(6) if self.text else 0


class TopBar(BoxLayout):
    """The head of every screen: the way back, what it is about, and the state of the sync."""

    title = StringProperty("")
    subtitle = StringProperty("")
    has_back = BooleanProperty(defaultvalue=True)
    back = ObjectProperty(None)
    sync_icon = StringProperty("cloud_off")
    sync_text = StringProperty("")
    sync_ink = ColorProperty((0, 0, 0, 1))
    sync_ground = ColorProperty((1, 1, 1, 1))


class Bar(BoxLayout):
    """The foot of a screen: the main button at the right hand, or at the left one."""

    mirrored = BooleanProperty(defaultvalue=False)

    def __init__(self, **properties: Any) -> None:
        """Start with the buttons in their written order."""
        self._turned = False
        super().__init__(**properties)

    def on_kv_post(self, _base: Any) -> None:
        """Arrange the buttons once they are all there."""
        self.on_mirrored()

    def on_mirrored(self, *_: Any) -> None:
        """Turn the order of the buttons round, and back."""
        if not self.children or self.mirrored == self._turned:
            return
        self._turned = self.mirrored
        children = self.children[:]
        self.clear_widgets()
        for child in children:
            self.add_widget(child)


class Page(BoxLayout):
    """A screen's ground."""


class Stepper(BoxLayout):
    """Minus, a number, plus; a touch on the number opens the number pad."""

    value = NumericProperty(0)
    is_exception = BooleanProperty(defaultvalue=False)
    test_id = StringProperty("")
    changed = ObjectProperty(None)
    typed = ObjectProperty(None)

    def step(self, by: int) -> None:
        """Ask for one more or one less, never below zero."""
        if self.changed and self.value + by >= 0:
            self.changed(int(self.value + by))

    def type(self) -> None:
        """Ask for the number pad."""
        if self.typed:
            self.typed(int(self.value))


class NumberKey(ButtonBehavior, Label):
    """A number that can be touched to type another."""

    test_id = StringProperty("")


class PairRow(BoxLayout):
    """Words on the left, a value on the right."""

    left = StringProperty("")
    right = StringProperty("")
    kind = StringProperty("line")
    is_exception = BooleanProperty(defaultvalue=False)


class NumberPad(GridLayout):
    """Ten large keys, erase and accept."""

    text = StringProperty("")
    limit = NumericProperty(6)
    accepted = ObjectProperty(None)
    accept_icon = StringProperty("tick")

    def press(self, key: str) -> None:
        """Add a digit."""
        if len(self.text) < self.limit:
            self.text = (self.text + key).lstrip("0") or "0"

    def erase(self) -> None:
        """Remove the last digit."""
        self.text = self.text[:-1]

    def accept(self) -> None:
        """Hand over what was typed."""
        if self.accepted:
            self.accepted(self.text)


class NipPad(NumberPad):
    """A number pad that keeps leading zeros."""

    def press(self, key: str) -> None:
        """Add a digit."""
        if len(self.text) < self.limit:
            self.text += key


class NumberDialog(ModalView):
    """A number pad over the screen, for one quantity or amount: it takes the one that it shows.

    ``present`` is what it shows before anything is typed, None where nothing was said yet: accepting that says nothing.
    """

    title = StringProperty("")
    shown = StringProperty("")
    present = ObjectProperty(None, allownone=True)
    accepted = ObjectProperty(None)

    def accept(self, text: str) -> None:
        """Close at once and hand over the number: a pad that fades would swallow the next touch."""
        self.dismiss(animation=False)
        number = int(text) if text else self.present
        if self.accepted and number is not None:
            self.accepted(number)


MAX_LETTERS = 200
"""No longer name can be sealed: the wire's ``Short``."""


class LetterPad(BoxLayout):
    """A large French keyboard for names."""

    text = StringProperty("")
    has_space = BooleanProperty(defaultvalue=True)
    rows = ListProperty(["QWERTYUIOP", "ASDFGHJKL’", "ZXCVBNM-É", "ÈÊÀÂÇÎÏÔÛ"])

    def __init__(self, **properties: Any) -> None:
        """Lay the keys out."""
        super().__init__(**properties)
        for keys in self.rows:
            self.add_widget(self._row(keys))
        foot = BoxLayout(spacing=dp(8), size_hint_y=None, height=dp(64))
        if self.has_space:
            foot.add_widget(self._key(" ", "espace", "key-space", lambda *_: self.press(" ")))
        foot.add_widget(self._key("", "", "key-erase", lambda *_: self.erase(), icon="erase"))
        self.add_widget(foot)

    def _row(self, keys: str) -> BoxLayout:
        row = BoxLayout(spacing=dp(8), size_hint_y=None, height=dp(64))
        for key in keys:
            row.add_widget(self._key(key, key, f"key-{key}", lambda button: self.press(button.code)))
        return row

    def _key(self, code: str, text: str, test_id: str, pressed: Any, icon: str = "") -> Btn:
        key = Btn(text=text, code=code, test_id=test_id, icon=icon, height=dp(64), padding=0)
        key.bind(on_release=pressed)
        return key

    def press(self, key: str) -> None:
        """Add a letter: capital at the start of a word, small inside it."""
        if len(self.text) >= MAX_LETTERS:
            return
        starts = not self.text or self.text[-1] in " -’"
        self.text += key if starts else key.lower()

    def erase(self) -> None:
        """Remove the last letter."""
        self.text = self.text[:-1]


class CodePad(LetterPad):
    """Hexadecimal digits for codes."""

    has_space = BooleanProperty(defaultvalue=False)
    rows = ListProperty(["12345678", "90ABCDEF"])

    def press(self, key: str) -> None:
        """Add a digit; codes know no words."""
        self.text += key


class Snackbar(BoxLayout):
    """A sentence over the top bar with one way back, for a few seconds or until it is touched.

    It takes no room: whether it comes or goes, keys, steppers and the signature stay under the finger. ``clear`` is the
    width at the left that it leaves to the way back.
    """

    text = StringProperty("")
    action = StringProperty("")
    tone = StringProperty("good")
    acted = ObjectProperty(None)
    dismissed = ObjectProperty(None)
    clear = NumericProperty(0)
    ink = ColorProperty((0, 0, 0, 1))
    ground = ColorProperty((1, 1, 1, 1))

    def on_touch_down(self, touch: Any) -> bool:
        """Take every touch on it: its way back, or to put it away."""
        if not self.text or not self.collide_point(*touch.pos):
            return False
        if not super().on_touch_down(touch):
            self.dismissed()
        return True


def is_wide(width: float) -> bool:
    """Say whether two panes fit side by side."""
    return bool(width >= dp(1000))
