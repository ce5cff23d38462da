"""Orders come to be, with frozen prices and numbers."""

from __future__ import annotations

from uuid import uuid4

import pytest

from server.core.problems import Forbidden
from server.core.transaction import transaction
from server.orders import queries
from server.orders import service as orders
from server.parties.service import NoRelation
from shared.states import OrderState
from tests.factories.world import CREDIT, Deal, items_of, make_order, make_world, read_order, stamp

pytestmark = pytest.mark.usefixtures("database")


def test_an_order_is_numbered_by_its_seller_and_priced_with_taxes_and_deposits() -> None:
    """R038, R050, R052: lines from formats, GST 5 % and QST 9.975 % on the net, deposits apart."""
    world = make_world()
    first, second = make_order(world), make_order(world, cases=1, kegs=0)
    order = read_order(first, acting=world.seller.id)
    assert order.number == "BR1-C-2026-000001"
    assert read_order(second, acting=world.seller.id).number == "BR1-C-2026-000002"
    assert order.net_cents == 4 * 4250 + 18900
    assert order.tax_cents == 1795 + 3581
    assert order.deposit_cents == 4 * 24 * 10 + 3000
    assert order.total_cents == order.net_cents + order.tax_cents + order.deposit_cents


def test_buyer_and_carrier_read_the_order_and_a_stranger_does_not() -> None:
    """R034: four parties; nobody else."""
    world = make_world([CREDIT, CREDIT])
    order_id = make_order(world)
    for org_id in (world.carrier_id, world.buyer.id, world.seller.id):
        assert read_order(order_id, acting=org_id).state is OrderState.ACCEPTED
    with pytest.raises(Exception, match="not-found"):
        read_order(order_id, acting=world.sellers[1].id)


def test_without_a_relation_there_is_no_order() -> None:
    """R027: no active relation between seller and buyer is a 403."""
    world = make_world()
    with pytest.raises(NoRelation) as refused, transaction(acting=world.seller.id) as session:
        orders.create_order(
            session,
            parties_of=orders.OrderParties(
                seller_id=world.seller.id, buyer_id=uuid4(), site_id=world.buyer.site_id, carrier_id=world.carrier_id
            ),
            items=items_of(world.seller, cases=1),
            stamp=stamp(),
        )
    assert refused.value.status == 403


def test_only_a_party_of_the_order_creates_it() -> None:
    """R035: a stranger to the order cannot make it."""
    world = make_world([CREDIT, CREDIT])
    with pytest.raises(Forbidden), transaction(acting=world.sellers[1].id) as session:
        orders.create_order(
            session,
            parties_of=orders.OrderParties(
                seller_id=world.seller.id,
                buyer_id=world.buyer.id,
                site_id=world.buyer.site_id,
                carrier_id=world.carrier_id,
            ),
            items=items_of(world.seller, cases=1),
            stamp=stamp(),
        )


def test_the_buyer_orders_and_the_maker_is_recorded() -> None:
    """R035, R036: the retailer makes the order for itself; the seller owns it."""
    world = make_world()
    with transaction(acting=world.buyer.id) as session:
        order = orders.create_order(
            session,
            parties_of=orders.OrderParties(
                seller_id=world.seller.id,
                buyer_id=world.buyer.id,
                site_id=world.buyer.site_id,
                carrier_id=world.carrier_id,
            ),
            items=items_of(world.seller, cases=2),
            stamp=stamp(),
        )
    assert (order.owner_id, order.created_for_id) == (world.seller.id, world.buyer.id)
    assert order.state is OrderState.DRAFT


@pytest.mark.parametrize("quantity", [0, -1, 100_001])
def test_a_quantity_out_of_bounds_is_refused(quantity: int) -> None:
    """R050: a line is a format and a sensible quantity; nothing is half-written."""
    world = make_world()
    with pytest.raises(orders.BadOrder), transaction(acting=world.seller.id) as session:
        orders.create_order(
            session,
            parties_of=orders.OrderParties(
                seller_id=world.seller.id,
                buyer_id=world.buyer.id,
                site_id=world.buyer.site_id,
                carrier_id=world.carrier_id,
            ),
            items=[orders.OrderItem(format_id=world.seller.case_id, quantity=quantity)],
            stamp=stamp(),
        )
    assert read_order(make_order(world), acting=world.seller.id).number.endswith("000001")


def test_a_seller_without_registration_charges_no_tax() -> None:
    """A seller may be unregistered: its orders have no tax lines."""
    world = make_world([Deal(registered=False)])
    assert read_order(make_order(world), acting=world.seller.id).tax_cents == 0


def test_the_timeline_tells_each_step_to_every_party() -> None:
    """R053: audit entries of the order, for its parties."""
    world = make_world()
    order_id = make_order(world)
    with transaction(acting=world.buyer.id) as session:
        kinds = [entry.kind for entry in queries.timeline(session, order_id=order_id)]
    assert sorted(kinds) == ["accepted", "created", "submitted"]
