"""What a tablet claims is evidence: it never reaches the books of somebody who is not of the stop."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import select

from server.core.transaction import transaction
from server.delivery.model import Visit
from server.fulfilment.service.leaving import take_off_run
from server.receivables.model import Payment
from shared.ids import new_id
from shared.visit import VisitCollection, VisitContainers
from tests.factories.hand_tablet import Yard
from tests.factories.world import stamp

STRANGER = str(new_id())


def empties(yard: Yard, **claimed) -> list[VisitContainers]:
    """Return one keg of the stop's first seller taken back, with what the tablet claims instead of the truth."""
    stop = yard.tablet.stop()
    keg = next(
        one
        for one in stop.containers
        if one.container_class == "keg_50l" and one.owner_id == stop.orders[0].goods.seller_id
    )
    truth = {
        "owner_id": keg.owner_id,
        "creditor_id": keg.creditor_id,
        "container_class": keg.container_class,
        "returned": 1,
        "unit_cents": keg.unit_cents,
    }
    return [VisitContainers(**truth | claimed)]


@pytest.mark.parametrize(
    ("what", "claimed"),
    [
        ("organisation", {"creditor_id": STRANGER}),
        ("organisation", {"owner_id": STRANGER}),
        ("unit_cents", {"unit_cents": 999_999}),
        ("unit_cents", {"container_class": "gold_bars"}),
    ],
)
def test_empties_of_strangers_or_at_other_prices_are_parked(yard: Yard, what: str, claimed: dict) -> None:
    """Architecture rule 7, C30: for whom the office acts follows from its own rows, and prices from its own tables."""
    yard.tablet.visit(yard.tablet.stop(), containers=empties(yard, **claimed))
    (result,) = yard.tablet.push()["results"]
    assert (result["status"], result["refusal"]["slug"]) == ("parked", "party-not-of-this-stop")
    with transaction(yard.world.carrier_id) as session:
        assert session.scalars(select(Visit)).all() == [], what


def test_money_for_a_stranger_is_parked(yard: Yard) -> None:
    """C29: cash is split among the issuers of the stop alone."""
    money = [VisitCollection(issuer_id=STRANGER, method="cash", amount_cents=5000)]
    yard.tablet.visit(yard.tablet.stop(), collections=money)
    (result,) = yard.tablet.push()["results"]
    assert (result["status"], result["refusal"]["slug"]) == ("parked", "party-not-of-this-stop")


def test_money_for_the_issuer_of_an_order_that_left_the_stop_is_kept(yard: Yard) -> None:
    """ADR 0050, C29: the driver holds the cash; it is that issuer's, on the buyer's account with it."""
    stop = next(one for one in yard.tablet.run.stops if len({order.goods.seller_id for order in one.orders}) > 1)
    left = stop.orders[-1]
    with transaction(yard.world.carrier_id) as session:
        take_off_run(session, run_id=yard.run_id, order_id=UUID(left.order_id), stamp=stamp())
    money = [VisitCollection(issuer_id=left.goods.issuer_id, method="cash", amount_cents=5000)]
    yard.tablet.visit(stop, without=[left.order_id], collections=money)
    (result,) = yard.tablet.push()["results"]
    assert (result["status"], result.get("refusal")) == ("applied", None)
    with transaction(UUID(left.goods.issuer_id)) as session:
        (payment,) = session.scalars(select(Payment).where(Payment.buyer_id == UUID(left.goods.buyer_id)))
        assert payment.amount_cents == 5000


def test_an_order_that_no_version_of_the_tablet_had_at_the_stop_opens_nobodys_books(yard: Yard) -> None:
    """Architecture rule 7, ADR 0050: what was carried once, or stands in a later version, is no word for this visit."""
    stop = next(one for one in yard.tablet.run.stops if len({order.goods.seller_id for order in one.orders}) > 1)
    left = stop.orders[-1]
    with transaction(yard.world.carrier_id) as session:
        take_off_run(session, run_id=yard.run_id, order_id=UUID(left.order_id), stamp=stamp())
    money = [VisitCollection(issuer_id=left.goods.issuer_id, method="cash", amount_cents=5000)]
    before = {"plan_version": yard.tablet.run.version - 1}
    yard.tablet.visit(stop, without=[left.order_id], collections=money, envelope=before)
    (result,) = yard.tablet.push()["results"]
    assert (result["status"], result["refusal"]["slug"]) == ("parked", "party-not-of-this-stop")
