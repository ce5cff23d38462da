"""Départ: the truck, the load and the cash float, before the first stop."""

from __future__ import annotations

from kivy.properties import BooleanProperty, NumericProperty, StringProperty

from driver_app.ui.screen import TabletScreen
from driver_app.viewmodels import texts, words

USUAL_FLOAT_CENTS = 10_000


class DepartureScreen(TabletScreen):
    """Two checks and an amount; then the run starts. What is checked is one run, as the office has it."""

    title = StringProperty("")
    summary = StringProperty("")
    vehicle_checked = BooleanProperty(defaultvalue=False)
    load_checked = BooleanProperty(defaultvalue=False)
    float_cents = NumericProperty(USUAL_FLOAT_CENTS)
    float_words = StringProperty("")
    about = ("", 0)

    def refresh(self) -> None:
        """Say which run is about to leave."""
        run, language = self.flow.run, self.flow.language
        self._begin(run.run_id, run.version)
        self.title = f"{run.name} · {words.day(run.runs_on, language)}"
        stops = words.count(len(run.stops), texts.ONE_STOP, texts.STOPS, language)
        self.summary = f"{run.vehicle_name} · {run.driver_name} · {stops}"
        self.float_words = words.money(int(self.float_cents), language)

    def type_float(self) -> None:
        """Open the number pad for the cash float."""
        self.app.ask_amount(texts.CASH_FLOAT.say(self.flow.language), int(self.float_cents), self._set_float)

    def start(self) -> None:
        """Leave the depot with the run that stands here; when the office took it off, show what there is instead."""
        run_id, checked = self.about[0], bool(self.vehicle_checked)
        if self.app.attempt(lambda: self.flow.start(run_id, int(self.float_cents), vehicle_checked=checked)):
            self.app.go("tour")
        elif self.is_stale:
            self.app.enter()

    @property
    def is_stale(self) -> bool:
        """Whether the run that stands here was withdrawn or changed."""
        return not self.flow.has_run or self.about != (self.flow.run.run_id, self.flow.run.version)

    def _begin(self, run_id: str, version: int) -> None:
        """Clear what was checked of another run, or of this one before the office changed it."""
        if self.about[0] != run_id:
            self.float_cents = USUAL_FLOAT_CENTS
        if self.about != (run_id, version):
            self.vehicle_checked = self.load_checked = False
            self.about = (run_id, version)

    def _set_float(self, cents: int) -> None:
        if self.is_stale:
            self.app.enter()
            return
        self.float_cents = cents
        self.refresh()
