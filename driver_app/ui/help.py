"""Aide et diagnostic: what this tablet is and how it feels, exportable for support."""

from __future__ import annotations

from pathlib import Path

import msgspec
from kivy.properties import BooleanProperty, StringProperty

from driver_app.actions.export_log import export_log
from driver_app.actions.lay_aside import log_standing
from driver_app.diagnostic import examine, export
from driver_app.ui.kit import PairRow
from driver_app.ui.screen import TabletScreen
from driver_app.viewmodels import texts


class HelpScreen(TabletScreen):
    """Checks of the store and keys, and the driver's preferences."""

    file = StringProperty("")
    is_over = BooleanProperty(defaultvalue=False)
    is_owed = BooleanProperty(defaultvalue=False)

    def refresh(self) -> None:
        """Examine the tablet."""
        self.shown = examine(self.flow.tablet, self.flow.language)
        standing = log_standing(self.flow.tablet)
        self.is_over, self.is_owed = standing.is_over, bool(standing.events or standing.files)
        self.ids.checks.clear_widgets()
        for check in self.shown:
            self.ids.checks.add_widget(PairRow(left=check.name, right=check.found, is_exception=not check.is_good))

        if waiting := self.app.old_logs():
            left = texts.OLD_LOGS.say(self.flow.language)
            self.ids.checks.add_widget(PairRow(left=left, right=str(waiting), is_exception=True))

    def go_back(self) -> None:
        """Go to the run, or to its start."""
        self.app.enter()

    def toggle_theme(self) -> None:
        """Change between light and dark."""
        theme = "light" if self.flow.preferences.theme == "dark" else "dark"
        self.app.prefer(msgspec.structs.replace(self.flow.preferences, theme=theme))

    def toggle_hand(self) -> None:
        """Put the main buttons at the other hand."""
        hand = not self.flow.preferences.left_handed
        self.app.prefer(msgspec.structs.replace(self.flow.preferences, left_handed=hand))

    def toggle_language(self) -> None:
        """Change between French and English."""
        language = "en" if self.flow.language == "fr" else "fr"
        self.app.prefer(msgspec.structs.replace(self.flow.preferences, language=language))
        self.refresh()

    def export(self) -> None:
        """Write the diagnostic beside the store."""
        path = export(self.flow.tablet, self.flow.clock.now(), self.flow.language)
        self.app.tell(texts.EXPORTED, more=f"\u00a0: {path.name}")

    def export_log(self) -> None:
        """Write beside the store, for the office, what cannot reach it by itself."""
        tablet, written = self.flow.tablet, list[Path]()
        if self.app.attempt(
            lambda: written.append(export_log(tablet, tablet.store.path.parent, self.flow.clock.now()))
        ):
            self.refresh()
            self.app.tell(texts.LOG_EXPORTED, more=f"\u00a0: {written[0].name}")
