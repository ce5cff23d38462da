"""« Why this number »: every total unfolds to its lines, rules, rates, deposits, delivery and signature."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from server.core.transaction import transaction
from server.identity.model import OrganisationKind, Role
from server.orders import queries as orders_read
from server.orders import service as orders
from server.receivables import service as receivables
from server.receivables.model import PaymentMethod
from shared.ids import new_id
from tests.factories.billing import SYNCED_AT, Counted, publish, short_day
from tests.factories.web import Client, Organisation, browser_of, make_member
from tests.factories.world import CREDIT, World, items_of, make_order, make_world, stamp


def every_step(step: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield step
    for part in step["parts"]:
        yield from every_step(part)


def steps_of(explained: dict[str, Any]) -> list[dict[str, Any]]:
    """Every step of every total, each found to be the exact sum of its parts."""
    found = [step for total in explained["totals"] for step in every_step(total)]
    for step in found:
        if step["parts"]:
            assert step["amount_cents"] == sum(part["amount_cents"] for part in step["parts"]), step["label"]
    return found


@pytest.fixture
def day(app: Flask) -> dict[str, Any]:
    """A discounted order, invoiced, delivered short, credited, and paid in part."""
    world = make_world([CREDIT])
    order_id = make_order(world, cases=7, kegs=2, accepted=False)
    with transaction(acting=world.seller.id) as session:
        order = orders_read.order(session, order_id=order_id)
        orders.revise(
            session,
            order=order,
            items=items_of(world.seller, cases=7, kegs=2),
            document_discount_cents=1001,
            stamp=stamp(),
        )
        orders.accept(session, order=order, stamp=stamp())
    invoice_id = publish(world, order_id)
    short = short_day(world, order_id, {1: Counted(4, lost=3, reason="broken"), 2: Counted(1, returned=1)})
    with transaction(acting=world.seller.id) as session:
        receivables.record_payment(
            session,
            issuer_id=world.seller.id,
            paid=receivables.NewPayment(
                buyer_id=world.buyer.id,
                method=PaymentMethod.CHEQUE,
                amount_cents=10_000,
                received_on=SYNCED_AT.date(),
            ),
            key=new_id(),
            stamp=stamp(SYNCED_AT),
        )
    return {"world": world, "order": order_id, "invoice": invoice_id, "credit": short.credit.id}


def supplier(app: Flask, world: World) -> Client:
    return browser_of(app, make_member(Organisation(OrganisationKind.SUPPLIER, world.seller.id), Role.OWNER))


def test_totals_unfold_to_exact_sums_with_rules_rates_and_evidence(app: Flask, day: dict[str, Any]) -> None:
    """Issue, « why this number »; laws 3, 4, 6, T1-T5, T8: each step is its parts' sum; the roots are what stands."""
    seller = supplier(app, day["world"])
    buyer = browser_of(app, make_member(Organisation(OrganisationKind.RETAILER, day["world"].buyer.id), Role.OWNER))
    for noun, key in (("orders", "order"), ("invoices", "invoice"), ("credit-notes", "credit")):
        path = f"/api/v1/{noun}/{day[key]}"
        stands, explained = seller.get(path).json, seller.get(f"{path}/explanation").json
        assert buyer.get(f"{path}/explanation").json == explained
        found = steps_of(explained)
        assert explained["totals"][0]["amount_cents"] == stands["total_cents"]
        assert not [step for step in found if "Écart" in step["label"]["fr"]]
        kinds = [source["kind"] for source in explained["sources"]]
        assert {"order", "delivery"} <= set(kinds)
    whole = seller.get(f"/api/v1/invoices/{day['invoice']}/explanation").json
    rules = {step["rule"] for step in steps_of(whole)}
    assert {"T1", "T2", "T3, T4", "T4"} <= rules
    said = [step["says"]["fr"] for step in steps_of(whole) if step["says"]]
    assert "7 × 42,50\u00a0$" in said
    assert any("9,975\u00a0% × " in one and re.search(r", taux du \d+(er)? \w+ 20\d\d$", one) for one in said)
    assert any(one.startswith("7 × 24 × 0,10\u00a0$") for one in said)
    open_step = whole["totals"][1]
    assert [part["amount_cents"] < 0 for part in open_step["parts"]] == [False, True, True]


def test_a_credit_says_which_units_it_takes(app: Flask, day: dict[str, Any]) -> None:
    """T5: « units 1 to 3 of 7 », a share of the invoice line's own amounts, and it names the invoice."""
    seller = supplier(app, day["world"])
    explained = seller.get(f"/api/v1/credit-notes/{day['credit']}/explanation").json
    said = [step["says"]["en"] for step in steps_of(explained) if step["rule"] == "T5" and step["says"]]
    assert any(one.startswith("Units 1 to 3 of 7, share of ") for one in said)
    assert explained["sources"][0]["kind"] == "invoice"


def test_pages_unfold_by_keyboard_and_strangers_see_nothing(app: Flask, day: dict[str, Any]) -> None:
    """Issue, « why this number »: details elements on the three pages in both languages; law 33: others get 404."""
    seller = supplier(app, day["world"])
    for path in (f"/commandes/{day['order']}", f"/factures/{day['invoice']}", f"/credits/{day['credit']}"):
        page = seller.get(path).text
        assert "Pourquoi ce montant" in page
        assert '<details class="unfold"><summary>' in page
    other = browser_of(app, make_member(Organisation(OrganisationKind.SUPPLIER, new_id()), Role.OWNER))
    for noun, key in (("orders", "order"), ("invoices", "invoice"), ("credit-notes", "credit")):
        assert other.get(f"/api/v1/{noun}/{day[key]}/explanation").status_code == 404
