"""What an order is taxed with follows who bills it and what that is registered for on the tax date (T8, R012, C28)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from server.core.transaction import transaction
from server.identity.model import OrganisationKind
from server.parties import service as parties
from server.parties.model import Emission
from tests.conftest import Database
from tests.factories.order_doors import API, Trade, answered, kept, trade_in
from tests.factories.web import Client, application
from tests.factories.world import Deal, make_world, stamp

TAX_CENTS = 425 + 848  # of two cases, 85.00 $: 5 % and 9.975 %
SMALL = Deal(registered=False, names_agent=True, emission=Emission.MANUAL)
CASES = {"cases": 2, "kegs": 0}


@pytest.fixture(scope="module")
def trade(module_database: Database) -> Trade:
    """Two unregistered producers; the distributor, which is registered, may bill for them."""
    del module_database
    return trade_in(application(), make_world([SMALL, SMALL]))


def billing(trade: Trade, order: dict[str, Any], billing_type: str) -> dict[str, Any]:
    path = f"{API}/{order['id']}/billing"
    return answered(trade.seller.open(path, "PUT", json={"billing_type": billing_type}))


def billed(issuer: Client, order: dict[str, Any]) -> dict[str, Any]:
    """Return the order's invoice with its lines, published by hand."""
    made = answered(issuer.post(f"{API}/{order['id']}/invoice"))
    return answered(issuer.get(f"/api/v1/invoices/{made['id']}"))


def explained(client: Client, order: dict[str, Any]) -> list[int]:
    """Return what the order's total unfolds to."""
    [total] = answered(client.get(f"{API}/{order['id']}/explanation"))["totals"]
    assert total["amount_cents"] == sum(part["amount_cents"] for part in total["parts"])
    return [part["amount_cents"] for part in total["parts"]]


def test_a_registered_agent_charges_the_taxes_that_the_producer_may_not(trade: Trade) -> None:
    """R012, C28: the agent's invoice is taxed, whether the agent is chosen at the making, at the acceptance or after.

    The order's total is what would be billed: without tax while the producer bills, taxed once the agent does.
    """
    made = trade.order(**CASES, accepted=True, billing_type="agent")
    at_acceptance = trade.order(**CASES)
    assert (at_acceptance["tax_cents"], at_acceptance["charged_taxes"]) == (0, [])
    path = f"{API}/{at_acceptance['id']}/accept"
    at_acceptance = answered(trade.seller.post(path, json={"billing_type": "agent"}))
    after = trade.order(**CASES, accepted=True)
    assert (after["tax_cents"], explained(trade.buyer, after)) == (0, [8500, 480])
    after = billing(trade, after, "agent")
    for order in (made, at_acceptance, after):
        assert (order["issuer"]["id"], order["tax_cents"]) == (str(trade.world.carrier_id), TAX_CENTS)
        assert order["charged_taxes"] == ["gst", "qst"]
        assert explained(trade.buyer, order) == [8500, TAX_CENTS, 480]
        assert billed(trade.carrier, order)["tax_cents"] == TAX_CENTS


def test_the_taxes_go_and_come_with_who_bills_until_it_is_billed(trade: Trade) -> None:
    """R012, C28: from the agent to the producer and back, before and after the acceptance, nothing is lost or kept."""
    order = trade.order(**CASES)
    for accepted in (False, True):
        if accepted:
            order = answered(trade.seller.post(f"{API}/{order['id']}/accept", json={}))
        for billing_type, tax_cents in (("agent", TAX_CENTS), ("external", 0), ("agent", TAX_CENTS), ("platform", 0)):
            order = billing(trade, order, billing_type)
            assert order["tax_cents"] == tax_cents
            assert order["total_cents"] == 8500 + tax_cents + 480
            assert order["lines"][0]["tax_codes"] == ["gst", "qst"]
    assert billed(trade.seller, order)["tax_cents"] == 0


def test_what_a_person_took_off_stays_off_under_every_issuer(trade: Trade) -> None:
    """R052, R063: a tax that somebody took off a line, or off the order, comes back with no other issuer."""
    order = trade.order(cases=2, kegs=1)
    case, keg = order["lines"]
    items = [{"line_id": case["id"], "quantity": 2, "tax_codes": ["gst"]}, {"line_id": keg["id"], "quantity": 1}]
    put = {"items": items, "revision": order["revision"]}
    order = answered(trade.seller.open(f"{API}/{order['id']}/content", "PUT", json=put))
    taken_off = billing(trade, order, "agent")
    assert taken_off["tax_cents"] == round((8500 + 18900) * 0.05) + 1885  # 9.975 % of the keg alone
    relief = {"taxed": False, "with_deposits": True}
    relieved = answered(trade.seller.open(f"{API}/{order['id']}/relief", "PUT", json=relief))
    assert (relieved["tax_cents"], relieved["charged_taxes"]) == (0, [])
    relieved = billing(trade, billing(trade, relieved, "platform"), "agent")
    assert relieved["tax_cents"] == 0
    answered(trade.seller.post(f"{API}/{order['id']}/accept", json={}))
    assert billed(trade.carrier, relieved)["tax_cents"] == 0


