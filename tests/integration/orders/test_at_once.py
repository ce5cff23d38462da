"""Two people at one order: what the second one does is done to the order as it stands, or told to look again."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest

from server.core.transaction import transaction
from server.identity.model import OrganisationKind, Role
from server.parties.model import BillingType, Emission
from server.parties.service import GroupTerms, change_group
from tests.conftest import Database
from tests.factories.order_doors import API, Trade, answered, kept, trade_in
from tests.factories.queues import on_an_order
from tests.factories.web import Client, application
from tests.factories.world import RUN_DAY, Deal, make_plan, make_runs, make_vehicle, make_world, stamp

PLAIN = {"billing_type": "platform", "kegs": 0}
ONE_CASE = 5_127
ANOTHER_DAY = RUN_DAY + timedelta(days=1)


@pytest.fixture(scope="module")
def trade(module_database: Database) -> Trade:
    """A seller that invoices as it accepts, whose distributor may bill for it, with a truck."""
    world = make_world([Deal(billing_type=BillingType.AGENT, emission=Emission.ON_ACCEPT)])
    make_vehicle(world)
    return trade_in(application(), world)


@pytest.fixture(scope="module")
def colleague(trade: Trade) -> Client:
    return trade.member(trade.world.seller.id, OrganisationKind.SUPPLIER)


def one_case(trade: Trade, order: dict[str, Any]) -> Any:
    """Change the order to one case, the line that stays."""
    return trade.seller.open(f"{API}/{order['id']}/content", "PUT", json=kept(order, quantities={0: 1}))


def another_case(trade: Trade, order: dict[str, Any]) -> Any:
    """Change the order to one case of a new line: the former one is gone."""
    items = [{"format_id": str(trade.world.seller.case_id), "quantity": 1}]
    return trade.seller.open(f"{API}/{order['id']}/content", "PUT", json={"items": items})


def billed(trade: Trade, order: dict[str, Any]) -> list[tuple[int, list[int]]]:
    """Return total and quantities of each of the order's invoices."""
    found = answered(trade.seller.get("/api/v1/invoices", query_string={"order_id": order["id"]}))
    whole = [answered(trade.seller.get(f"/api/v1/invoices/{one['id']}")) for one in found]
    return [(one["total_cents"], [line["quantity"] for line in one["lines"]]) for one in whole]


def now(trade: Trade, order: dict[str, Any]) -> dict[str, Any]:
    found = answered(trade.seller.get(f"{API}/{order['id']}"))
    assert found["total_cents"] == found["net_cents"] + found["tax_cents"] + found["deposit_cents"]
    return found


@pytest.mark.parametrize("change", [one_case, another_case])
def test_an_order_that_changes_while_it_is_accepted_is_billed_as_it_stands(
    module_database: Database, trade: Trade, colleague: Client, change
) -> None:
    """R043, R064, R077: the invoice has the lines that the order has, not those that were read before the lock."""
    order = trade.order(cases=4, **PLAIN)
    path = f"{API}/{order['id']}/accept"
    doors = (lambda: change(trade, order), lambda: colleague.post(path, json={}))
    assert [one.status_code for one in on_an_order(module_database, order["id"], *doors)] == [200, 200]
    assert (now(trade, order)["state"], now(trade, order)["total_cents"]) == ("accepted", ONE_CASE)
    assert billed(trade, order) == [(ONE_CASE, [1])]


def test_who_says_what_was_read_is_told_what_changed(
    module_database: Database, trade: Trade, colleague: Client
) -> None:
    """R064: with its revision, nothing is accepted that was not seen; the refusal says what changed, and the total."""
    order = trade.order(cases=4, **PLAIN)
    accept = {"revision": order["revision"]}
    doors = (
        lambda: one_case(trade, order),
        lambda: colleague.post(f"{API}/{order['id']}/accept", json=accept),
    )
    done, refused = on_an_order(module_database, order["id"], *doors)
    assert (done.status_code, refused.status_code) == (200, 409)
    assert (refused.json["slug"], refused.json["revision"]) == ("order-changed-meanwhile", 2)
    said = refused.json["details"]
    assert all(words in said["fr"].replace("\u00a0", " ") for words in ("4 → 1", "Total : 51,27 $", "recommencez"))
    assert all(words in said["en"] for words in ("4 → 1", "Total: $51.27", "start over"))
    assert (now(trade, order)["state"], billed(trade, order)) == ("pending", [])


