"""The app around the screens: where to go, what to tell, and the few questions that any screen may ask."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kivy.app import App
from kivy.base import ExceptionHandler, ExceptionManager
from kivy.clock import Clock
from kivy.lang import Builder
from kivy.metrics import Metrics
from kivy.properties import BooleanProperty, NumericProperty, ObjectProperty, StringProperty
from kivy.uix.screenmanager import NoTransition, ScreenManager

from driver_app.flow import Flow, NothingOpen
from driver_app.store.settings import Preferences
from driver_app.tablet import NotEnrolled, Tablet
from driver_app.ui import (
    aside,
    containers,
    departure,
    empty,
    ending,
    enrol,
    failure,
    gaps,
    map,  # noqa: A004 - the screen is called the map
    name,
    outbox,
    payment,
    proof,
    signed,
    stop,
    tour,
    unlock,
)
from driver_app.ui import help as help_screen
from driver_app.ui.kit import NumberDialog
from driver_app.ui.signature_pad import SignaturePad
from driver_app.ui.theme import theme
from driver_app.viewmodels import texts, words
from shared.problems import Problem, Text

__all__ = ["DriverApp", "KeepsOn", "SignaturePad"]

_FOLDER = Path(__file__).parent
_SCREENS = {
    "unlock": unlock.UnlockScreen,
    "departure": departure.DepartureScreen,
    "tour": tour.TourScreen,
    "stop": stop.StopScreen,
    "gaps": gaps.GapsScreen,
    "failure": failure.FailureScreen,
    "containers": containers.ContainersScreen,
    "payment": payment.PaymentScreen,
    "proof": proof.ProofScreen,
    "signed": signed.SignedScreen,
    "name": name.NameScreen,
    "ending": ending.EndingScreen,
    "outbox": outbox.OutboxScreen,
    "help": help_screen.HelpScreen,
    "map": map.MapScreen,
    "empty": empty.EmptyScreen,
    "aside": aside.AsideScreen,
    "enrol": enrol.EnrolScreen,
}
_WITHOUT_RUN = frozenset({"unlock", "enrol", "empty", "help", "aside"})
SNACK_S = 6.0
_log = logging.getLogger(__name__)
_loaded: set[str] = set()


class KeepsOn(ExceptionHandler):
    """Says in words what a gesture could not do, and lets the app go on; what it had sealed stands."""

    def __init__(self, app: DriverApp) -> None:
        """Take the app that says it."""
        super().__init__()
        self._app = app

    def handle_exception(self, inst: BaseException) -> int:
        """Tell of an error of the app; whoever ends the process from outside does end it."""
        if not isinstance(inst, Exception):
            return int(ExceptionManager.RAISE)

        def again() -> None:
            raise inst

        self._app.show(again)
        return int(ExceptionManager.PASS)


class DriverApp(App):
    """One window. Screens are built once and shown again with other values."""

    language = StringProperty("fr")
    left_handed = BooleanProperty(defaultvalue=False)
    font_scale = NumericProperty(1.0)
    sync_view = ObjectProperty(None, rebind=True)
    driver_line = StringProperty("")
    snack_text = StringProperty("")
    snack_tone = StringProperty("good")
    snack_action = StringProperty("")
    typed_name = StringProperty("")

    def __init__(self, flow: Flow, *, wake_sync: Callable[[], None] = lambda: None, **properties: Any) -> None:
        """Take the driver's session and what wakes the sync."""
        self.flow = flow
        self.wake_sync = wake_sync
        self.renew: Callable[[Tablet], Tablet] = _no_office
        self.redeem: Callable[[str, Callable[[Problem | None], None]], None] = _no_office
        self.confirm: Callable[[Callable[[Problem | None], None]], None] = _no_office
        self.old_logs: Callable[[], int] = lambda: 0
        self._snack_end: Any = None
        self._question: NumberDialog | None = None
        super().__init__(**properties)
        self.refresh_sync()

    def build(self) -> ScreenManager:
        """Build every screen once."""
        self.title = "Tournée"
        self.font_scale = Metrics.fontscale
        self._follow(self.flow.preferences)
        load_rules()
        screens = ScreenManager(transition=NoTransition())
        for label, kind in _SCREENS.items():
            screens.add_widget(kind(name=label))
        return screens

    def go(self, screen: str) -> None:
        """Show a screen with its present state; one that speaks of a run gives way when the tablet holds none."""
        if screen not in _WITHOUT_RUN and not self.flow.has_run:
            screen = "empty"
        if screen == "tour" and self.flow.move_on():
            self.enter()  # this run is back, and another one waits
            return
        if self.root.current == screen:
            self.root.current_screen.on_pre_enter()
        self.root.current = screen

    def begin_anew(self) -> None:
        """Lay the log aside that can never go on, and show the fresh tablet in its place.

        Raises:
            Problem: it may not be laid aside.
        """
        self.flow.take(self.renew(self.flow.tablet))
        self._follow(self.flow.preferences)

    def enrolled(self) -> None:
        """Go on as the tablet that was just enrolled: its driver chooses a NIP."""
        self._follow(self.flow.preferences)
        self.refresh_sync()
        self.wake_sync()
        self.go("unlock")

    def enter(self) -> None:
        """Go to where the driver's day is: no run, departure, or the list."""
        self.flow.move_on()
        try:
            progress = self.flow.progress
        except (NothingOpen, NotEnrolled):
            self.go("empty")
            return
        self.go("tour" if progress.departed_ms is not None else "departure")

    def attempt(self, work: Callable[[], Any]) -> bool:
        """Do something and return whether it worked; a refusal is told in words."""
        try:
            work()
        except Problem as problem:
            self.tell(problem.detail, tone="danger")
            return False
        self.refresh_sync()
        return True

    def tell(self, sentence: Text, *, tone: str = "good", action: str = "", more: str = "") -> None:
        """Show a sentence at the top for a few seconds; with an action, for as long as it can be done."""
        self.snack_text, self.snack_tone = sentence.say(self.flow.language) + more, tone
        self.snack_action = action
        if self._snack_end is not None:
            self._snack_end.cancel()
        lasts_s = self.flow.undo_left_ms / 1000 if action else SNACK_S
        self._snack_end = Clock.schedule_once(lambda _: self.hush(), lasts_s)

    def hush(self) -> None:
        """Take the sentence away."""
        self.snack_text = self.snack_action = ""

    def finished(self) -> None:
        """Go back to the list after a stop; the finish can be undone for ten seconds."""
        self.go("tour")
        self.tell(texts.FINISHED, action=texts.UNDO.say(self.flow.language))

    def undo(self) -> None:
        """Take the last finish back and show its stop."""
        self.hush()
        if self.attempt(self.flow.undo):
            self.go("stop")
        else:
            self.root.current_screen.refresh()

    def leave_as_signed(self) -> None:
        """Drop a correction that is not signed, and go back to the list."""
        if self.attempt(self.flow.leave_as_signed):
            self.go("tour")
            self.tell(texts.LEFT_AS_SIGNED)

    def photograph(self, line_id: str = "") -> None:
        """Take a photo, and say so."""
        if self.attempt(lambda: self._take_photo(line_id)):
            self.refresh_sync()

    def ask_number(self, title: str, present: int | None, accepted: Callable[[int], None]) -> None:
        """Open the number pad for a quantity; accepted untouched it stays the present one, if any."""
        self._ask(title, present, accepted, is_money=False)

    def ask_amount(self, title: str, present_cents: int | None, accepted: Callable[[int], None]) -> None:
        """Open the number pad for an amount, typed in cents; accepted untouched it stays the present one, if any."""
        self._ask(title, present_cents, accepted, is_money=True)

    def prefer(self, preferences: Preferences) -> None:
        """Keep and show how this driver likes the screens."""
        self.flow.prefer(preferences)
        self._follow(preferences)
        self.refresh_sync()

    def refresh_sync(self) -> None:
        """Show how far the sync is."""
        self.sync_view = self.flow.show_sync()

    def show(self, work: Callable[[], Any]) -> None:
        """Show something; what cannot be shown is said in words, and the app goes on."""
        try:
            work()
        except Problem as problem:
            self.tell(problem.detail, tone="danger")
        except Exception:  # noqa: BLE001 - whatever it is, a driver at a door keeps the app
            _log.exception("not shown")
            self.tell(texts.NOT_SHOWN, tone="danger")

    def synced(self) -> None:
        """Show what a round of sync changed, on the screens that tell of it; it never ends the app."""
        self.show(self._show_round)

    def _show_round(self) -> None:
        self.refresh_sync()
        if self.root.current == "empty":
            self.enter()
        elif self.root.current_screen.is_stale:
            self._drop_question()
            self.enter()  # what was checked or counted was about another run
        elif self.root.current == "ending":
            self.root.current_screen.refresh()
        elif self.root.current in ("tour", "outbox") and not self.flow.has_run:
            self.go("empty")  # it is over, and the office took it off
        elif self.root.current == "tour" and self.flow.move_on():
            self.enter()
        elif self.root.current in ("tour", "outbox"):
            self.root.current_screen.refresh()
        elif self.root.current == "signed" and self.flow.show_signed() != self.root.current_screen.shown:
            self.root.current_screen.refresh()  # the office has it now
        elif self.root.current == "stop" and self.flow.show_stop() != self.root.current_screen.shown:
            self.root.current_screen.refresh()  # the office changed it while it is counted

    def say(self, sentence: Text, _language: str) -> str:
        """Return a sentence in the driver's language; kv passes the language to be told when it changes."""
        return sentence.say(self.flow.language)

    def tone_ink(self, tone: str, _theme: str) -> list[float]:
        """Return a tone's text colour; kv passes the theme's name to be told when it changes."""
        return theme.tone(tone)[0]

    def tone_ground(self, tone: str, _theme: str) -> list[float]:
        """Return a tone's ground."""
        return theme.tone(tone)[1]

    def _take_photo(self, line_id: str) -> None:
        if self.flow.photograph(line_id):
            self.tell(texts.PHOTO_TAKEN)
        else:
            self.tell(texts.NO_CAMERA, tone="warn")

    def _ask(self, title: str, present: int | None, accepted: Callable[[int], None], *, is_money: bool) -> None:
        def show(typed: str) -> str:
            number = int(typed) if typed else present
            if number is None:
                return "–"
            return words.money(number, self.flow.language) if is_money else str(number)

        dialog = NumberDialog(title=title, shown=show(""), present=present, accepted=accepted)
        pad = dialog.ids.pad
        pad.limit = 9 if is_money else 6
        pad.bind(text=lambda _, typed: setattr(dialog, "shown", show(typed)))
        dialog.open(animation=False)
        self._question = dialog

    def _drop_question(self) -> None:
        """Close a number pad that asks about what is no longer shown; nothing is taken from it."""
        if self._question is not None:
            self._question.dismiss(animation=False)
            self._question = None

    def _follow(self, preferences: Preferences) -> None:
        theme.apply(preferences.theme)
        self.language = preferences.language
        self.left_handed = preferences.left_handed
        try:
            known = self.flow.tablet.enrolment
        except NotEnrolled as problem:
            self.driver_line = problem.title.say(preferences.language)
        else:
            self.driver_line = f"{known.driver_name} · {known.carrier_name}"


def _no_office(*_: Any) -> Any:
    raise NothingOpen(Text("Aucun bureau n’est réglé.", "No office is set."))


def load_rules() -> None:
    """Load each kv file, once in the life of the process: twice would double every rule."""
    for label in ("kit", *_SCREENS):
        if label not in _loaded:
            _loaded.add(label)
            Builder.load_file(str(_FOLDER / f"{label}.kv"))
