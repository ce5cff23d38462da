"""Paiement: cash taken at the door, issuer by issuer."""

from __future__ import annotations

from kivy.properties import ObjectProperty, StringProperty

from driver_app.ui.kit import Card
from driver_app.ui.screen import TabletScreen
from driver_app.viewmodels.details import PaymentView


class PaymentCard(Card):
    """One issuer's amount: all of it, another amount, or nothing."""

    item = ObjectProperty(None, allownone=True, rebind=True)
    at = StringProperty("")
    screen = ObjectProperty(None, allownone=True)


class PaymentScreen(TabletScreen):
    """What is to be collected, and what was."""

    back_to = "stop"

    def refresh(self) -> None:
        """Lay the issuers out."""
        self.shown = self.flow.show_payment()
        self.ids.cards.clear_widgets()
        for at, item in enumerate(self.shown):
            self.ids.cards.add_widget(PaymentCard(item=item, at=str(at), screen=self))

    def collect(self, item: PaymentView, amount_cents: int) -> None:
        """Set the cash taken for one issuer; zero is nothing."""
        self.app.attempt(lambda: self.flow.collect(item.issuer_id, amount_cents))
        self.refresh()

    def type(self, item: PaymentView) -> None:
        """Open the number pad for an amount."""
        self.app.ask_amount(item.title, item.taken_cents, lambda cents: self.collect(item, cents))
