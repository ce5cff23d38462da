"""The colours in use, as properties that every widget is bound to."""

from __future__ import annotations

from kivy.event import EventDispatcher
from kivy.properties import ColorProperty, StringProperty

from driver_app.ui.palette import DARK, LIGHT


class Theme(EventDispatcher):
    """One theme at a time; changing it repaints everything at once."""

    name = StringProperty("light")
    bg = ColorProperty(LIGHT["bg"])
    surface = ColorProperty(LIGHT["surface"])
    ink = ColorProperty(LIGHT["ink"])
    muted = ColorProperty(LIGHT["muted"])
    line = ColorProperty(LIGHT["line"])
    primary = ColorProperty(LIGHT["primary"])
    primary_ink = ColorProperty(LIGHT["primary_ink"])
    primary_soft = ColorProperty(LIGHT["primary_soft"])
    good = ColorProperty(LIGHT["good"])
    warn = ColorProperty(LIGHT["warn"])
    warn_soft = ColorProperty(LIGHT["warn_soft"])
    danger = ColorProperty(LIGHT["danger"])
    danger_soft = ColorProperty(LIGHT["danger_soft"])
    notice = ColorProperty(LIGHT["notice"])
    notice_soft = ColorProperty(LIGHT["notice_soft"])
    shadow = ColorProperty(LIGHT["shadow"])

    def apply(self, name: str) -> None:
        """Show the light theme « Soleil », or the dark one."""
        self.name = name
        for role, colour in (DARK if name == "dark" else LIGHT).items():
            setattr(self, role, colour)

    def tone(self, tone: str) -> tuple[list[float], list[float]]:
        """Return text and ground of a tone: good, warn, danger, notice, or plain."""
        pairs = {
            "good": (self.good, self.primary_soft),
            "warn": (self.warn, self.warn_soft),
            "danger": (self.danger, self.danger_soft),
            "notice": (self.notice, self.notice_soft),
        }
        return pairs.get(tone, (self.muted, self.bg))


theme = Theme()
