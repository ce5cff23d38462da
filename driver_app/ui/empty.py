"""What stands where a run should be, until one comes."""

from __future__ import annotations

from kivy.properties import StringProperty

from driver_app.ui.screen import TabletScreen


class EmptyScreen(TabletScreen):
    """No run, and what to do about it."""

    is_enrolled = StringProperty("yes")

    def again(self) -> None:
        """Ask the office, and go on when a run has come."""
        self.app.wake_sync()
        self.app.enter()
