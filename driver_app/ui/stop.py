"""Arrêt: the lines with what was ordered, and the way to the signature."""

from __future__ import annotations

from typing import Any

from kivy.metrics import dp
from kivy.properties import BooleanProperty, NumericProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout

from driver_app.ui.kit import Btn
from driver_app.ui.screen import TabletScreen
from driver_app.viewmodels import texts
from driver_app.viewmodels.stop import RowView


class OrderRow(BoxLayout):
    """An order's heading: who sells, and the order's number."""

    title = StringProperty("")
    note = StringProperty("")


class LineRow(BoxLayout):
    """One line with its stepper."""

    line_id = StringProperty("")
    title = StringProperty("")
    note = StringProperty("")
    icon = StringProperty("case")
    quantity = NumericProperty(0)
    is_exception = BooleanProperty(defaultvalue=False)
    is_open = BooleanProperty(defaultvalue=False)
    at = StringProperty("")


class StopScreen(TabletScreen):
    """Everything is delivered until the driver says otherwise."""

    def refresh(self) -> None:
        """Show the draft."""
        self.shown = self.flow.show_stop()
        self._offer_to_leave()
        self.ids.lines.data = [_row(at, row, self.app.font_scale) for at, row in enumerate(self.shown.rows)]

    def _offer_to_leave(self) -> None:
        """Put the way back to what was signed under the note, while it is being corrected."""
        side = self.ids.side
        for button in [one for one in side.children if getattr(one, "test_id", "") == "leave-signed"]:
            side.remove_widget(button)
        if self.shown.is_correction:
            leave = Btn(text=texts.LEAVE_AS_SIGNED.say(self.flow.language), icon="undo", test_id="leave-signed")
            leave.bind(on_release=lambda _: self.app.leave_as_signed())
            side.add_widget(leave, index=len(side.children) - 1)

    def count(self, line_id: str, delivered: int) -> None:
        """Set a line's quantity."""
        self.app.attempt(lambda: self.flow.count(line_id, delivered))
        self.refresh()

    def step(self, line_id: str, delivered: int) -> None:
        """Count one more or one less; at a failed stop the first touch brings back what was counted, to step from."""
        if self.shown.is_failed:
            self.deliver_after_all()
        else:
            self.count(line_id, delivered)

    def deliver_after_all(self) -> None:
        """Take the failure back, and say so."""
        if self.app.attempt(lambda: self.flow.fail("")):
            self.app.tell(texts.FAILURE_TAKEN_BACK)
        self.refresh()

    def type(self, row: LineRow) -> None:
        """Open the number pad for a line; at a failed stop nothing is counted yet."""
        line_id, present = row.line_id, None if self.shown.is_failed else int(row.quantity)
        self.app.ask_number(row.title, present, lambda typed: self.count(line_id, typed))

    def go_on(self) -> None:
        """Go to what is still to be said, or to the signature."""
        self.app.go(self.shown.leads_to)

    def photograph(self) -> None:
        """Take a photo of the stop as a whole."""
        self.app.photograph()

    def call(self) -> None:
        """Call the shop."""
        if not self.flow.machine.handover.call(self.flow.stop.place.phone):
            self.app.tell(texts.NO_PHONE, tone="warn")

    def navigate(self) -> None:
        """Hand over to the navigation of the machine."""
        place = self.flow.stop.place
        self.flow.machine.handover.navigate(place.lat_e7, place.lon_e7, place.name)


def _row(at: int, row: RowView, font_scale: float) -> dict[str, Any]:
    if not row.line_id:
        size = dp(52) * max(1.0, font_scale)
        return {"viewclass": "OrderRow", "title": row.title, "note": row.note, "row_size": (None, size)}
    return {
        "viewclass": "LineRow",
        "line_id": row.line_id,
        "title": row.title,
        "note": row.note,
        "icon": row.icon,
        "quantity": row.quantity,
        "is_exception": row.is_exception,
        "is_open": row.is_open,
        "at": str(at),
        "row_size": (None, dp(96) * max(1.0, font_scale)),
    }
