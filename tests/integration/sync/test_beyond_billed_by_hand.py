"""What was accepted beyond an order that nobody settled: billed once, with the order, by hand; its goods moved once."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from server.core.transaction import transaction
from server.delivery.model import Delivery
from server.fulfilment.service.leaving import take_off_run
from server.orders.model import Order
from server.parties.model import BillingType, DeliverWith, Emission
from server.receivables.audit import book_faults
from server.stock.model import StockPlace
from shared.delivered_line import DeliveredLine
from shared.pricing import price_extra
from shared.states import OrderState
from tests.factories.corrections import (
    assert_supplements_billed,
    billed,
    delivery_of,
    goods_at,
    lent_containers,
    supplement_units,
)
from tests.factories.hand_tablet import Yard
from tests.factories.order_doors import API, answered
from tests.factories.world import ADJUST, Deal, stamp
from tests.integration.sync.test_who_bills_changed import (
    bill_by_hand,
    bill_otherwise,
    first_order,
    issuer,
    questions,
)

PLATFORM, EXTERNAL, AGENT = BillingType.PLATFORM, BillingType.EXTERNAL, BillingType.AGENT
BEYOND = 2
OTHER = Deal(emission=Emission.MANUAL, deliver_with=DeliverWith.PO)


def delivered_beyond(make_day: Callable[..., Yard], deal: Deal, now: BillingType) -> tuple[Yard, Delivery]:
    """Return a yard whose order was signed for with two cases more, and is billed by another than the terms say."""
    yard = make_day(deal, OTHER)
    with transaction(yard.world.carrier_id) as session:
        take_off_run(session, run_id=yard.run_id, order_id=UUID(first_order(yard).order_id), stamp=stamp())
    bill_otherwise(yard, now)
    line = first_order(yard).goods.lines[0]
    counted = {line.line_id: DeliveredLine(line.line_id, line.quantity, line.quantity, extra=BEYOND)}
    yard.tablet.visit(yard.tablet.stop(), counted=counted)
    assert yard.tablet.push()["results"][0]["status"] == "applied"
    return yard, delivery_of(yard, first_order(yard).order_id)


def supplements(yard: Yard, delivery: Delivery) -> list[Order]:
    """Return the orders of what was accepted beyond the delivery's order."""
    with transaction(yard.world.seller.id) as session:
        made = select(Order).where(Order.supplement_of_id == delivery.order_id).options(selectinload(Order.lines))
        found = list(session.scalars(made))
        session.expunge_all()
        return found


@pytest.mark.parametrize(("left", "now"), [(EXTERNAL, PLATFORM), (PLATFORM, AGENT), (AGENT, PLATFORM)])
def test_what_was_accepted_beyond_is_billed_with_its_order(
    make_day: Callable[..., Yard], left: BillingType, now: BillingType
) -> None:
    """R003, R023, C28, ADR 0060: the bill by hand makes the order of what is beyond it, too; no goods move again."""
    yard, delivery = delivered_beyond(make_day, Deal(billing_type=left, names_agent=True), now)
    assert (supplements(yard, delivery), len(questions(yard))) == ([], 1)
    assert "commande supplémentaire" in questions(yard)[0]
    goods = goods_at(yard.world.seller.id, StockPlace.CUSTOMER)
    lent = lent_containers(yard, yard.world.buyer.id)
    made = bill_by_hand(yard, issuer(yard, now))
    [beyond] = supplements(yard, delivery)
    seen = first_order(yard)
    assert supplement_units(yard.world.seller.id, delivery.order_id) == BEYOND
    assert beyond.issuer_id == UUID(made["issuer_id"])
    if left is not EXTERNAL:
        signed = price_extra(seen.goods, seen.prices, {seen.goods.lines[0].line_id: BEYOND})
        assert (beyond.total_cents, delivery.shown_supplement_cents) == (signed.total_cents, signed.total_cents)
    assert beyond.state is OrderState.DELIVERED
    assert_billed_by(beyond.issuer_id, delivery)
    assert goods_at(yard.world.seller.id, StockPlace.CUSTOMER) == goods
    assert lent_containers(yard, yard.world.buyer.id) == lent


def assert_billed_by(issuer_id: UUID | None, delivery: Delivery) -> None:
    """Its supplements are billed to the cent by who bills the order now, and its books agree."""
    assert issuer_id is not None
    delivery.issuer_id = issuer_id
    assert_supplements_billed(delivery)
    assert billed(delivery) > 0
    with transaction(issuer_id) as session:
        assert list(book_faults(session, issuer_id=issuer_id)) == []


def test_asked_twice_it_is_made_once(make_day: Callable[..., Yard]) -> None:
    """R042, law 19: the same command gives the same invoice, and one order of what is beyond it."""
    yard, delivery = delivered_beyond(make_day, Deal(billing_type=EXTERNAL), PLATFORM)
    client = issuer(yard, PLATFORM)
    path = f"{API}/{delivery.order_id}/invoice"
    first, second = (answered(client.post(path)) for _ in range(2))
    assert first["id"] == second["id"]
    assert len(supplements(yard, delivery)) == 1


def test_what_is_billed_by_hand_alone_waits_on_its_own_page(make_day: Callable[..., Yard]) -> None:
    """R002, R023: an order whose invoices are made by hand gets a supplement that is billed by hand as well."""
    yard, delivery = delivered_beyond(make_day, Deal(billing_type=EXTERNAL, emission=Emission.MANUAL), PLATFORM)
    client = issuer(yard, PLATFORM)
    bill_by_hand(yard, client)
    [beyond] = supplements(yard, delivery)
    assert beyond.number in client.get(f"/commandes/{delivery.order_id}").text
    assert answered(client.post(f"{API}/{beyond.id}/invoice"))["total_cents"] == beyond.total_cents
    assert_supplements_billed(delivery)


def test_what_was_settled_gets_no_second_supplement(make_day: Callable[..., Yard]) -> None:
    """Law 19: a delivery that was settled made its supplement; voided and billed again, there is one as before."""
    yard = make_day(ADJUST)
    line = yard.tablet.stop().orders[0].goods.lines[0]
    yard.tablet.visit(
        yard.tablet.stop(),
        counted={line.line_id: DeliveredLine(line.line_id, line.quantity, line.quantity, extra=BEYOND)},
    )
    yard.tablet.push()
    delivery = delivery_of(yard, first_order(yard).order_id)
    client = issuer(yard, PLATFORM)
    standing = answered(client.post(f"{API}/{delivery.order_id}/invoice"))
    answered(client.post(f"/api/v1/invoices/{standing['id']}/void", json={"reason": "Erreur"}))
    answered(client.post(f"{API}/{delivery.order_id}/invoice"))
    assert len(supplements(yard, delivery)) == 1
    assert_supplements_billed(delivery)
