"""À envoyer: every event of the run and where it is."""

from __future__ import annotations

from typing import Any

from kivy.properties import StringProperty
from kivy.uix.boxlayout import BoxLayout

from driver_app.ui.screen import TabletScreen


class EventRow(BoxLayout):
    """One event and its state."""

    left = StringProperty("")
    right = StringProperty("")
    tone = StringProperty("plain")


class OutboxScreen(TabletScreen):
    """The log of the run, newest first."""

    contact = StringProperty("")

    def refresh(self) -> None:
        """List the events."""
        self.contact = self.flow.show_contact()
        self.shown = self.flow.show_outbox()
        last = self.shown and self.shown[0].right
        self.ids.list.data = [_row(pair.left, pair.right) for pair in self.shown] if last else []

    def send(self) -> None:
        """Ask for a round of sync."""
        self.app.wake_sync()


def _row(left: str, right: str) -> dict[str, Any]:
    tone = "good" if right in ("Au bureau", "At the office") else "warn"
    return {"left": left, "right": right, "tone": tone}
