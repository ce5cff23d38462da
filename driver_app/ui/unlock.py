"""Déverrouiller: the driver's NIP."""

from __future__ import annotations

from kivy.properties import StringProperty

from driver_app.ui.screen import TabletScreen


class UnlockScreen(TabletScreen):
    """A number pad; the first time it chooses the NIP."""

    dots = StringProperty("")
    is_known = StringProperty("")

    def refresh(self) -> None:
        """Forget what was typed."""
        self.ids.pad.text = ""
        self.is_known = "yes" if self.flow.has_nip else ""

    def open(self, nip: str) -> None:
        """Try the NIP and go on to the run."""
        self.ids.pad.text = ""
        if self.app.attempt(lambda: self.flow.unlock(nip)):
            self.app.enter()
