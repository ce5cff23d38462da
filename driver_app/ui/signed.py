"""Signé: what was signed at a finished stop, and the way to correct it."""

from __future__ import annotations

from kivy.properties import BooleanProperty

from driver_app.ui.kit import PairRow
from driver_app.ui.screen import TabletScreen


class SignedScreen(TabletScreen):
    """Looking changes nothing; the second touch of « Corriger » opens the stop again."""

    is_armed = BooleanProperty(defaultvalue=False)

    def refresh(self) -> None:
        """Show what was signed."""
        self.is_armed = False
        self.shown = self.flow.show_signed()
        self.ids.rows.clear_widgets()
        for row in self.shown.rows:
            self.ids.rows.add_widget(
                PairRow(left=row.left, right=row.right, kind=row.kind, is_exception=row.is_exception)
            )

    def correct(self) -> None:
        """Ask once more, then open the stop to correct it."""
        if not self.is_armed:
            self.is_armed = True
            return
        self.is_armed = False
        if self.app.attempt(self.flow.correct):
            self.app.go("stop")
