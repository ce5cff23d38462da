"""Fin de tournée: what comes back, the cash, and whether everything was sent."""

from __future__ import annotations

from kivy.properties import NumericProperty, StringProperty

from driver_app.ui.kit import PairRow
from driver_app.ui.screen import TabletScreen
from driver_app.viewmodels import texts, words


class EndingScreen(TabletScreen):
    """The last step of the day."""

    counted_cents = NumericProperty(-1)
    counted = StringProperty("")

    def refresh(self) -> None:
        """List the returns and the cash."""
        self.shown = self.flow.show_ending()
        expected = self.flow.expected_cash_cents
        cents = expected if self.counted_cents < 0 else int(self.counted_cents)
        self.counted = words.labelled(texts.CASH_COUNTED, words.money(cents, self.flow.language), self.flow.language)
        self.ids.returns.clear_widgets()
        for pair in self.shown.returns:
            self.ids.returns.add_widget(PairRow(left=pair.left, right=pair.right))
        if not self.shown.returns:
            self.ids.returns.add_widget(PairRow(left=texts.NOTHING_BACK.say(self.flow.language)))

    def type(self) -> None:
        """Open the number pad for the cash."""
        self.app.ask_amount(texts.CASH_COUNTED.say(self.flow.language), self.flow.expected_cash_cents, self._set)

    def finish(self) -> None:
        """Come back to the depot."""
        cents = self.flow.expected_cash_cents if self.counted_cents < 0 else int(self.counted_cents)
        if self.app.attempt(lambda: self.flow.end(cents)):
            self.refresh()
            self.app.go("outbox")

    def _set(self, cents: int) -> None:
        self.counted_cents = cents
        self.refresh()
