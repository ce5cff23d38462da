"""What is billed by hand after a delivery is compared with what was signed for it, to the cent."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from server.core.transaction import transaction
from server.delivery.model import Delivery, Discrepancy
from server.fulfilment.service.leaving import take_off_run
from server.identity.model import OrganisationKind
from server.parties import service as parties
from server.parties.model import Emission, SettlementPolicy
from tests.factories.corrections import delivery_of, only_order
from tests.factories.hand_tablet import Yard, make_yard, short
from tests.factories.order_doors import API, answered
from tests.factories.web import Client, Organisation, browser_of, make_member
from tests.factories.world import ADJUST, CREDIT, RUN_DAY, Deal, make_order, make_world, stamp

INVOICES = "/api/v1/invoices"
MANUAL = Deal(emission=Emission.MANUAL, settlement_policy=SettlementPolicy.ADJUST)


def out(app: Flask, *deals: Deal) -> Yard:
    """Return a yard whose tablet is out with an order of four cases of each seller, at one stop."""
    world = make_world(deals)
    for seller in world.sellers:
        make_order(world, seller=seller, cases=4, kegs=0)
    return make_yard(app, world)


def seller_of(yard: Yard) -> Client:
    """Return a browser of the seller of the stop's first order."""
    seller_id = UUID(yard.tablet.stop().orders[0].goods.seller_id)
    return browser_of(yard.app, make_member(Organisation(OrganisationKind.SUPPLIER, seller_id)))


def deliver(yard: Yard, *, missing: int = 0) -> Delivery:
    line = yard.tablet.stop().orders[0].goods.lines[0]
    yard.tablet.visit(yard.tablet.stop(), counted=short(line.line_id, line.quantity, missing) if missing else {})
    (result,) = yard.tablet.push()["results"]
    assert (result["status"], result["refusal"]) == ("applied", None)
    return delivery_of(yard, only_order(yard))


def void(yard: Yard, client: Client) -> None:
    found = answered(client.get(INVOICES, query_string={"order_id": str(only_order(yard))}))
    (standing,) = [one for one in found if one["number"]]
    answered(client.post(f"{INVOICES}/{standing['id']}/void", json={"reason": "Erreur d’adresse"}))


def relieve(yard: Yard, client: Client, *, taxed: bool = False) -> None:
    relief = {"taxed": taxed, "with_deposits": True}
    answered(client.open(f"{API}/{only_order(yard)}/relief", "PUT", json=relief))


def bill(yard: Yard, client: Client) -> dict[str, Any]:
    made: dict[str, Any] = answered(client.post(f"{API}/{only_order(yard)}/invoice", json={}))
    return made


def asked(yard: Yard) -> list[tuple[str, dict[str, Any]]]:
    """Return what a dispatcher is asked of the amounts, with what was signed and what is billed."""
    with transaction(yard.world.carrier_id) as session:
        rows = session.scalars(select(Discrepancy).where(Discrepancy.kind != "plan_changed"))
        return [(one.kind, {k: v for k, v in one.facts.items() if k.endswith("_cents")}) for one in rows]


def test_a_relief_of_before_the_signature_is_asked_about(app: Flask, database: object) -> None:
    """R052, law 19: the tablet that was out showed the taxes; the bill that is made anew by hand leaves them off."""
    del database
    yard = out(app, ADJUST, ADJUST)
    seller, order_id = seller_of(yard), only_order(yard)
    with transaction(yard.world.carrier_id) as session:
        take_off_run(session, run_id=yard.run_id, order_id=order_id, stamp=stamp())
    relieve(yard, seller)
    signed_cents = deliver(yard).shown_total_cents
    assert [one for one in asked(yard) if one[0] == "amount_differs"] == []
    void(yard, seller)
    made = bill(yard, seller)
    assert bill(yard, seller)["id"] == made["id"]
    assert made["total_cents"] < signed_cents
    cents = {"signed_cents": signed_cents, "billed_cents": made["total_cents"]}
    assert [one for one in asked(yard) if one[0] == "amount_differs"] == [("amount_differs", cents)]


def test_a_relief_of_after_the_signature_is_somebodys_decision(app: Flask, database: object) -> None:
    """R052, ADR 0059: the seller took the taxes off what was signed with them, and nobody is asked what it means."""
    del database
    yard = out(app, ADJUST)
    seller, signed_cents = seller_of(yard), deliver(yard).shown_total_cents
    void(yard, seller)
    relieve(yard, seller)
    assert bill(yard, seller)["total_cents"] < signed_cents
    assert asked(yard) == []


def test_a_registration_that_was_entered_since_is_asked_about(app: Flask, database: object) -> None:
    """T8, law 19: signed without taxes; the invoice by hand charges those of the day of the delivery."""
    del database
    yard = out(app, Deal(registered=False))
    seller, signed_cents = seller_of(yard), deliver(yard).shown_total_cents
    void(yard, seller)
    with transaction(yard.world.seller.id) as session:
        parties.register_tax(
            session, tax_code="gst", number="123452220 RT0001", valid_from=RUN_DAY - timedelta(days=30), stamp=stamp()
        )
    made = bill(yard, seller)
    assert made["total_cents"] > signed_cents
    assert asked(yard) == [("amount_differs", {"signed_cents": signed_cents, "billed_cents": made["total_cents"]})]


@pytest.mark.parametrize("deal", [ADJUST, CREDIT, MANUAL], ids=["adjusted", "credited", "by hand"])
@pytest.mark.parametrize("missing", [0, 1, 2, 3])
def test_what_is_billed_anew_by_hand_is_what_was_signed_to_the_cent(
    app: Flask, database: object, deal: Deal, missing: int
) -> None:
    """C6, R003, law 19, T5: three of four are the whole less its credit where that was shown, 146.59 and not 146.60."""
    del database
    yard = out(app, deal)
    seller, delivery = seller_of(yard), deliver(yard, missing=missing)
    if deal is not MANUAL:
        void(yard, seller)
    made = bill(yard, seller)
    assert made["total_cents"] == delivery.shown_total_cents - delivery.shown_credit_cents
    assert asked(yard) == []
