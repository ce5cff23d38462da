"""A delivery told by hand of an order whose run's papers were made: the rates are those of the day that is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from server.core.transaction import transaction
from server.orders import service as orders
from server.parties import service as parties
from server.planning.model import Run
from shared.ids import new_id
from shared.states import RunState
from tests.factories.corrections import assert_books_agree, billed, delivery_of, office, only_order
from tests.factories.hand_tablet import Yard
from tests.factories.world import RUN_DAY, Deal, stamp

UNREGISTERED = Deal(registered=False)


def left_without_tablet(yard: Yard) -> None:
    """Let the run leave, and be closed without its tablet."""
    with transaction(yard.world.carrier_id) as session:
        (order,) = orders.hold_all(session, order_ids=[only_order(yard)])
        orders.mark_shipped(session, order=order, stamp=stamp())
        session.get_one(Run, yard.run_id).state = RunState.CLOSED


@pytest.mark.parametrize("days_later", [0, 1])
def test_a_delivery_told_by_hand_has_the_rates_of_its_day(make_day: Callable[..., Yard], days_later: int) -> None:
    """T8, R016, C1: its provisional invoice was made for the planned day; the tax date is the day of the delivery."""
    yard = make_day(UNREGISTERED)
    order_id = only_order(yard)
    with transaction(yard.world.seller.id) as session:
        begins_on = RUN_DAY + timedelta(days=1)
        number = "123452220 RT0001"
        parties.register_tax(session, tax_code="gst", number=number, valid_from=begins_on, stamp=stamp())
    left_without_tablet(yard)
    on = RUN_DAY + timedelta(days=days_later)
    said = {"key": str(new_id()), "words": "Tablette perdue; le client confirme.", "delivered_on": on.isoformat()}
    answer = office(yard).post(f"/api/v1/orders/{order_id}/deliver", json=said)
    assert answer.status_code == 200, answer.json
    delivery = delivery_of(yard, order_id)
    goods_cents = sum(line.ordered * cents for line, cents in zip(delivery.lines, (4250, 18900), strict=True))
    deposits_cents = delivery.lines[0].ordered * 240 + delivery.lines[1].ordered * 3000
    assert billed(delivery) == deposits_cents + goods_cents + days_later * round(goods_cents * 0.05)
    assert_books_agree(yard, order_id)
