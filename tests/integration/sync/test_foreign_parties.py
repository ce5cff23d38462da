"""What a tablet claims is evidence: it never reaches the books of somebody who is not of the stop."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from server.billing.model import CreditKind, CreditNote
from server.catalog import service as catalog
from server.core.transaction import transaction
from server.delivery.model import Visit
from server.fulfilment.service.leaving import take_off_run
from server.receivables.model import Payment
from server.sync.service.bundles import build_bundle
from shared.ids import new_id
from shared.visit import VisitCollection, VisitContainers
from tests.factories.corrections import event_id_of, office
from tests.factories.hand_tablet import Yard
from tests.factories.world import RUN_DAY, stamp

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


def price_keg(yard: Yard, unit_cents: int, *, days_before: int) -> None:
    """Give the keg of the stop's first seller another deposit, from so many days before the run on."""
    owner_id = UUID(yard.tablet.stop().orders[0].goods.seller_id)
    class_id = next(one.keg_class_id for one in yard.world.sellers if one.id == owner_id)
    with transaction(owner_id) as session:
        valid_from = RUN_DAY - timedelta(days=days_before)
        catalog.price_container(session, class_id=class_id, unit_cents=unit_cents, valid_from=valid_from, stamp=stamp())


@pytest.mark.parametrize("has_newer_bundle", [False, True])
def test_empties_are_credited_at_the_deposit_that_the_tablet_was_given(yard: Yard, *, has_newer_bundle: bool) -> None:
    """ADR 0050, C30: a deposit that changed after the bundle parks no visit; what was signed is what is credited."""
    (signed,) = empties(yard)
    price_keg(yard, signed.unit_cents + 500, days_before=1)
    if has_newer_bundle:
        with transaction(yard.world.carrier_id) as session:
            build_bundle(session, yard.run_id, stamp=stamp())
    yard.tablet.visit(yard.tablet.stop(), containers=[signed])
    (result,) = yard.tablet.push()["results"]
    assert (result["status"], result.get("refusal")) == ("applied", None)
    with transaction(UUID(signed.creditor_id)) as session:
        [note] = session.scalars(select(CreditNote).where(CreditNote.kind == CreditKind.CONTAINER_DEPOSIT))
        assert (note.deposit_cents, note.total_cents) == (signed.unit_cents, signed.unit_cents)


def test_a_deposit_of_a_version_that_the_visit_was_not_made_from_is_refused(yard: Yard) -> None:
    """Architecture rule 7, C30: neither the day's table nor what the tablet had says it; the text names the remedy."""
    once, now = 3500, 4000
    price_keg(yard, once, days_before=2)
    with transaction(yard.world.carrier_id) as session:
        build_bundle(session, yard.run_id, stamp=stamp())
    price_keg(yard, now, days_before=1)
    yard.tablet.visit(yard.tablet.stop(), containers=empties(yard, unit_cents=once))
    (result,) = yard.tablet.push()["results"]
    assert (result["status"], result["refusal"]["slug"]) == ("parked", "party-not-of-this-stop")
    said = result["refusal"]["fr"]
    assert [word in said for word in ("keg_50l", "35,00", "table des consignes", "appliquer la visite")] == [True] * 4


def test_a_parked_deposit_is_applied_once_its_owner_has_it_in_the_table(yard: Yard) -> None:
    """G6: what the text names as the remedy works, e.g. after a restore that lost a version and its deposit."""
    yard.tablet.visit(yard.tablet.stop(), containers=empties(yard, unit_cents=3500))
    (result,) = yard.tablet.push()["results"]
    assert result["status"] == "parked"
    price_keg(yard, 3500, days_before=1)
    asked = {"choice": "apply", "reason": "Consigne remise"}
    decided = office(yard).post(f"/api/v1/sync/parked/{event_id_of(yard.tablet, 1)}/decision", json=asked)
    assert decided.json["outcome"] == "decided", decided.json
