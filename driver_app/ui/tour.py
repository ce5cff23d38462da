"""Tournée: the stops in order, the next one lit."""

from __future__ import annotations

from typing import Any

from kivy.properties import StringProperty
from kivy.uix.behaviors import ButtonBehavior
from kivy.uix.boxlayout import BoxLayout

from driver_app.ui.screen import TabletScreen
from driver_app.viewmodels.tour import StopCardView


class StopCard(ButtonBehavior, BoxLayout):
    """One stop of the list."""

    stop_id = StringProperty("")
    number = StringProperty("")
    name = StringProperty("")
    address = StringProperty("")
    load = StringProperty("")
    window = StringProperty("")
    cash = StringProperty("")
    status = StringProperty("todo")
    state_words = StringProperty("")
    test_id = StringProperty("")


class TourScreen(TabletScreen):
    """The list; a touch on a card opens its stop."""

    def refresh(self) -> None:
        """Show the cards; the next stop is scrolled into view on the way in."""
        self.shown = self.flow.show_tour()
        self.ids.list.data = [_row(card) for card in self.shown.cards]

    def on_pre_enter(self) -> None:
        """Show the list from its next stop on."""
        super().on_pre_enter()
        cards = len(self.shown.cards)
        visible = max(1.0, self.height / max(1.0, self.ids.layout.default_size[1]) - 2)
        hidden = max(1.0, cards - visible)
        self.ids.list.scroll_y = 1.0 - min(1.0, max(0, self.shown.next_at - 1) / hidden)

    def open(self, card: StopCard) -> None:
        """Arrive at a stop, or look at a finished one."""
        if card.status in ("done", "failed"):
            if self.app.attempt(lambda: self.flow.look_at(card.stop_id)):
                self.app.go("signed")
        elif self.app.attempt(lambda: self.flow.open_stop(card.stop_id)):
            self.app.go("stop")


def _row(card: StopCardView) -> dict[str, Any]:
    return {
        "stop_id": card.stop_id,
        "number": card.number,
        "name": card.name,
        "address": card.address,
        "load": card.load,
        "window": card.window,
        "cash": card.cash,
        "status": card.status,
        "state_words": card.state,
        "test_id": f"stop-{card.number}",
    }
