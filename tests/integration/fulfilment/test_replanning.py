"""An order that nobody accepted can ride again."""

from __future__ import annotations

import pytest

from server.core.problems import Forbidden
from server.core.transaction import transaction
from server.fulfilment.service.orders import replan_order
from server.orders import queries as orders_read
from server.orders import service as orders
from shared.lifecycle import IllegalMove
from shared.lifecycles import OrderState
from tests.factories.world import RUN_DAY, make_order, make_world, read_order, stamp


@pytest.fixture
def refused(database):
    """An order that came back on the truck."""
    world = make_world()
    order_id = make_order(world)
    with transaction(world.carrier_id) as session:
        order = orders_read.order(session, order_id=order_id)
        orders.mark_planned(session, order=order, planned_on=RUN_DAY, stamp=stamp())
        orders.mark_shipped(session, order=order, stamp=stamp())
        orders.mark_not_delivered(session, order=order, stamp=stamp())
    return world, order_id


def test_the_carrier_puts_an_undelivered_order_back_to_plan(refused):
    """C27: not delivered → accepted, once."""
    world, order_id = refused
    with transaction(world.carrier_id) as session:
        replan_order(session, order=orders_read.order(session, order_id=order_id), stamp=stamp())
    assert read_order(order_id, acting=world.seller.id).state is OrderState.ACCEPTED
    with pytest.raises(IllegalMove), transaction(world.carrier_id) as session:
        replan_order(session, order=orders_read.order(session, order_id=order_id), stamp=stamp())


def test_the_buyer_does_not_replan(refused):
    """R045: the retailer changes nothing after the creation."""
    world, order_id = refused
    with pytest.raises(Forbidden), transaction(world.buyer.id) as session:
        replan_order(session, order=orders_read.order(session, order_id=order_id), stamp=stamp())
