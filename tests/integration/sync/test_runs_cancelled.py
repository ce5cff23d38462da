"""A run that its dispatcher cancels while its tablet is out of reach, and that is driven all the same."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import case, func, select

from server.core.transaction import transaction
from server.delivery.model import Discrepancy
from server.fulfilment.service.leaving import cancel_run, take_off_run
from server.planning import service as planning
from server.stock.model import StockMove, StockPlace
from shared.wire.bundle import BundleOrder
from tests.factories.hand_tablet import Yard
from tests.factories.world import stamp


def stock(order: BundleOrder) -> dict[StockPlace, int]:
    """Return what its seller's goods came to at each place, in sales units; places without any are left out."""
    with transaction(UUID(order.goods.seller_id)) as session:
        found = {}
        for place in StockPlace:
            came = case((StockMove.target == place, StockMove.quantity), else_=0)
            went = case((StockMove.source == place, StockMove.quantity), else_=0)
            units = session.scalar(select(func.sum(came - went)))
            if units:
                found[place] = int(units)
        return found


def test_goods_of_a_run_that_was_cancelled_after_it_left_come_off_the_warehouse(yard: Yard) -> None:
    """G3, section 4 (prête → annulée): what was delivered counts, no truck is left short, and a person is told."""
    stop = yard.tablet.stop()
    with transaction(yard.world.carrier_id) as session:
        for step in (planning.load_run, planning.ready_run):
            step(session, run_id=yard.run_id, stamp=stamp())
    with transaction(yard.world.carrier_id) as session:
        cancel_run(session, run_id=yard.run_id, stamp=stamp())
    yard.tablet.depart()
    yard.tablet.visit(stop)
    assert [one["status"] for one in yard.tablet.push()["results"]] == ["applied", "applied"]
    delivered = sum(line.quantity for line in stop.orders[0].goods.lines)
    assert stock(stop.orders[0]) == {StockPlace.WAREHOUSE: -delivered, StockPlace.CUSTOMER: delivered}
    with transaction(yard.world.carrier_id) as session:
        kinds = session.scalars(select(Discrepancy.kind)).all()
        assert kinds.count("run_cancelled") == 1


def test_goods_of_an_order_that_left_its_run_unheard_come_off_the_warehouse(yard: Yard) -> None:
    """G3: the tablet delivers what the office took off the run while it was out of reach."""
    stop = next(one for one in yard.tablet.run.stops if len({order.goods.seller_id for order in one.orders}) > 1)
    left = stop.orders[-1]
    with transaction(yard.world.carrier_id) as session:
        take_off_run(session, run_id=yard.run_id, order_id=UUID(left.order_id), stamp=stamp())
    yard.tablet.depart()
    yard.tablet.visit(stop)
    assert [one["status"] for one in yard.tablet.push()["results"]] == ["applied", "applied"]
    delivered = sum(line.quantity for line in left.goods.lines)
    assert stock(left) == {StockPlace.WAREHOUSE: -delivered, StockPlace.CUSTOMER: delivered}
