"""Goods and containers: nothing appears, nothing vanishes."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from server.core.transaction import transaction
from server.stock import queries
from server.stock import service as stock
from server.stock.model import ContainerEntry, StockPlace
from shared.ids import new_id
from tests.factories.world import make_world, stamp

pytestmark = pytest.mark.usefixtures("database")


def test_containers_move_between_accounts_that_sum_to_zero() -> None:
    """Law 20, C30: accounts are (holder, owner, class); the same movement twice moves once."""
    world = make_world()
    kegs, out, back = world.seller.keg_class_id, new_id(), new_id()
    with transaction(acting=world.carrier_id) as session:
        for movement_id, source, target, quantity in (
            (out, world.seller.id, world.buyer.id, 5),
            (back, world.buyer.id, world.seller.id, 3),
            (back, world.buyer.id, world.seller.id, 3),
        ):
            stock.move_containers(
                session,
                class_owner_id=world.seller.id,
                class_id=kegs,
                from_holder_id=source,
                to_holder_id=target,
                quantity=quantity,
                movement_id=movement_id,
                stamp=stamp(),
            )
    with transaction(acting=world.seller.id) as session:
        assert queries.container_balance(session, class_id=kegs, holder_id=world.buyer.id) == 2
        assert session.scalar(select(func.sum(ContainerEntry.quantity))) == 0


def test_goods_move_once_for_each_cause() -> None:
    """Movements of one cause are summed by format and ends, and written once."""
    world = make_world()
    case, cause = world.seller.case_id, new_id()
    moves = [
        stock.GoodsMove(format_id=case, quantity=quantity, source=StockPlace.MADE, target=StockPlace.WAREHOUSE)
        for quantity in (3, 4)
    ]
    for _ in range(2):
        with transaction(acting=world.carrier_id) as session:
            stock.move_goods(session, seller_id=world.seller.id, moves=moves, cause_id=cause, stamp=stamp())
    with transaction(acting=world.seller.id) as session:
        assert queries.on_hand(session, format_ids=[case]) == {case: 7}
        assert queries.on_hand(session, format_ids=[case], place=StockPlace.MADE) == {case: -7}


@pytest.mark.parametrize("quantity", [0, -1])
def test_a_movement_of_nothing_is_refused(quantity: int) -> None:
    """Bad input: a clear problem."""
    world = make_world()
    with pytest.raises(stock.BadMove), transaction(acting=world.seller.id) as session:
        stock.move_containers(
            session,
            class_owner_id=world.seller.id,
            class_id=world.seller.keg_class_id,
            from_holder_id=world.seller.id,
            to_holder_id=world.buyer.id,
            quantity=quantity,
            movement_id=new_id(),
            stamp=stamp(),
        )