def test_a_draft_that_changes_while_it_is_submitted_is_billed_as_it_stands(
    module_database: Database, trade: Trade, colleague: Client
) -> None:
    """R043, R068, R072, R066: so it is when the system accepts, and what was submitted is what stands."""
    accepts_by_itself(trade, True)
    draft = answered(trade.seller.post(API, json=trade.draft(cases=4, **PLAIN)), 201)
    doors = (lambda: one_case(trade, draft), lambda: colleague.post(f"{API}/{draft['id']}/submit"))
    assert [one.status_code for one in on_an_order(module_database, draft["id"], *doors)] == [200, 200]
    accepts_by_itself(trade, False)
    assert (now(trade, draft)["state"], billed(trade, draft)) == ("accepted", [(ONE_CASE, [1])])


def accepts_by_itself(trade: Trade, auto_accept: bool) -> None:
    with transaction(trade.world.seller.id) as session:
        change_group(session, terms=GroupTerms(auto_accept=auto_accept, emission=Emission.ON_ACCEPT), stamp=stamp())


def test_an_order_that_changes_while_its_billing_is_chosen_is_priced_as_it_stands(
    module_database: Database, trade: Trade, colleague: Client
) -> None:
    """R012, R043, C28: its new issuer reads the lines that stand, and the total is theirs."""
    order = trade.order(cases=4, accepted=False, emission="manual", **PLAIN)
    answered(trade.seller.post(f"{API}/{order['id']}/accept", json={}))
    path = f"{API}/{order['id']}/billing"
    doors = (
        lambda: another_case(trade, order),
        lambda: colleague.open(path, "PUT", json={"billing_type": "agent"}),
    )
    assert [one.status_code for one in on_an_order(module_database, order["id"], *doors)] == [200, 200]
    seen = answered(trade.carrier.get(f"{API}/{order['id']}"))
    assert (seen["billing_type"], seen["total_cents"], len(seen["lines"])) == ("agent", ONE_CASE, 1)
    assert now(trade, order)["total_cents"] == ONE_CASE


def test_an_order_that_changes_while_it_is_relieved_keeps_its_new_lines(
    module_database: Database, trade: Trade, colleague: Client
) -> None:
    """R052, R063: taxes come off the order that stands, and everything else stays as it is."""
    order = trade.order(cases=4, **PLAIN)
    path, bare = f"{API}/{order['id']}/relief", {"taxed": False, "with_deposits": True}
    doors = (lambda: another_case(trade, order), lambda: colleague.open(path, "PUT", json=bare))
    assert [one.status_code for one in on_an_order(module_database, order["id"], *doors)] == [200, 200]
    found = now(trade, order)
    assert ([line["quantity"] for line in found["lines"]], found["tax_cents"]) == ([1], 0)


def test_no_invoice_goes_along_with_an_order_that_became_external(
    module_database: Database, trade: Trade, colleague: Client
) -> None:
    """R009: whoever chose the paper before the order was billed outside, it rides with a purchase order."""
    order = trade.order(cases=1, **PLAIN)
    path = f"{API}/{order['id']}"
    doors = (
        lambda: trade.seller.open(f"{path}/billing", "PUT", json={"billing_type": "external"}),
        lambda: colleague.open(f"{path}/deliver-with", "PUT", json={"deliver_with": "invoice"}),
    )
    assert [one.status_code for one in on_an_order(module_database, order["id"], *doors)] == [200, 409]
    assert (now(trade, order)["billing_type"], now(trade, order)["deliver_with"]) == ("external", "po")


def test_no_line_changes_behind_a_provisional_invoice(module_database: Database, trade: Trade) -> None:
    """R043, C1: once the run's papers made one, who edits is told to take the order off its run."""
    told = {"emission": "on_run_documents", "planned_on": str(RUN_DAY)}
    order = trade.order(cases=4, accepted=True, **told, **PLAIN)
    [run_id] = make_runs(trade.world)
    doors = (
        lambda: trade.dispatcher.post(f"/api/v1/runs/{run_id}/documents"),
        lambda: another_case(trade, order),
    )
    made, refused = on_an_order(module_database, order["id"], *doors)
    assert (made.status_code, refused.status_code) == (200, 409), refused.text
    assert "retirer de sa tournée" in refused.json["details"]["fr"]
    assert [line["quantity"] for line in now(trade, order)["lines"]] == [4]


