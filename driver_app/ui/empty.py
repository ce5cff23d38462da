"""What stands where a run should be, until one comes."""

from __future__ import annotations

from kivy.properties import StringProperty

from driver_app.tablet import NotEnrolled
from driver_app.ui.screen import TabletScreen


class EmptyScreen(TabletScreen):
    """No run, and what to do about it."""

    is_enrolled = StringProperty("yes")

    def refresh(self) -> None:
        """See whether the tablet has an office at all."""
        try:
            known = self.flow.tablet.enrolment
        except NotEnrolled:
            self.is_enrolled = ""
        else:
            self.is_enrolled = "yes" if known.device_id else ""

    def again(self) -> None:
        """Ask the office, and go on when a run has come; without an office, go and get one."""
        if not self.is_enrolled:
            self.app.go("enrol")
            return
        self.app.wake_sync()
        self.app.enter()
