"""Another recipient's name, on a keyboard of our own."""

from __future__ import annotations

from driver_app.ui.screen import TabletScreen


class NameScreen(TabletScreen):
    """Types one name."""

    back_to = "proof"

    def refresh(self) -> None:
        """Start empty."""
        self.ids.pad.text = ""

    def accept(self) -> None:
        """Hand the name to the proof."""
        self.app.typed_name = self.ids.pad.text.strip()
        self.app.go("proof")
