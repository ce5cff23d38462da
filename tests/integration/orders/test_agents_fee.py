"""What the billing agent keeps: agreed by both, shown before it is accepted, frozen with each order (C28, law 34)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from server.billing.model import Invoice
from server.core.transaction import transaction
from server.parties.model import Emission
from shared.ids import new_id
from tests.conftest import Database
from tests.factories.order_doors import API, Trade, answered, trade_in
from tests.factories.web import Client, application
from tests.factories.world import BillingType, Deal, make_world


@pytest.fixture(scope="module")
def trade(module_database: Database) -> Trade:
    """A supplier whose carrier bills for it, for 5 % of the net, as each delivery is told."""
    del module_database
    deal = Deal(billing_type=BillingType.AGENT, emission=Emission.ON_DELIVERED)
    return trade_in(application(), make_world([deal]))


def agreement(client: Client) -> dict[str, Any]:
    """Return the agreement as one of its sides reads it."""
    return next(one for one in answered(client.get("/api/v1/partners")) if one["kind"] == "agreement")


def accept(trade: Trade) -> None:
    """Accept the agreement with the fee that the carrier reads in it."""
    read = agreement(trade.carrier)
    said = answered(
        trade.carrier.post(
            f"/api/v1/partners/{read['id']}/state", json={"say": "accept", "agent_fee_bp": read["agent_fee_bp"]}
        )
    )
    assert said["state"] == "active"


def delivered(trade: Trade, order: dict[str, Any], *, extra: int = 0) -> dict[int, tuple[int, int]]:
    """Tell a delivery, some cases beyond it; return rate and fee of the invoices made, by net."""
    before = fees(trade)
    (line,) = order["lines"]
    told = {"order_line_id": line["id"], "ordered": 2, "delivered": 2, "extra": extra, "reason": ""}
    body = {"key": str(new_id()), "words": "sans tablette", "lines": [told]}
    answered(trade.carrier.post(f"{API}/{order['id']}/deliver", json=body))
    return {net: fee for (key, net), fee in fees(trade).items() if (key, net) not in before}


def fees(trade: Trade) -> dict[tuple[Any, int], tuple[int, int]]:
    with transaction(trade.world.carrier_id) as session:
        rows = session.scalars(select(Invoice)).all()
        return {(one.id, one.net_cents): (one.agent_fee_bp, one.agent_fee_cents) for one in rows}


def test_a_fee_is_what_both_agreed_when_the_order_was_accepted(trade: Trade) -> None:
    """C28, law 34, T6: the seller alone changes no fee, neither of what is accepted nor of what comes.

    What was taken beyond an order has the fee of that order; an order accepted after the agreement has the new one.
    """
    at_five, waiting = (trade.order(cases=2, kegs=0, accepted=one) for one in (True, False))
    later = trade.order(cases=2, kegs=0, accepted=True)
    path = f"/api/v1/partners/{agreement(trade.seller)['id']}/terms"
    assert answered(trade.seller.open(path, "PUT", json={"agent_fee_bp": 500}))["state"] == "active"
    assert answered(trade.seller.open(path, "PUT", json={"agent_fee_bp": 0}))["state"] == "proposed"
    assert (agreement(trade.carrier)["bills_as_agent"], agreement(trade.carrier)["agent_fee_bp"]) == (True, 0)
    refused = trade.seller.post(f"{API}/{waiting['id']}/accept", json={})
    assert (refused.status_code, refused.json["slug"]) == (409, "no-billing-agent")
    assert delivered(trade, at_five, extra=1) == {8500: (500, 425), 4250: (500, 213)}
    accept(trade)
    assert delivered(trade, later) == {8500: (500, 425)}
    waiting = answered(trade.seller.post(f"{API}/{waiting['id']}/accept", json={}))
    assert delivered(trade, waiting) == {8500: (0, 0)}


def test_the_fee_is_set_and_shown_on_the_page_of_partners(trade: Trade) -> None:
    """C28: a field for the seller; both sides read the share, the carrier before it accepts."""
    form = {
        "deliver_with": "invoice", "settlement_policy": "adjust", "contest_days": "10", "bills": "yes",
        "carrier_id": str(trade.world.carrier_id), "agent_fee": "7,5",
    }  # fmt: skip
    path = f"/partenaires/{agreement(trade.seller)['id']}/entente"
    assert trade.seller.post(path, data=form | {"agent_fee": "100,01"}).status_code == 422
    assert trade.seller.post(path, data=form).status_code == 303
    for side in (trade.seller, trade.carrier):
        assert "facturation unique, l’agent garde 7,50\u00a0%" in side.get("/partenaires").text.replace(
            "&nbsp;", "\u00a0"
        )
    assert 'name="agent_fee"' in trade.seller.get("/partenaires").text
    assert 'name="agent_fee"' not in trade.carrier.get("/partenaires").text
    assert "Accepter" in trade.carrier.get("/partenaires").text
    accept(trade)
    assert trade.seller.post(path, data=form).status_code == 303
    assert agreement(trade.seller)["state"] == "active"  # saved again as it was: nothing to agree to


def test_nobody_accepts_another_fee_than_the_one_that_was_read(trade: Trade) -> None:
    """C28: the seller changes the share while the carrier reads the page; its click accepts what it saw, or nothing."""
    bond_id = agreement(trade.seller)["id"]
    terms, state = f"/api/v1/partners/{bond_id}/terms", f"/api/v1/partners/{bond_id}/state"
    answered(trade.seller.open(terms, "PUT", json={"agent_fee_bp": 900}))
    page = trade.carrier.get("/partenaires").text
    assert '<input type="hidden" name="agent_fee_bp" value="900">' in page
    answered(trade.seller.open(terms, "PUT", json={"agent_fee_bp": 100}))
    for read in ({}, {"agent_fee_bp": 900}):
        refused = trade.carrier.post(state, json={"say": "accept"} | read)
        assert (refused.status_code, refused.json["slug"]) == (409, "agreement-fee-not-seen")
        assert "1,00\u00a0%" in refused.json["details"]["fr"]
    stale = trade.carrier.post(f"/partenaires/{bond_id}", data={"say": "accepter", "agent_fee_bp": "900"})
    assert stale.status_code == 409
    assert agreement(trade.carrier)["state"] == "proposed"
    assert (
        trade.carrier.post(f"/partenaires/{bond_id}", data={"say": "accepter", "agent_fee_bp": "100"}).status_code
        == 303
    )
    assert agreement(trade.carrier)["state"] == "active"
