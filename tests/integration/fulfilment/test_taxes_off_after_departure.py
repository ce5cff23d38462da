"""Goods that have left are billed without a tax that their issuer may not charge: what is named as a remedy works."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select, update

from server.app import create_app
from server.core.transaction import transaction
from server.delivery.model import Discrepancy
from server.identity.model import OrganisationKind
from server.parties import service as parties
from server.parties.model import Emission, TaxRegistration
from tests.conftest import Database
from tests.factories.hand_desk import ADJUSTED, Desk, documents
from tests.factories.hand_tablet import make_yard, short
from tests.factories.order_doors import API, answered, trade_in
from tests.factories.web import Client, Organisation, browser_of, make_member
from tests.factories.world import ADJUST, RUN_DAY, Deal, make_order, make_world, stamp

YESTERDAY = datetime.now(UTC).date() - timedelta(days=1)
UNTAXED = {"taxed": False, "with_deposits": True}
SMALL = Deal(registered=False, emission=Emission.ON_DELIVERED)


@pytest.fixture(scope="module")
def desk(module_database: Database) -> Desk:
    """A registered seller, an unregistered one, and who tells their deliveries."""
    del module_database
    return Desk(trade_in(create_app(), make_world([ADJUSTED, SMALL, ADJUSTED])))


def end_registrations(seller_id: UUID, *, last_on: date = YESTERDAY) -> None:
    """Let a seller be registered for nothing after a day."""
    with transaction(seller_id) as session:
        session.execute(update(TaxRegistration).values(valid_until=last_on))


def relieved(client: Client, order: dict[str, Any], **said: bool) -> Any:
    return client.open(f"{API}/{order['id']}/relief", "PUT", json=UNTAXED | said)


def test_a_delivery_of_the_day_before_the_registration_bears_no_tax(desk: Desk) -> None:
    """T8, ADR 0048: what was ordered with the taxes of a later day is billed without, with nothing to be mended."""
    seller = desk.trade.world.sellers[1]
    owner = desk.of(seller)
    with transaction(seller.id) as session:
        for code, number in (("gst", "123452220 RT0001"), ("qst", "1012342220 TQ0001")):
            parties.register_tax(
                session, tax_code=code, number=number, valid_from=YESTERDAY + timedelta(days=1), stamp=stamp()
            )
    order, later = desk.order(seller), desk.order(seller)
    assert order["tax_cents"] > 0
    answered(desk.tell(order, owner, cases=4, delivered_on=str(YESTERDAY)))
    answered(desk.tell(later, owner, cases=4))
    taxes = [documents(owner, one)[0][0]["tax_cents"] for one in (order, later)]
    assert taxes == [0, later["tax_cents"]]


def test_a_shipped_order_is_relieved_of_its_taxes_alone(desk: Desk) -> None:
    """R052, T8: a registration that ended refuses the delivery; its taxes come off, and it is told again."""
    seller = desk.adjusted
    owner = desk.of(seller)
    order = desk.order(seller)
    end_registrations(seller.id)
    refused = desk.tell(order, owner)
    assert (refused.status_code, refused.json["type"].rpartition("/")[2]) == (409, "missing-tax-registration")
    assert "retirer la taxe" in refused.json["detail"]
    kept = relieved(owner, order, with_deposits=False)
    assert (kept.status_code, "Seules ses taxes" in kept.json["detail"]) == (409, True)
    page = owner.get(f"/commandes/{order['id']}").text
    assert f"/commandes/{order['id']}/allegements" in page
    now = answered(relieved(owner, order))
    assert (now["state"], now["tax_cents"], now["deposit_cents"]) == ("shipped", 0, order["deposit_cents"])
    said = [one["text"]["fr"] for one in answered(owner.get(f"{API}/{order['id']}/timeline"))]
    assert any("Taxes\u00a0: retrait" in one for one in said)
    answered(desk.tell(order, owner))
    [invoice] = documents(owner, order)[0]
    assert (invoice["tax_cents"], invoice["net_cents"]) == (0, order["net_cents"] - 4250)
    assert relieved(owner, order, taxed=True).status_code == 409


def test_taxes_put_back_are_those_of_the_delivery(desk: Desk) -> None:
    """R052, T8: taken off by mistake, on the page, they come back until the invoice is published."""
    seller = desk.trade.world.sellers[2]
    owner = desk.of(seller)
    order = desk.order(seller)
    path = f"/commandes/{order['id']}/allegements"
    for told, tax_cents in (({}, 0), ({"taxed": "1"}, order["tax_cents"])):
        now = answered(owner.get(f"{API}/{order['id']}"))
        form = {"revision": str(now["revision"]), "with_deposits": "1", **told}
        assert owner.post(path, data=form).status_code == 303
        assert answered(owner.get(f"{API}/{order['id']}"))["tax_cents"] == tax_cents


def test_a_refused_settlement_is_billed_after_the_taxes_came_off(app: Flask, module_database: Database) -> None:
    """R016, R052, T8: while a tablet has the terms they stand; its refused delivery is invoiced as it was counted."""
    del module_database
    world = make_world([ADJUST])
    make_order(world)
    yard = make_yard(app, world)
    seller = browser_of(app, make_member(Organisation(OrganisationKind.SUPPLIER, world.seller.id)))
    end_registrations(world.seller.id, last_on=RUN_DAY - timedelta(days=1))
    tablet, riding = yard.tablet, yard.tablet.stop().orders[0]
    line = riding.goods.lines[0]
    order = answered(seller.get(f"{API}/{riding.order_id}"))
    tablet.depart()
    tablet.push()
    assert relieved(seller, order).status_code == 409
    tablet.visit(tablet.stop(), counted=short(line.line_id, line.quantity, 1))
    tablet.push(2)
    with transaction(world.carrier_id) as session:
        [why] = session.scalars(select(Discrepancy.text_fr).where(Discrepancy.kind == "settlement_refused"))
    assert "retirer la taxe" in why
    assert seller.post(f"{API}/{order['id']}/invoice").status_code == 409
    answered(relieved(seller, order))
    made = answered(seller.post(f"{API}/{order['id']}/invoice"))
    invoice = answered(seller.get(f"/api/v1/invoices/{made['id']}"))
    assert (invoice["tax_cents"], invoice["lines"][0]["quantity"]) == (0, line.quantity - 1)
