"""Vides et consignes: what the truck takes back."""

from __future__ import annotations

from kivy.properties import NumericProperty, ObjectProperty, StringProperty

from driver_app.ui.kit import Card
from driver_app.ui.screen import TabletScreen
from driver_app.viewmodels.details import ContainerView


class ContainerCard(Card):
    """One class of empties with its stepper."""

    item = ObjectProperty(None, allownone=True, rebind=True)
    returned = NumericProperty(0)
    at = StringProperty("")
    screen = ObjectProperty(None, allownone=True)

    def count(self, returned: int) -> None:
        """Set how many come back."""
        self.screen.count(self.item, returned)

    def type(self, returned: int) -> None:
        """Open the number pad."""
        self.screen.app.ask_number(self.item.title, returned, self.count)


class ContainersScreen(TabletScreen):
    """Counts by class and owner."""

    back_to = "stop"

    def refresh(self) -> None:
        """Lay the classes out."""
        self.shown = self.flow.show_containers()
        self.ids.cards.clear_widgets()
        for at, item in enumerate(self.shown):
            self.ids.cards.add_widget(ContainerCard(item=item, returned=item.returned, at=str(at), screen=self))

    def count(self, item: ContainerView, returned: int) -> None:
        """Set one class, the others as they are."""
        counts = {(other.container_class, other.owner_id): other.returned for other in self.shown}
        counts[item.container_class, item.owner_id] = returned
        self.app.attempt(lambda: self.flow.take_back(counts))
        self.refresh()
