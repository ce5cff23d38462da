"""Inscrire: the dispatcher's one-time code, typed."""

from __future__ import annotations

from typing import Final

from kivy.properties import BooleanProperty, StringProperty

from driver_app.ui.screen import TabletScreen
from driver_app.viewmodels import texts
from shared.problems import Problem

CODE_DIGITS: Final = 32
_GROUP: Final = 4


class EnrolScreen(TabletScreen):
    """Types 32 digits and asks the office; what went wrong is told, and the code stays."""

    back_to = "empty"
    code = StringProperty("")
    grouped = StringProperty("…")
    is_asking = BooleanProperty(defaultvalue=False)

    def refresh(self) -> None:
        """Start empty."""
        self.ids.pad.text = ""
        self.is_asking = False

    def type(self, typed: str) -> None:
        """Keep what was typed, as far as a code goes, and show it in groups."""
        self.code = typed.lower()[:CODE_DIGITS]
        self.ids.pad.text = self.code
        groups = (self.code[at : at + _GROUP] for at in range(0, len(self.code), _GROUP))
        self.grouped = " ".join(groups).upper() or "…"

    def redeem(self) -> None:
        """Ask the office, without holding the screen."""
        self.is_asking = True
        self.app.redeem(self.code, self.ended)

    def ended(self, problem: Problem | None) -> None:
        """Go on to the NIP, or say what was wrong."""
        self.is_asking = False
        if problem is not None:
            self.app.tell(problem.detail, tone="danger")
            return
        self.app.enrolled()
        self.app.tell(texts.ENROLLED)
