"""Écarts: why a line is short, with a photo where the reason asks for one."""

from __future__ import annotations

from typing import Any

from kivy.properties import ObjectProperty
from kivy.uix.boxlayout import BoxLayout

from driver_app.ui.kit import Btn, Card
from driver_app.ui.screen import TabletScreen
from driver_app.viewmodels.details import GapView


class GapCard(Card):
    """One short line and its reasons."""

    gap = ObjectProperty(None, allownone=True, rebind=True)


class GapsScreen(TabletScreen):
    """Every difference, one after the other."""

    back_to = "stop"

    def refresh(self) -> None:
        """Lay the differences out."""
        self.shown = self.flow.show_gaps()
        self.ids.gaps.clear_widgets()
        for at, gap in enumerate(self.shown.gaps):
            self.ids.gaps.add_widget(self._card(at, gap))

    def explain(self, line_id: str, reason: str) -> None:
        """Set a line's reason."""
        self.app.attempt(lambda: self.flow.explain(line_id, reason))
        self.refresh()

    def photograph(self, line_id: str) -> None:
        """Take a line's photo."""
        self.app.photograph(line_id)
        self.refresh()

    def _card(self, at: int, gap: GapView) -> BoxLayout:
        card = GapCard(gap=gap)
        for choice in gap.reasons:
            button = Btn(
                text=choice.name,
                icon="check" if choice.is_chosen else "",
                kind="chosen" if choice.is_chosen else "plain",
                test_id=f"reason-{at}-{choice.code}",
                code=choice.code,
            )
            button.bind(on_release=lambda pressed, line_id=gap.line_id: self.explain(line_id, pressed.code))
            card.ids.reasons.add_widget(button)
        if gap.photo:
            card.ids.reasons.add_widget(self._photo(at, gap))
        return card

    def _photo(self, at: int, gap: GapView) -> Any:
        button = Btn(text=gap.photo, icon="camera", test_id=f"photo-{at}")
        button.bind(on_release=lambda _: self.photograph(gap.line_id))
        return button
