"""Questions that a dispatcher is not to be asked: nothing is to be decided, or the amounts are what was signed."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from server.billing.service import publish_for_order, publish_pending
from server.core.transaction import transaction
from server.delivery.model import Delivery, Discrepancy
from server.identity.model import OrganisationKind
from server.orders import queries as orders
from server.orders.service import OrderItem, revise
from server.parties.model import CorrectionPolicy, Emission, TaxRegistration
from server.parties.model import Organisation as Company
from shared.ids import new_id
from tests.factories.corrections import billed, correct, delivery_of, first_event, office, only_order, recount
from tests.factories.hand_tablet import Yard, make_yard, short
from tests.factories.order_doors import answered
from tests.factories.web import Client, Organisation, browser_of, make_member
from tests.factories.world import ADJUST, CREDIT, RUN_DAY, Deal, make_order, make_world, stamp

INVOICES = "/api/v1/invoices"


def out(app: Flask, deal: Deal, *, free_kegs: int = 0) -> Yard:
    """Return a yard whose tablet is out with four cases, and so many kegs that cost nothing, not even a deposit."""
    world = make_world([deal])
    items = [OrderItem(format_id=world.seller.case_id, quantity=4)]
    if free_kegs:
        free = Decimal("189.0000") * 100 * free_kegs
        items.append(OrderItem(format_id=world.seller.keg_id, quantity=free_kegs, discount_cents=int(free)))
    order_id = make_order(world, items=items)
    with transaction(world.seller.id) as session:
        order = orders.order(session, order_id=order_id)
        kept = [
            OrderItem(line_id=one.id, quantity=one.quantity, discount_cents=one.discount_cents) for one in order.lines
        ]
        revise(session, order=order, items=kept, with_deposits=not free_kegs, stamp=stamp())
    return make_yard(app, world)


def seller_of(yard: Yard) -> Client:
    return browser_of(yard.app, make_member(Organisation(OrganisationKind.SUPPLIER, yard.world.seller.id)))


def deliver(yard: Yard, *, missing: int = 0, corrects: str = "", line: int = 0, **said: Any) -> Delivery:
    """Deliver the order but for so many units of one line, or correct what was delivered to that."""
    tablet, ordered = yard.tablet, yard.tablet.stop().orders[0].goods.lines[line]
    counted = short(ordered.line_id, ordered.quantity, missing) if missing else {}
    tablet.visit(tablet.stop(), payload={"corrects": corrects} if corrects else {}, counted=counted, **said)
    (result,) = tablet.push(len(tablet.events))["results"]
    assert (result["status"], result["refusal"]) == ("applied", None)
    return delivery_of(yard, only_order(yard))


def let_correct(yard: Yard) -> None:
    """Let the tablet correct what the office has already."""
    with transaction(yard.world.carrier_id) as session:
        session.get_one(Company, yard.world.carrier_id).correction_policy = CorrectionPolicy.AUTOMATIC


def asked(yard: Yard) -> list[str]:
    with transaction(yard.world.carrier_id) as session:
        return sorted(session.scalars(select(Discrepancy.kind)))


def registered(yard: Yard, *, until: date | None) -> None:
    with transaction(yard.world.seller.id) as session:
        session.execute(update(TaxRegistration).values(valid_until=until))


def numbers(client: Client, yard: Yard) -> list[dict[str, Any]]:
    found = answered(client.get(INVOICES, query_string={"order_id": str(only_order(yard))}))
    return sorted((one for one in found if one["number"]), key=lambda one: str(one["number"]))


@pytest.mark.parametrize("missing", [1, 2, 3])
def test_a_closed_shop_that_took_some_after_all_is_billed_what_it_signed(
    app: Flask, database: object, missing: int
) -> None:
    """C27, T5, law 19: the invoice went with the closed door; the new one is the whole less its credit."""
    del database
    yard = out(app, CREDIT)
    let_correct(yard)
    deliver(yard, unmet="refused")
    delivery = deliver(yard, missing=missing, corrects=first_event(yard.tablet))
    assert billed(delivery) == delivery.shown_total_cents - delivery.shown_credit_cents
    assert asked(yard) == []


@pytest.mark.parametrize("deal", [ADJUST, Deal(emission=Emission.ON_DELIVERED)], ids=["provisional", "none yet"])
@pytest.mark.parametrize("missing", [0, 1])
def test_what_was_refused_when_it_was_delivered_is_billed_by_its_correction(
    app: Flask, database: object, deal: Deal, missing: int
) -> None:
    """R024, C6, law 19: no invoice was ever made, so nobody voided one; once it can be made, it is."""
    del database
    yard = out(app, deal)
    let_correct(yard)
    registered(yard, until=RUN_DAY - timedelta(days=1))
    deliver(yard, missing=2)
    assert asked(yard) == ["settlement_refused"]
    registered(yard, until=None)
    delivery = deliver(yard, missing=missing, corrects=first_event(yard.tablet))
    assert asked(yard) == ["settlement_refused"]
    assert billed(delivery) == delivery.shown_total_cents > 0


def test_an_invoice_that_somebody_voided_is_still_asked_about(app: Flask, database: object) -> None:
    """C6, law 19: what a person took back is not billed by a correction, nor by the one after it."""
    del database
    yard = out(app, ADJUST)
    let_correct(yard)
    seller, delivery = seller_of(yard), deliver(yard)
    (first,) = numbers(seller, yard)
    answered(seller.post(f"{INVOICES}/{first['id']}/void", json={"reason": "Erreur"}))
    for missing in (1, 2):
        line = delivery_of(yard, delivery.order_id).lines[0]
        recounted = recount(line, line.ordered - missing)
        correct(office(yard), delivery_of(yard, delivery.order_id), {line.order_line_id: recounted})
        assert [one["number"] for one in numbers(seller, yard)] == [first["number"]]
    assert asked(yard) == ["invoice_voided"] * 2


def published_since(yard: Yard) -> str:
    """Publish the order's invoice by hand while the tablet is out; return its id."""
    with transaction(yard.world.seller.id) as session:
        order = orders.order(session, order_id=only_order(yard))
        invoice_id = publish_for_order(session, order=order, stamp=stamp()).id
        publish_pending(session, stamp=stamp())
    return str(invoice_id)


