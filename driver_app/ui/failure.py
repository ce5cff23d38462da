"""Refus ou absence: why nothing is delivered at this stop."""

from __future__ import annotations

from driver_app.ui.kit import Btn
from driver_app.ui.screen import TabletScreen


class FailureScreen(TabletScreen):
    """One button a reason; touching it goes to the proof."""

    back_to = "stop"

    def refresh(self) -> None:
        """Lay the reasons out."""
        self.shown = self.flow.show_failures()
        self.ids.choices.clear_widgets()
        for choice in self.shown:
            button = Btn(
                text=choice.name,
                icon="check" if choice.is_chosen else "refuse",
                kind="chosen" if choice.is_chosen else "plain",
                test_id=f"failure-{choice.code}",
                code=choice.code,
            )
            button.bind(on_release=lambda pressed: self.choose(pressed.code))
            self.ids.choices.add_widget(button)

    def choose(self, code: str) -> None:
        """Set the reason and go to the proof."""
        if self.app.attempt(lambda: self.flow.fail(code)):
            self.app.go("proof")

    def go_back(self) -> None:
        """Take the failure back: the stop is to be delivered after all."""
        if any(choice.is_chosen for choice in self.shown):
            self.app.attempt(lambda: self.flow.fail(""))
        super().go_back()
