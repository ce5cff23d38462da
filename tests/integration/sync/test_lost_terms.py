"""An order was changed and driven, and the office was restored from before the change."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import psycopg
import pytest

from server.core.transaction import transaction
from server.orders import queries as orders_read
from server.orders import service as orders
from server.sync.service.bundles import build_bundle
from shared.wire.bundle import BundleRun
from tests.conftest import Database
from tests.factories.corrections import assert_books_agree, billed, delivery_of, office, only_order
from tests.factories.hand_tablet import Yard
from tests.factories.world import ADJUST, EXTERNAL, Deal, stamp


def revised(yard: Yard, units: int) -> BundleRun:
    """Let the seller change the first line of the order, send the run again, and return it."""
    with transaction(yard.world.seller.id) as session:
        order = orders_read.order(session, order_id=only_order(yard))
        items = [
            orders.OrderItem(
                line_id=line.id, quantity=line.quantity + (units if at == 0 else 0), discount_cents=line.discount_cents
            )
            for at, line in enumerate(order.lines)
        ]
        orders.revise(session, order=order, items=items, stamp=stamp())
    with transaction(yard.world.carrier_id) as session:
        return msgspec.json.decode(build_bundle(session, yard.run_id, stamp=stamp()).body, type=BundleRun)


@pytest.mark.parametrize("deal", [ADJUST, EXTERNAL], ids=["adjust", "external"])
def test_a_delivery_of_terms_that_a_restore_lost_is_applied_once_the_order_is_changed_again(
    make_day: Callable[..., Yard], database: Database, deal: Deal
) -> None:
    """G2, G6: nothing signed is lost: it waits, says what to do, and the same change gives the same terms."""
    yard = make_day(deal)
    tablet, order_id = yard.tablet, only_order(yard)
    tablet.run = revised(yard, 2)
    cited = tablet.stop().orders[0].terms_hash
    revised(yard, -2)
    with psycopg.connect(database.superuser_url.replace("+psycopg", "")) as connection:
        connection.execute("SET session_replication_role = replica")  # terms are written once
        gone = connection.execute("DELETE FROM terms WHERE hash = %s", [cited])
        assert gone.rowcount == 1
    tablet.visit(tablet.stop())
    (waits,) = tablet.push()["results"]
    assert (waits["status"], waits["refusal"]["slug"]) == ("parked", "unknown-terms")
    assert "restauré" in waits["refusal"]["fr"]
    decision = f"/api/v1/sync/parked/{waits['event_id']}/decision"
    assert office(yard).post(decision, json={"choice": "apply", "reason": ""}).json["outcome"] == "parked"
    assert revised(yard, 2).stops[0].orders[0].terms_hash == cited
    done = office(yard).post(decision, json={"choice": "apply", "reason": ""})
    assert (done.json["outcome"], done.json["refusal"]) == ("decided", None)
    delivery = delivery_of(yard, order_id)
    assert [line.delivered for line in delivery.lines] == [
        line.quantity for line in tablet.stop().orders[0].goods.lines
    ]
    assert (billed(delivery) > 0) is (deal is ADJUST)
    if deal is ADJUST:
        assert_books_agree(yard, order_id)
