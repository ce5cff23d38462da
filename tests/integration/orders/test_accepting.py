"""Accepting an order: the day that was wished for is answered, and who bills as the agent finds its buttons."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from html import unescape
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from server.core.transaction import transaction
from server.notifications.following.jobs import tell_fact
from server.notifications.model import InboxMessage
from tests.conftest import Database
from tests.factories.accounts import today
from tests.factories.order_doors import API, Trade, answered, trade_in
from tests.factories.web import application
from tests.factories.world import AGENT, Deal, make_world


@pytest.fixture(scope="module")
def trade(module_database: Database) -> Trade:
    """A supplier that bills itself."""
    del module_database
    return trade_in(application(), make_world([Deal()]))


@pytest.fixture(scope="module")
def billed(trade: Trade) -> Trade:
    """Another trade, in which the distributor bills as the agent."""
    return trade_in(trade.app, make_world([AGENT]))


def days_from_now(days: int) -> date:
    return today() + timedelta(days=days)


def timeline(trade: Trade, order: dict[str, Any]) -> str:
    entries = answered(trade.buyer.get(f"{API}/{order['id']}/timeline"))
    return " ".join(one["text"]["fr"] for one in entries).replace("\u00a0", " ")


def told(trade: Trade, order: dict[str, Any]) -> str:
    """Return what the buyer reads of the acceptance."""
    tell_fact(owner_id=str(trade.world.seller.id), subject_id=order["id"])
    with transaction(trade.world.buyer.id) as session:
        wanted = (InboxMessage.subject_id == UUID(order["id"]), InboxMessage.kind == "order.accepted")
        return session.scalars(select(InboxMessage.text_fr).where(*wanted)).one().replace("\u00a0", " ")


def by_program(trade: Trade, order: dict[str, Any], on: date) -> int:
    return trade.seller.post(f"{API}/{order['id']}/accept", json={"wanted_on": str(on)}).status_code // 100


def by_page(trade: Trade, order: dict[str, Any], on: date) -> int:
    page = unescape(trade.seller.get(f"/commandes/{order['id']}").text)
    assert f'name="wanted_on" min="{today()}"' in page
    told = {"wanted_on": str(on), "revision": order["revision"]}
    return trade.seller.post(f"/commandes/{order['id']}/accepter", data=told).status_code // 100


def by_form(trade: Trade, order: dict[str, Any], on: date) -> int:
    """Save a changed order and accept it in one step, on the form that edits it."""
    return trade.seller.post(f"/commandes/{order['id']}/modifier", data=edited(order, on)).status_code // 100


def edited(order: dict[str, Any], on: date) -> dict[str, str]:
    quantities = {f"q-{line['id']}": "2" for line in order["lines"]}
    told = {"taxed": "1", "with_deposits": "1", "then": "accept", "wanted_on": str(on)}
    return quantities | told | {"revision": str(order["revision"])}


ANSWERS = {
    "confirmed": (5, 5, "Jour souhaité confirmé"),
    "changed": (5, 8, "au lieu du jour souhaité"),
    "first-named": (None, 6, "Jour de livraison convenu"),
}


@pytest.mark.parametrize(
    ("accept", "done"), [(by_program, 2), (by_page, 3), (by_form, 3)], ids=["program", "page", "form"]
)
@pytest.mark.parametrize("answer", ANSWERS)
def test_whoever_accepts_answers_the_wanted_day(
    trade: Trade, accept: Callable[[Trade, dict[str, Any], date], int], done: int, answer: str
) -> None:
    """R064, R053, R074: confirmed or changed while accepting; timeline and retailer read which; no date follows it."""
    wished, agreed, said = ANSWERS[answer]
    wish = {} if wished is None else {"wanted_on": str(days_from_now(wished))}
    order = trade.order(by=trade.buyer, **wish)
    assert accept(trade, order, days_from_now(agreed)) == done
    now = answered(trade.buyer.get(f"{API}/{order['id']}"))
    assert (now["state"], now["wanted_on"], now["planned_on"]) == ("accepted", str(days_from_now(agreed)), None)
    assert said in timeline(trade, order)
    assert said in told(trade, order)


def test_a_day_that_cannot_be_is_refused_and_silence_answers_nothing(trade: Trade) -> None:
    """R064, R045: past or too far is refused and nothing is accepted; without a day the wish stands as it was."""
    order = trade.order(by=trade.buyer, wanted_on=str(days_from_now(5)))
    path = f"{API}/{order['id']}/accept"
    for wrong in (-1, 400):
        refused = trade.seller.post(path, json={"wanted_on": str(days_from_now(wrong))})
        assert (refused.status_code, refused.json["where"]) == (422, "wanted_on")
    assert trade.buyer.post(path, json={"wanted_on": str(days_from_now(6))}).status_code == 403
    now = answered(trade.seller.post(path, json={}))
    assert (now["state"], now["wanted_on"]) == ("accepted", str(days_from_now(5)))
    assert "Jour souhaité" not in timeline(trade, order)
    assert told(trade, order).endswith("elle sera livrée.")


def test_the_form_that_changes_an_order_shows_the_wish_and_keeps_a_refused_day(trade: Trade) -> None:
    """R064, R065: « enregistrer et accepter » begins with the wished day; a past one saves nothing."""
    order = trade.order(by=trade.buyer, wanted_on=str(days_from_now(5)))
    path = f"/commandes/{order['id']}/modifier"
    assert f'min="{today()}" value="{days_from_now(5)}"' in trade.seller.get(path).text
    for wrong in (days_from_now(-1), days_from_now(400)):
        refused = trade.seller.post(path, data=edited(order, wrong))
        assert refused.status_code == 422
        assert f'value="{wrong}"' in refused.text
    now = answered(trade.buyer.get(f"{API}/{order['id']}"))
    assert (now["state"], now["revision"]) == ("pending", order["revision"])


def test_a_distributor_that_bills_as_the_agent_accepts_on_its_page(trade: Trade, billed: Trade) -> None:
    """Section 3 (accept, reject: the distributor if agreed), R011, R012, C28: its buttons and its choice of billing.

    One that does not bill sees none of them, and neither does its dispatcher.
    """
    order = billed.order(by=billed.buyer)
    path = f"/commandes/{order['id']}"
    shown = unescape(billed.carrier.get(path).text)
    for words in ("Accepter la commande", "Choisir la facturation", "Accepter ainsi", "Rejeter cette commande"):
        assert words in shown, words
    assert "Accepter la commande" not in unescape(billed.dispatcher.get(path).text)
    plain = trade.order(by=trade.buyer)
    assert "Accepter la commande" not in unescape(trade.carrier.get(f"/commandes/{plain['id']}").text)
    so = {"facturation": "agent_stop", "revision": "1"}
    assert billed.carrier.post(f"{path}/accepter", data=so).status_code == 303
    now = answered(billed.carrier.get(f"{API}/{order['id']}"))
    assert (now["state"], now["issuer"]["id"]) == ("accepted", str(billed.world.carrier_id))
    assert now["one_invoice_a_stop"] is True
    other = billed.order(by=billed.buyer)
    assert billed.carrier.post(f"/commandes/{other['id']}/rejeter", data={"reason": "Rupture"}).status_code == 303