def test_a_free_unit_short_beside_a_newer_invoice_is_no_question(app: Flask, database: object) -> None:
    """Law 19, C1: the invoice of before the delivery names a keg that costs nothing and that did not arrive."""
    del database
    yard = out(app, ADJUST, free_kegs=1)
    published_since(yard)
    delivery = deliver(yard, missing=1, line=1)
    assert asked(yard) == []
    assert billed(delivery) == delivery.shown_total_cents


def test_a_cent_beside_what_people_published_and_credited_since_is_asked_about(app: Flask, database: object) -> None:
    """T3, T5, law 19: nothing is issued that could bear it, and what was signed is not what is billed."""
    del database
    yard = out(app, ADJUST)
    seller, invoice_id = seller_of(yard), published_since(yard)
    whole = answered(seller.get(f"{INVOICES}/{invoice_id}"))
    given = {"key": str(new_id()), "buyer_id": whole["buyer_id"], "reason_fr": "Brisée", "reason_en": "Broken",
             "invoice_id": whole["id"], "items": [{"line_id": whole["lines"][0]["id"], "quantity": 1}]}  # fmt: skip
    answered(seller.post("/api/v1/credit-notes", json=given), 201)
    delivery = deliver(yard, missing=1)
    assert abs(billed(delivery) - delivery.shown_total_cents) == 1
    assert asked(yard) == ["newer_invoice"]


@pytest.mark.parametrize("missing", [1, 2, 3])
@pytest.mark.parametrize("before", [0, 1, 2, 3])
def test_a_further_credit_leaves_what_was_signed(app: Flask, database: object, before: int, missing: int) -> None:
    """T3, T5, law 19; ADR 0061: the invoice stays and is credited; the tablet prices what is left afresh."""
    del database
    yard = out(app, ADJUST)
    let_correct(yard)
    deliver(yard, missing=before)
    if missing == before:
        return
    delivery = deliver(yard, missing=missing, corrects=first_event(yard.tablet))
    assert billed(delivery) == delivery.shown_total_cents
    assert asked(yard) == []
