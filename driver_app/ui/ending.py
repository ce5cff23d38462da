"""Fin de tournée: what comes back, the cash, and whether everything was sent."""

from __future__ import annotations

from kivy.properties import BooleanProperty, ObjectProperty, StringProperty

from driver_app.ui.kit import PairRow
from driver_app.ui.screen import TabletScreen
from driver_app.viewmodels import texts, words


class EndingScreen(TabletScreen):
    """The last step of the day: nothing is taken for counted that nobody counted."""

    counted_cents = ObjectProperty(None, allownone=True)
    counted = StringProperty("")
    can_end = BooleanProperty(defaultvalue=False)
    about = ""

    def refresh(self) -> None:
        """List the returns and the cash."""
        run_id = self.flow.run.run_id
        if run_id != self.about:
            self.about, self.counted_cents = run_id, None
        self.shown = self.flow.show_ending()
        self.counted = self._counted_words()
        self.can_end = self.counted_cents is not None and not self.shown.is_returned
        self.ids.returns.clear_widgets()
        for pair in self.shown.returns:
            self.ids.returns.add_widget(PairRow(left=pair.left, right=pair.right))
        if not self.shown.returns:
            self.ids.returns.add_widget(PairRow(left=texts.NOTHING_BACK.say(self.flow.language)))

    def type(self) -> None:
        """Open the number pad for the cash; it starts without a number."""
        self.app.ask_amount(texts.CASH_COUNTED.say(self.flow.language), self.counted_cents, self._set)

    def finish(self) -> None:
        """Come back to the depot."""
        if self.app.attempt(lambda: self.flow.end(self.about, self.counted_cents)):
            self.app.go("outbox")

    @property
    def is_stale(self) -> bool:
        """Whether the run that ends here is not the driver's any more."""
        return not self.flow.has_run or self.about != self.flow.run.run_id

    def _counted_words(self) -> str:
        language = self.flow.language
        if self.counted_cents is not None:
            return words.labelled(texts.CASH_COUNTED, words.money(self.counted_cents, language), language)
        return (texts.RUN_RETURNED if self.shown.is_returned else texts.COUNT_CASH).say(language)

    def _set(self, cents: int) -> None:
        if self.is_stale:
            self.app.enter()
            return
        self.counted_cents = cents
        self.refresh()
