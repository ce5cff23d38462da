"""What a tablet claims is evidence: it never reaches the books of somebody who is not of the stop."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from server.core.transaction import transaction
from server.delivery.model import Visit
from shared.ids import new_id
from shared.visit import VisitCollection, VisitContainers
from tests.factories.hand_tablet import Yard

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
