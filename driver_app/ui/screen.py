"""What every screen has: a value that it shows, a refresh, and the driver's flow."""

from __future__ import annotations

from typing import Any

from kivy.app import App
from kivy.properties import ObjectProperty
from kivy.uix.screenmanager import Screen

from driver_app.flow import Flow


class TabletScreen(Screen):
    """A screen shows one value and does one action at a time."""

    shown = ObjectProperty(None, allownone=True, rebind=True)
    back_to = "tour"

    @property
    def app(self) -> Any:
        """The app that this screen belongs to."""
        return App.get_running_app()

    @property
    def flow(self) -> Flow:
        """The driver's session."""
        flow: Flow = self.app.flow
        return flow

    def on_pre_enter(self) -> None:
        """Show the present state, or say that it cannot be shown."""
        self.app.show(self.refresh)

    def refresh(self) -> None:
        """Read what is shown again."""

    @property
    def is_stale(self) -> bool:
        """Whether what is entered here is about a run that is not the driver's any more."""
        return False

    def go_back(self) -> None:
        """Leave without doing anything."""
        self.app.go(self.back_to)
