"""Orders that change once a tablet has their run: how they change, and what dispatchers are asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import select

from server.core.transaction import transaction
from server.delivery.model import Discrepancy
from server.fulfilment.service.orders import revise_order
from server.orders import queries as orders_read
from server.orders import service as orders
from server.parties.model import BillingType, DeliverWith, Emission
from server.worker import run_until_empty
from shared.delivered_line import DeliveredLine
from shared.wire.bundle import BundleOrder, BundleRun
from tests.factories.billing import publish, void
from tests.factories.hand_tablet import Yard
from tests.factories.world import EXTERNAL, Deal, items_of, stamp

PAPER = Deal(emission=Emission.ON_DELIVERED, deliver_with=DeliverWith.PO)
BY_AGENT = replace(PAPER, billing_type=BillingType.AGENT)
BY_HAND = replace(PAPER, emission=Emission.MANUAL)
RIDING = pytest.mark.parametrize("deal", [PAPER, EXTERNAL, BY_AGENT, BY_HAND], ids=["po", "external", "agent", "hand"])


def first(run: BundleRun, yard: Yard) -> BundleOrder:
    """Return the first seller's order at the first stop."""
    return next(one for one in run.stops[0].orders if one.goods.seller_id == str(yard.world.seller.id))


def order_id(yard: Yard) -> UUID:
    return UUID(first(yard.tablet.run, yard).order_id)


def units(run: BundleRun, yard: Yard) -> list[int]:
    return [line.quantity for line in first(run, yard).goods.lines]


def revise(yard: Yard, quantities: Mapping[int, int] | None = None, **content: object) -> None:
    """Let the seller change how many of its lines are ordered, 0 striking one out, and what else it says."""
    adds = content.pop("adds", ())
    price = content.pop("price", None)
    with transaction(yard.world.seller.id) as session:
        order = orders_read.order(session, order_id=order_id(yard))
        items = [
            orders.OrderItem(line_id=line.id, quantity=wanted, unit_price=price if at == 0 else None)
            for at, line in enumerate(order.lines)
            if (wanted := (quantities or {}).get(at, line.quantity))
        ]
        revise_order(session, order=order, items=[*items, *adds], stamp=stamp(), **content)


def add_kegs(yard: Yard, kegs: int = 1) -> None:
    revise(yard, adds=items_of(yard.world.seller, kegs=kegs))


def void_papers_invoice(yard: Yard) -> None:
    """Publish the invoice of the run's papers and void it, so that the order is free to change."""
    issuer_id = publish_now(yard)
    void(order_id(yard), acting=issuer_id)


def publish_now(yard: Yard) -> UUID:
    publish(yard.world, order_id(yard))
    return UUID(first(yard.tablet.run, yard).goods.issuer_id)


def pulled(yard: Yard) -> BundleRun:
    """Return the run as the tablet pulls it once every job is done."""
    assert run_until_empty().failed == []
    (run,) = yard.tablet.pull().runs
    return run


def deliver(yard: Yard, counted: Mapping[str, DeliveredLine] | None = None, **said: object) -> None:
    """Sign for the stop by the version that the tablet has, and let the office have it."""
    yard.tablet.visit(yard.tablet.stop(), counted=counted, **said)
    (result,) = yard.tablet.push(len(yard.tablet.events))["results"]
    assert result["status"] == "applied", result


def asked(yard: Yard) -> list[Discrepancy]:
    """Return what dispatchers are asked beside the change of the plan itself."""
    with transaction(yard.world.carrier_id) as session:
        found = session.scalars(select(Discrepancy).order_by(Discrepancy.opened_at, Discrepancy.kind)).all()
        session.expunge_all()
    return [one for one in found if one.kind not in {"plan_changed", "clock_skew"}]


def kinds(yard: Yard) -> list[str]:
    return [one.kind for one in asked(yard)]
