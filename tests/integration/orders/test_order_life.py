"""What happens to an order before its goods leave."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import inspect

from server.core.problems import Conflict, Forbidden
from server.core.transaction import transaction
from server.orders import queries
from server.orders import service as orders
from server.orders.pricing import goods_of, prices_of
from server.parties.model import BillingType
from server.stock import service as stock
from server.stock.model import StockPlace
from shared.ids import new_id
from shared.lifecycle import IllegalMove
from shared.pricing import price_extra
from shared.states import BillingState, OrderState
from tests.factories.world import AGENT, EXTERNAL, World, items_of, make_order, make_world, read_order, stamp

pytestmark = pytest.mark.usefixtures("database")


def act(world: World, verb, order_id: UUID, *, acting: UUID | None = None, **options) -> None:
    """Run one verb on an order as its seller, or as somebody else."""
    with transaction(acting=acting or world.seller.id) as session:
        verb(session, order=queries.order(session, order_id=order_id), stamp=stamp(), **options)


def test_an_edited_order_is_priced_again_and_restored_to_the_byte() -> None:
    """R063, R065, R066: edits keep the order pending; restore gives every column of order and lines back."""
    world = make_world()
    order_id = make_order(world, accepted=False)
    submitted = read_order(order_id, acting=world.seller.id)
    act(world, orders.revise, order_id, items=items_of(world.seller, cases=1), document_discount_cents=100)
    edited = read_order(order_id, acting=world.seller.id)
    assert (edited.state, edited.net_cents, edited.revision) == (OrderState.PENDING, 4250 - 100, 2)
    act(world, orders.choose_billing, order_id, billing_type=BillingType.EXTERNAL, one_invoice_a_stop=None)
    act(world, orders.restore, order_id)
    restored = read_order(order_id, acting=world.seller.id)
    assert (submitted.revision, restored.revision) == (1, 4)
    assert row_of(restored) | {"revision": 1} == row_of(submitted)
    assert [row_of(line) for line in restored.lines] == [row_of(line) for line in submitted.lines]


def row_of(one: object) -> dict:
    """Return every column of a row, whatever the product keeps a copy of."""
    return {column.key: getattr(one, column.key) for column in inspect(type(one)).column_attrs}


def test_taxes_and_deposits_may_be_removed_and_it_is_logged() -> None:
    """R052: both apply by default; the seller removes them from one order."""
    world = make_world()
    order_id = make_order(world, accepted=False)
    act(world, orders.revise, order_id, items=items_of(world.seller, cases=1), taxed=False, with_deposits=False)
    order = read_order(order_id, acting=world.seller.id)
    assert (order.tax_cents, order.deposit_cents, order.total_cents) == (0, 0, 4250)


@pytest.mark.parametrize("verb", ["revise", "restore", "cancel", "reject", "accept"])
def test_the_retailer_changes_nothing_after_creation(verb: str) -> None:
    """R045: edit and cancel by the retailer are 403 in every state."""
    world = make_world()
    order_id = make_order(world, accepted=False)
    options = {
        "revise": {"items": items_of(world.seller, cases=1)},
        "cancel": {"reason": "x"},
        "reject": {"reason": "x"},
    }
    with pytest.raises(Forbidden):
        act(world, getattr(orders, verb), order_id, acting=world.buyer.id, **options.get(verb, {}))


def test_a_shipped_or_invoiced_order_is_not_edited() -> None:
    """R043, R057: 409."""
    world = make_world()
    order_id = make_order(world)
    act(world, orders.mark_shipped, order_id)
    with pytest.raises(Conflict):
        act(world, orders.revise, order_id, items=items_of(world.seller, cases=1))


def test_rejected_and_cancelled_orders_are_over() -> None:
    """Section 4: terminal states."""
    world = make_world()
    rejected, cancelled = make_order(world, accepted=False), make_order(world)
    act(world, orders.reject, rejected, reason="Rupture")
    act(world, orders.cancel, cancelled, reason="Doublon")
    for order_id in (rejected, cancelled):
        with pytest.raises(IllegalMove):
            act(world, orders.accept, order_id)


def test_the_issuer_is_named_at_acceptance() -> None:
    """C28: the seller, or the billing agent of the agreement, who may read the order and its lines from then on."""
    world = make_world([AGENT])
    pending, accepted = make_order(world, accepted=False), make_order(world)
    assert read_order(pending, acting=world.seller.id).issuer_id is None
    assert read_order(accepted, acting=world.carrier_id).issuer_id == world.carrier_id


def test_the_billing_type_may_be_chosen_at_acceptance() -> None:
    """R012: at approval."""
    world = make_world()
    order_id = make_order(world, accepted=False)
    act(world, orders.accept, order_id, billing_type=BillingType.EXTERNAL)
    order = read_order(order_id, acting=world.seller.id)
    assert (order.billing_type, order.deliver_with.value) == (BillingType.EXTERNAL, "po")


def test_a_counted_format_must_be_in_stock() -> None:
    """C9: stock must cover what is accepted, what others reserved included."""
    world = make_world()
    with transaction(acting=world.seller.id) as session:
        from server.catalog.model import ProductFormat

        session.get_one(ProductFormat, world.seller.case_id).unlimited = False
        made = stock.GoodsMove(
            format_id=world.seller.case_id, quantity=5, source=StockPlace.MADE, target=StockPlace.WAREHOUSE
        )
        stock.move_goods(session, seller_id=world.seller.id, moves=[made], cause_id=new_id(), stamp=stamp())
    first, second = (make_order(world, cases=cases, accepted=False) for cases in (3, 3))
    act(world, orders.accept, first)
    with pytest.raises(orders.OutOfStock):
        act(world, orders.accept, second)
    act(world, orders.cancel, first, reason="Libère le stock")
    act(world, orders.accept, second)


def test_a_delivered_external_order_takes_its_outside_invoice_number() -> None:
    """R010: number and day of the invoice made elsewhere; other orders refuse it."""
    world = make_world([EXTERNAL])
    order_id = make_order(world)
    with pytest.raises(Conflict):
        act(world, orders.mark_invoiced_outside, order_id, number="F-1", on=stamp().at.date())
    act(world, orders.mark_shipped, order_id)
    act(world, orders.mark_delivered, order_id)
    act(world, orders.mark_invoiced_outside, order_id, number="F-1", on=stamp().at.date())
    assert read_order(order_id, acting=world.buyer.id).billing_state is BillingState.INVOICED_OUTSIDE


class MadeDelivery:
    """A delivery as the supplement sees it."""

    def __init__(self) -> None:
        self.id = new_id()
        self.delivered_at = stamp().at


def agreed_on(session, order, world):
    taxes = orders.tax_rules_for(session, issuer_id=world.seller.id, on=stamp().at.date())
    return goods_of(order), prices_of(order, taxes=taxes)


def test_what_was_taken_beyond_the_order_is_one_linked_order_at_its_prices() -> None:
    """R023: linked, delivered, priced as the pricing core says; the same delivery makes it once."""
    world = make_world()
    order_id, delivery = make_order(world), MadeDelivery()
    with transaction(acting=world.carrier_id) as session:
        order = queries.order(session, order_id=order_id)
        extras = {str(order.lines[0].id): 2}
        made_of = {"agreed": agreed_on(session, order, world), "extras": extras, "stamp": stamp()}
        made = orders.create_supplement(session, order=order, delivery=delivery, **made_of)
        again = orders.create_supplement(session, order=order, delivery=delivery, **made_of)
    assert again.id == made.id
    supplement = read_order(made.id, acting=world.buyer.id)
    assert (supplement.supplement_of_id, supplement.state) == (order_id, OrderState.DELIVERED)
    expected = price_extra(*made_of["agreed"], extras)
    assert supplement.total_cents == expected.total_cents


@pytest.mark.parametrize("extras", [{}, {"nobody": 1}])
def test_a_supplement_of_nothing_is_refused(extras: dict[str, int]) -> None:
    """R023: only lines of the order, in positive quantities."""
    world = make_world()
    order_id = make_order(world)
    with transaction(acting=world.carrier_id) as session:
        order = queries.order(session, order_id=order_id)
        agreed = agreed_on(session, order, world)
        with pytest.raises(orders.BadOrder):
            orders.create_supplement(
                session, order=order, delivery=MadeDelivery(), agreed=agreed, extras=extras, stamp=stamp()
            )
