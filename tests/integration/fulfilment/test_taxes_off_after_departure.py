"""Goods that have left are billed without a tax that their issuer may not charge: what is named as a remedy works."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select, update

from server.billing.model import Invoice
from server.billing.service import create_provisional
from server.core.transaction import transaction
from server.delivery.model import Discrepancy
from server.identity.model import OrganisationKind
from server.orders import queries as orders
from server.orders.model import Order
from server.parties import service as parties
from server.parties.model import Emission, TaxRegistration
from tests.conftest import Database
from tests.factories.accounts import today
from tests.factories.hand_desk import ADJUSTED, Desk, correct, documents
from tests.factories.hand_tablet import make_yard, short
from tests.factories.order_doors import API, answered, trade_in
from tests.factories.web import Client, Organisation, application, browser_of, make_member
from tests.factories.world import ADJUST, RUN_DAY, Deal, Seller, make_order, make_world, stamp

YESTERDAY = today() - timedelta(days=1)
UNTAXED = {"taxed": False, "with_deposits": True}
SMALL = Deal(registered=False, emission=Emission.ON_DELIVERED)


@pytest.fixture(scope="module")
def desk(module_database: Database) -> Desk:
    """A registered seller, an unregistered one, and who tells their deliveries."""
    del module_database
    return Desk(trade_in(application(), make_world([ADJUSTED, SMALL, *[ADJUSTED] * 7])))


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


def test_relief_that_changes_nothing_leaves_the_provisional_invoice(desk: Desk) -> None:
    """R052: saying what stands lets nothing go; what does change lets go the invoice that charged the taxes."""
    seller = desk.trade.world.sellers[2]
    owner = desk.of(seller)
    order = desk.order(seller)
    with transaction(seller.id) as session:
        create_provisional(session, order=orders.order(session, order_id=UUID(order["id"])), run_id=None, stamp=stamp())
    for taxed, state in ((True, "provisional"), (False, "dropped")):
        answered(relieved(owner, order, taxed=taxed))
        assert [one["state"] for one in documents(owner, order)[0]] == [state]


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


def billed_again(client: Client, order: dict[str, Any], *, taxed: bool) -> dict[str, Any]:
    """Void the order's only invoice, take its taxes off or put them back, and return the invoice made then."""
    [former] = documents(client, order)[0]
    answered(client.post(f"/api/v1/invoices/{former['id']}/void", json={"reason": "Taxes"}))
    answered(relieved(client, order, taxed=taxed))
    made: dict[str, Any] = answered(client.post(f"{API}/{order['id']}/invoice"))
    return made


