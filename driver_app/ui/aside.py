"""Mettre de côté: a log that can never go on, exported if need be, and a fresh tablet in its place."""

from __future__ import annotations

from pathlib import Path

from kivy.properties import BooleanProperty, StringProperty

from driver_app.actions.export_log import export_log
from driver_app.ui.kit import PairRow
from driver_app.ui.screen import TabletScreen
from driver_app.viewmodels import texts
from driver_app.viewmodels.aside import present_aside
from shared.problems import Problem


class AsideScreen(TabletScreen):
    """Says why, what is only here, and what happens; the second touch does it."""

    back_to = "help"
    why = StringProperty("")
    notice = StringProperty("")
    can_begin = BooleanProperty(defaultvalue=False)
    is_armed = BooleanProperty(defaultvalue=False)

    def refresh(self) -> None:
        """Read how the log stands."""
        self.is_armed = False
        self.shown = present_aside(self.flow.tablet, self.flow.language)
        self.why, self.notice, self.can_begin = self.shown.why, self.shown.notice, self.shown.can_begin
        self.ids.rows.clear_widgets()
        for left, right, is_exception in self.shown.rows:
            self.ids.rows.add_widget(PairRow(left=left, right=right, is_exception=is_exception))

    def export(self) -> None:
        """Write the log beside the store, for the office."""
        tablet, written = self.flow.tablet, list[Path]()
        if self.app.attempt(
            lambda: written.append(export_log(tablet, tablet.store.path.parent, self.flow.clock.now()))
        ):
            self.refresh()
            self.app.tell(texts.LOG_EXPORTED, more=f"\u00a0: {written[0].name}")

    def begin(self) -> None:
        """Ask once more, then the office whether it has all of it still, without holding the screen."""
        if not self.is_armed:
            self.is_armed = True
            return
        self.is_armed = self.can_begin = False
        self.app.confirm(self.ended)

    def ended(self, problem: Problem | None) -> None:
        """Lay the log aside and go on to the code, or say why not; whoever left the screen meanwhile wants neither."""
        if self.app.root.current != self.name:
            return
        if problem is not None:
            self.refresh()
            self.app.tell(problem.detail, tone="danger")
        elif self.app.attempt(self.app.begin_anew):
            self.app.go("enrol")
            self.app.tell(texts.ASIDE_DONE)
