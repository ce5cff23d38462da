"""What sellers are told of an event that was set aside after its proof."""

from __future__ import annotations

from server.orders.model import Order
from server.parties.model import BillingType
from server.sync.jobs import news_of_set_aside
from server.sync.model import EventDecision
from shared.ids import new_id


def test_an_event_set_aside_anew_after_a_restore_is_news() -> None:
    """G5, docs/webhooks.md: what a person did before and does again, perhaps for another reason, has another key."""
    order, event_id = Order(id=new_id(), number="BC-1", billing_type=BillingType.PLATFORM), new_id()
    first, again = (EventDecision(id=new_id(), event_id=event_id, reason=said) for said in ("Doublon", "Erreur"))
    assert news_of_set_aside(first, order).key == news_of_set_aside(first, order).key
    assert news_of_set_aside(first, order).key != news_of_set_aside(again, order).key