def test_a_cancelled_order_rides_on_no_run(module_database: Database, trade: Trade, colleague: Client) -> None:
    """Section 4 (planifiée → annulée): put on a run while it is cancelled, it is not cancelled on it; the next try is.

    Runs are locked before orders: the one that took it meanwhile is found by who begins anew.
    """
    order = trade.order(cases=1, accepted=True, planned_on=str(ANOTHER_DAY), emission="manual", **PLAIN)
    plan_id = make_plan(trade.world, runs_on=ANOTHER_DAY)
    path = f"{API}/{order['id']}/cancel"
    doors = (
        lambda: trade.dispatcher.post(f"/api/v1/plans/{plan_id}/adopt"),
        lambda: colleague.post(path, json={"reason": "Doublon"}),
    )
    adopted, refused = on_an_order(module_database, order["id"], *doors)
    assert (adopted.status_code // 100, refused.status_code) == (2, 409), refused.text
    assert "mise sur une tournée" in refused.json["details"]["fr"]
    assert now(trade, order)["state"] == "planned"
    assert answered(colleague.post(path, json={"reason": "Doublon"}))["state"] == "cancelled"


def revised(trade: Trade, order: dict[str, Any], cases: int) -> None:
    content = kept(now(trade, order), quantities={0: cases})
    answered(trade.carrier.open(f"{API}/{order['id']}/content", "PUT", json=content))


def form(client: Client, order: dict[str, Any], door: str) -> dict[str, str]:
    """Return what the form of the order's page that leads to a door would send, unseen."""
    page = unescape(client.get(f"/commandes/{order['id']}").text)
    (inside,) = re.findall(rf'<form[^>]*action="/commandes/{order["id"]}/{door}"[^>]*>(.*?)</form>', page, re.DOTALL)
    return dict(re.findall(r'<input type="hidden" name="(revision)" value="([^"]*)"', inside))


def waiting(trade: Trade) -> dict[str, Any]:
    return trade.order(cases=2, **PLAIN)


def drafted(trade: Trade) -> dict[str, Any]:
    return answered(trade.seller.post(API, json=trade.draft(cases=2, **PLAIN)), 201)


def accepted(trade: Trade) -> dict[str, Any]:
    return trade.order(cases=2, accepted=True, emission="manual", **PLAIN)


@pytest.mark.parametrize(
    ("door", "make", "more"),
    [
        ("accepter", waiting, {}),
        ("restaurer", waiting, {}),
        ("facturation", waiting, {"facturation": "external"}),
        ("soumettre", drafted, {}),
        ("allegements", waiting, {"taxed": "1"}),
        ("facturer", accepted, {}),
    ],
)
def test_a_page_answers_the_order_that_it_showed(trade: Trade, door: str, make, more: dict[str, str]) -> None:
    """R043, R064, R066, R077, R012, R052: what changed since the page was opened is said, and nothing is done.

    Opened again, the same button does it; a form that says nothing of what it showed does nothing.
    """
    role = Role.ACCOUNTANT if door == "allegements" else Role.OWNER
    person = trade.member(trade.world.seller.id, OrganisationKind.SUPPLIER, role)
    order = make(trade)
    revised(trade, order, 3)
    path, shown = f"/commandes/{order['id']}/{door}", form(person, order, door)
    assert shown == {"revision": "2"}
    revised(trade, order, 90)
    before = now(trade, order)
    refused = person.post(path, data=shown | more)
    said = unescape(refused.text).replace("\u00a0", " ")
    assert (refused.status_code, "3 → 90" in said, "4 613,79 $" in said.replace("\u202f", " ")) == (409, True, True)
    assert f'href="/commandes/{order["id"]}">Revoir la commande' in said
    assert person.post(path, data=more).status_code == 422
    assert (now(trade, order), billed(trade, order)) == (before, [])
    assert person.post(path, data=form(person, order, door) | more).status_code == 303
    assert now(trade, order) != before


@pytest.mark.parametrize(
    ("door", "make", "more"),
    [
        ("POST accept", waiting, {}),
        ("POST restore", waiting, {}),
        ("PUT billing", waiting, {"billing_type": "external"}),
        ("POST submit", drafted, {}),
        ("PUT relief", waiting, {"taxed": False, "with_deposits": True}),
        ("POST invoice", accepted, {}),
    ],
)
def test_a_program_may_say_which_order_it_read(trade: Trade, door: str, make, more: dict[str, Any]) -> None:
    """R043, R064: with the revision that it read a program is told, too; with today's, the same request passes."""
    order, (method, step) = make(trade), door.split()
    revised(trade, order, 3)
    path = f"{API}/{order['id']}/{step}"
    refused = trade.seller.open(path, method, json=more | {"revision": 1})
    assert (refused.status_code, refused.json["slug"]) == (409, "order-changed-meanwhile")
    assert answered(trade.seller.open(path, method, json=more | {"revision": 2}))