def test_the_form_keeps_the_taxes_that_are_not_counted_and_says_so(trade: Trade) -> None:
    """R063, R059: saved on the page of a producer that charges none, line, item in words and rebate keep theirs."""
    order = trade.order(**CASES)
    page = trade.seller.get(f"/commandes/{order['id']}/modifier").text
    line = order["lines"][0]["id"]
    assert f'name="t-{line}" value="qst" checked' in page
    assert "TPS et TVQ cochées ne sont pas comptées" in page
    told = {
        "revision": "1", f"q-{line}": "2", f"tt-{line}": "1", f"t-{line}": ["gst", "qst"], "taxed": "1",
        "with_deposits": "1", "ek-0": "item", "ew-0": "Verres", "eq-0": "1", "ep-0": "10", "et-0": ["gst", "qst"],
        "ek-1": "rebate", "ew-1": "Fidélité", "ep-1": "5", "et-1": ["gst", "qst"],
    }  # fmt: skip
    assert trade.seller.post(f"/commandes/{order['id']}/modifier", data=told).status_code == 303
    saved = answered(trade.seller.get(f"{API}/{order['id']}"))
    assert (saved["net_cents"], saved["tax_cents"]) == (9000, 0)
    assert saved["rebates"][0]["tax_codes"] == ["gst", "qst"]
    taxed = billing(trade, saved, "agent")
    assert taxed["tax_cents"] == 450 + 898
    assert "cochées ne sont pas comptées" not in trade.seller.get(f"/commandes/{order['id']}/modifier").text
    edited = kept(taxed, rebates=taxed["rebates"])
    again = answered(trade.seller.open(f"{API}/{order['id']}/content", "PUT", json=edited))
    assert (again["net_cents"], again["tax_cents"]) == (9000, 450 + 898)


def test_a_producer_that_registers_before_the_delivery_charges_from_then_on(trade: Trade) -> None:
    """T8: the registrations of the tax date decide, not those of the day of the order, nor the other way round."""
    producer = trade.world.sellers[1]
    seller = trade.member(producer.id, OrganisationKind.SUPPLIER)
    today = datetime.now(UTC).date()
    later = today + timedelta(days=3)
    with transaction(producer.id) as session:
        for code, number in (("gst", "123452220 RT0001"), ("qst", "1012342220 TQ0001")):
            parties.register_tax(session, tax_code=code, number=number, valid_from=later, stamp=stamp())
    for planned_on, tax_cents in ((later, TAX_CENTS), (later - timedelta(days=1), 0)):
        order = trade.order(
            by=seller, **CASES, seller_id=str(producer.id), planned_on=planned_on.isoformat(),
            items=[{"format_id": str(producer.case_id), "quantity": 2}],
        )  # fmt: skip
        answered(seller.post(f"{API}/{order['id']}/accept", json={}))
        invoice = billed(seller, order)
        assert (invoice["tax_cents"], invoice["net_cents"]) == (tax_cents, 8500)


def test_a_registration_of_the_day_of_the_order_is_read_at_its_acceptance(module_database: Database) -> None:
    """T8, R064: made and priced before it was entered, on one day; accepted, the order is what would be billed."""
    del module_database
    alone = trade_in(application(), make_world([SMALL]))
    order = alone.order(**CASES)
    assert order["tax_cents"] == 0
    with transaction(alone.world.seller.id) as session:
        for code, number in (("gst", "123452220 RT0001"), ("qst", "1012342220 TQ0001")):
            day = datetime.now(UTC).date() - timedelta(days=2)
            parties.register_tax(session, tax_code=code, number=number, valid_from=day, stamp=stamp())
    accepted = answered(alone.seller.post(f"{API}/{order['id']}/accept", json={}))
    assert (accepted["tax_cents"], accepted["charged_taxes"]) == (TAX_CENTS, ["gst", "qst"])
    assert billed(alone.seller, order)["total_cents"] == accepted["total_cents"]