def supplements_of(client: Client, order: dict[str, Any], invoice: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what supplements an invoice of an order, oldest first."""
    found = [one for one in documents(client, order)[0] if one["supplements_id"] == invoice["id"]]
    return sorted(found, key=lambda one: str(one["number"]))


def charged(seller: Seller, invoice: dict[str, Any]) -> dict[str, int]:
    """Return the taxes that an invoice prints, by code."""
    with transaction(seller.id) as session:
        rows = session.scalars(select(Invoice.taxes).where(Invoice.id == UUID(invoice["id"]))).one()
    return {row["code"]: row["amount_cents"] for row in rows}


def refusals(seller: Seller) -> list[str]:
    """Return what kept a seller's deliveries from being billed."""
    with transaction(seller.id) as session:
        return list(session.scalars(select(Discrepancy.text_fr).where(Discrepancy.kind == "settlement_refused")))


@pytest.mark.parametrize("registered", [True, False])
def test_a_supplement_of_an_invoice_without_taxes_bears_none(desk: Desk, *, registered: bool) -> None:
    """R023, R052, T6: what a correction adds is billed as the invoice that stands, whatever the terms said before."""
    seller = desk.trade.world.sellers[3 if registered else 4]
    owner = desk.of(seller)
    order = desk.order(seller)
    answered(desk.tell(order, owner))
    if not registered:
        end_registrations(seller.id)
    invoice = billed_again(owner, order, taxed=False)
    assert invoice["tax_cents"] == 0
    correct(owner, order, cases=4)
    assert refusals(seller) == []
    [supplement] = supplements_of(owner, order, invoice)
    assert (supplement["net_cents"], supplement["tax_cents"], charged(seller, supplement)) == (4250, 0, {})
    assert invoice["net_cents"] + supplement["net_cents"] == order["net_cents"]


def test_a_supplement_bears_the_taxes_that_were_put_back(desk: Desk) -> None:
    """R023, R052, T6: terms without taxes take none off what supplements an invoice that charges them."""
    seller = desk.trade.world.sellers[5]
    owner = desk.of(seller)
    order = desk.order(seller)
    answered(relieved(owner, order))
    answered(desk.tell(order, owner))
    invoice = billed_again(owner, order, taxed=True)
    correct(owner, order, cases=2)
    correct(owner, order, cases=4)
    again, beyond = supplements_of(owner, order, invoice)
    assert charged(seller, again) == charged(seller, beyond) == {"gst": 213, "qst": 424}
    assert (again["tax_cents"], beyond["tax_cents"], beyond["net_cents"]) == (637, 637, 4250)


def test_an_overage_that_the_office_counts_bears_the_taxes_of_the_invoice(desk: Desk) -> None:
    """R023, R052: nobody signed its amounts; its own order and invoice are taxed as the invoice that stands."""
    seller = desk.trade.world.sellers[8]
    owner = desk.of(seller)
    relieved_of, as_agreed = desk.order(seller), desk.order(seller)
    for order in (relieved_of, as_agreed):
        answered(desk.tell(order, owner, cases=4))
    billed_again(owner, relieved_of, taxed=False)
    taxes = []
    for order in (relieved_of, as_agreed):
        correct(owner, order, cases=5)
        with transaction(seller.id) as session:
            extra = session.scalars(select(Order).where(Order.supplement_of_id == UUID(order["id"]))).one()
            made = {"id": str(extra.id), "tax_cents": extra.tax_cents}
        [invoice] = documents(owner, made)[0]
        taxes.append((made["tax_cents"], invoice["tax_cents"], invoice["net_cents"]))
    assert taxes == [(0, 0, 4250), (637, 637, 4250)]


def test_an_invoice_of_untaxed_goods_alone_takes_no_tax_off_the_others(desk: Desk) -> None:
    """R023, T6, T8: of taxes that none of its lines could bear it says nothing; the terms and the order do."""
    seller = desk.trade.world.sellers[6]
    owner = desk.of(seller)
    items = [
        {"format_id": str(seller.case_id), "quantity": 4},
        {"format_id": str(seller.keg_id), "quantity": 2, "tax_codes": []},
    ]
    taxes = {"gst": 850, "qst": 1696}

    def supplement(order: dict[str, Any], invoice: dict[str, Any]) -> dict[str, int]:
        correct(owner, order, cases=4)
        [made] = supplements_of(owner, order, invoice)
        assert (invoice["tax_cents"], made["net_cents"]) == (0, 17000)
        return charged(seller, made)

    as_agreed, relieved_of, put_back = (desk.order(seller, items=items) for _ in range(3))
    answered(relieved(owner, put_back))
    for order in (as_agreed, relieved_of, put_back):
        answered(desk.tell(order, owner, cases=0))
    assert supplement(as_agreed, documents(owner, as_agreed)[0][0]) == taxes
    assert supplement(relieved_of, billed_again(owner, relieved_of, taxed=False)) == {}
    assert supplement(put_back, billed_again(owner, put_back, taxed=True)) == taxes


def test_what_cannot_be_supplemented_names_what_can_be_done(desk: Desk) -> None:
    """R052, T8: the invoice charges a tax whose registration ended since; void, relieved and made again it is whole."""
    seller = desk.trade.world.sellers[7]
    owner = desk.of(seller)
    order = desk.order(seller)
    answered(desk.tell(order, owner))
    [invoice] = documents(owner, order)[0]
    end_registrations(seller.id)
    correct(owner, order, cases=4)
    [why] = refusals(seller)
    assert f"annuler la facture {invoice['number']}, retirer la taxe de la commande et la facturer de nouveau" in why
    assert relieved(owner, order).status_code == 409, "not while the invoice stands"
    made = billed_again(owner, order, taxed=False)
    assert (made["net_cents"], made["tax_cents"]) == (order["net_cents"], 0)
