"""Départ: the truck, the load and the cash float, before the first stop."""

from __future__ import annotations

from kivy.properties import BooleanProperty, NumericProperty, StringProperty

from driver_app.ui.screen import TabletScreen
from driver_app.viewmodels import texts, words


class DepartureScreen(TabletScreen):
    """Two checks and an amount; then the run starts."""

    title = StringProperty("")
    summary = StringProperty("")
    vehicle_checked = BooleanProperty(defaultvalue=False)
    load_checked = BooleanProperty(defaultvalue=False)
    float_cents = NumericProperty(10_000)
    float_words = StringProperty("")

    def refresh(self) -> None:
        """Say which run is about to leave."""
        run, language = self.flow.run, self.flow.language
        self.title = f"{run.name} · {words.day(run.runs_on, language)}"
        stops = words.count(len(run.stops), texts.ONE_STOP, texts.STOPS, language)
        self.summary = f"{run.vehicle_name} · {run.driver_name} · {stops}"
        self.float_words = words.money(int(self.float_cents), language)

    def type_float(self) -> None:
        """Open the number pad for the cash float."""
        self.app.ask_amount(texts.CASH_FLOAT.say(self.flow.language), int(self.float_cents), self._set_float)

    def start(self) -> None:
        """Leave the depot."""
        checked = bool(self.vehicle_checked)
        if self.app.attempt(lambda: self.flow.start(int(self.float_cents), vehicle_checked=checked)):
            self.app.go("tour")

    def _set_float(self, cents: int) -> None:
        self.float_cents = cents
        self.refresh()
