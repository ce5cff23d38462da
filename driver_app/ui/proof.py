"""Preuve: what was delivered, read by the signer, and the signature."""

from __future__ import annotations

from kivy.metrics import dp
from kivy.properties import BooleanProperty, StringProperty

from driver_app.ui.kit import Btn, PairRow
from driver_app.ui.screen import TabletScreen
from driver_app.viewmodels import texts


class ProofScreen(TabletScreen):
    """Name, signature, finish."""

    back_to = "stop"
    who = StringProperty("")
    hint = StringProperty("")
    can_finish = BooleanProperty(defaultvalue=False)

    def refresh(self) -> None:
        """Show the statement; the signature starts empty."""
        self.shown = self.flow.show_proof()
        self.who = self.app.typed_name or self.shown.default_name
        self.app.typed_name = ""
        self.ids.pad.clear()
        self._fill_rows()
        self._fill_recipients()
        self.weigh()

    def choose(self, name: str) -> None:
        """Say who signs."""
        self.who = name
        self._fill_recipients()
        self.weigh()

    def weigh(self) -> None:
        """Say whether the delivery can be finished, and what is missing."""
        signed = bool(self.who) and self.ids.pad.is_signed
        self.can_finish = signed or self._is_unsigned
        hint = texts.SIGN_HERE if self.who else texts.CHOOSE_NAME
        self.hint = hint.say(self.flow.language)

    def erase(self) -> None:
        """Begin the signature again."""
        self.ids.pad.clear()
        self.weigh()

    def finish(self) -> None:
        """Seal the visit and go back to the list."""
        signing = None if self._is_unsigned else self.ids.pad.signing(self.who, "")
        if self.app.attempt(lambda: self.flow.finish(signing, self.shown.seen)):
            self.app.finished()
        elif self.flow.draft.has_changed or self.flow.show_proof().seen != self.shown.seen:
            self.app.go("stop")

    @property
    def _is_unsigned(self) -> bool:
        return bool(self.shown.may_finish_unsigned) and not self.ids.pad.is_signed

    @property
    def _chip_height(self) -> float:
        return float(dp(64) * max(1.0, self.app.font_scale))

    def _fill_rows(self) -> None:
        self.ids.rows.clear_widgets()
        for row in self.shown.rows:
            self.ids.rows.add_widget(
                PairRow(left=row.left, right=row.right, kind=row.kind, is_exception=row.is_exception)
            )

    def _fill_recipients(self) -> None:
        self.ids.recipients.clear_widgets()
        names = list(dict.fromkeys((*self.shown.recipients, *([self.who] if self.who else []))))
        for at, name in enumerate(names):
            self.ids.recipients.add_widget(self._chip(name, f"who-{at}"))
        other = Btn(
            text=texts.OTHER_NAME.say(self.flow.language), icon="pen", test_id="who-other", height=self._chip_height
        )
        other.bind(on_release=lambda _: self.app.go("name"))
        self.ids.recipients.add_widget(other)

    def _chip(self, name: str, test_id: str) -> Btn:
        chosen = name == self.who
        chip = Btn(
            text=name,
            icon="check" if chosen else "person",
            kind="chosen" if chosen else "plain",
            test_id=test_id,
            code=name,
            height=self._chip_height,
        )
        chip.bind(on_release=lambda pressed: self.choose(pressed.code))
        return chip
