"""What must hold on every screen at every size: no clipped word, no small target, opposite actions apart."""

from __future__ import annotations

from typing import Any

from kivy.metrics import dp
from kivy.uix.behaviors import ButtonBehavior
from kivy.uix.label import Label
from kivy.uix.modalview import ModalView
from kivy.uix.scrollview import ScrollView

from driver_app.ui.kit import Btn, Page, T
from tests.tablet.pilot import Pilot, is_visible

TARGET_DP = 64
APART_DP = 16


def lint(pilot: Pilot) -> list[str]:
    """Return what is wrong on the screen as it stands."""
    shown = [widget for widget in pilot.walk() if is_visible(widget)]
    faults = [fault for widget in shown if isinstance(widget, Label) and widget.text for fault in _label(widget, pilot)]
    faults += [fault for widget in shown if isinstance(widget, ButtonBehavior) for fault in _target(widget, pilot)]
    faults += [fault for widget in shown if isinstance(widget, Label | Btn) for fault in _overflow(widget)]
    return faults + [fault for widget in shown if isinstance(widget, Btn) for fault in _neighbours(widget)]


def _label(label: Any, pilot: Pilot) -> list[str]:
    width, height = label.texture_size
    words = label.text[:30]
    faults = []
    if width > label.width + 1 or height > label.height + 1:
        faults.append(f"clipped: {words!r} needs {width}×{height}, has {label.width:.0f}×{label.height:.0f}")
    if label.parent is not None and height > label.parent.height + 1:
        faults.append(f"taller than its row: {words!r} {height} in {label.parent.height:.0f}")
    if isinstance(label, T) and label.one_line and getattr(label, "is_shortened", False) and label.width < dp(150):
        faults.append(f"shortened to nothing: {words!r}")
    left, _ = label.to_window(label.x, label.y)
    if left < -1 or left + label.width > pilot.window.width + 1:
        faults.append(f"outside the window: {words!r}")
    return faults


def _overflow(widget: Any) -> list[str]:
    """What is in no scroll view stays within its band of the page: head, body or foot."""
    band = widget
    while band.parent is not None and not isinstance(band.parent, Page):
        if isinstance(band, ScrollView | ModalView) or band.parent is band:
            return []
        band = band.parent
    if band.parent is None or isinstance(band, ScrollView):
        return []
    bottom, top = widget.to_window(widget.x, widget.y)[1], widget.to_window(widget.x, widget.top)[1]
    if isinstance(widget, Label):
        middle, half = (bottom + top) / 2, widget.texture_size[1] / 2
        bottom, top = middle - half, middle + half
    floor, ceiling = band.to_window(band.x, band.y)[1], band.to_window(band.x, band.top)[1]
    name = getattr(widget, "test_id", "") or widget.text[:30]
    return [] if bottom >= floor - 1 and top <= ceiling + 1 else [f"out of its band: {name!r}"]


def _target(button: Any, pilot: Pilot) -> list[str]:
    if min(button.size) >= dp(TARGET_DP) - 0.5:
        return []
    return [f"small target: {getattr(button, 'test_id', button)!r} {button.width:.0f}×{button.height:.0f}"]


def _neighbours(button: Any) -> list[str]:
    """Buttons side by side in one row stand apart, or a glove touches both; keys of the keyboard are exempt."""
    if button.test_id.startswith("key-"):
        return []
    others = [other for other in button.parent.children if isinstance(other, Btn) and other is not button]
    near = [other for other in others if is_visible(other) and _gap(button, other) < dp(APART_DP) - 0.5]
    return [f"too close: {button.test_id} and {other.test_id}" for other in near]


def _gap(one: Any, other: Any) -> float:
    across = max(other.x - one.right, one.x - other.right)
    along = max(other.y - one.top, one.y - other.top)
    return max(across, along)
