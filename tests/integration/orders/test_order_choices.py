"""Who may choose what of an order: its terms, its agent, its day, its prices."""

from __future__ import annotations

from datetime import date, timedelta
from html import unescape
from typing import Any
from uuid import UUID, uuid4

import pytest

from server.core import clock
from server.core.transaction import transaction
from server.identity.model import OrganisationKind, Role
from server.parties import service as parties
from server.parties.model import Emission
from server.parties.queries import zone_of
from server.planning import service as planning
from tests.conftest import Database
from tests.factories.billing import read_invoice
from tests.factories.matrix import make_organisation
from tests.factories.order_doors import API, Trade, answered, kept, trade_in
from tests.factories.web import Client, Organisation, application, browser_of, make_member
from tests.factories.world import AGENT, Deal, make_world, stamp

BILLING: tuple[dict[str, Any], ...] = (
    {"billing_type": "external"},
    {"billing_type": "platform"},
    {"emission": "manual"},
    {"one_invoice_a_stop": True},
)
PAPER = {"deliver_with": "invoice"}


@pytest.fixture(scope="module")
def trade(module_database: Database) -> Trade:
    """A supplier that invoices on acceptance (net 30), two shops, a distributor that does not bill."""
    del module_database
    return trade_in(application(), make_world([Deal(emission=Emission.ON_ACCEPT)], buyers=2))


@pytest.fixture(scope="module")
def agent(trade: Trade) -> Client:
    """The supplier's agent."""
    agent_id = make_organisation(OrganisationKind.AGENT, "Agence du Houblon")
    with transaction(trade.world.seller.id) as session:
        parties.agree(session, carrier_id=agent_id, starts_on=date(2026, 1, 1), stamp=stamp())
    return trade.member(agent_id, OrganisationKind.AGENT)


@pytest.fixture(scope="module")
def billed(trade: Trade) -> Trade:
    """Another trade, in which the distributor bills as agent."""
    return trade_in(trade.app, make_world([AGENT]))


def refused(answer: Any, status: int = 403) -> dict[str, Any]:
    """Return a refusal, which says what and where in both languages."""
    problem = answered(answer, status)
    assert problem["details"]["fr"] != problem["details"]["en"]
    assert problem["where"]
    return problem


def today(trade: Trade) -> date:
    """Return the seller's business day."""
    with transaction(trade.world.seller.id) as session:
        return clock.now().astimezone(zone_of(session, org_id=trade.world.seller.id)).date()


def agent_id(agent: Client) -> str:
    """Return the agent's organisation."""
    assert agent.member is not None
    return str(agent.member.owner_id)


def put(trade: Trade, order: dict[str, Any], content: dict[str, Any], by: Client) -> Any:
    """Send a new content."""
    del trade
    return by.open(f"{API}/{order['id']}/content", "PUT", json=content)


def test_only_the_seller_side_chooses_how_an_order_is_billed(trade: Trade, agent: Client) -> None:
    """R001, R012, R013, section 3: billing from the seller and its agent; the paper from seller and distributor.

    The retailer chooses neither, the dispatcher and a distributor that does not bill the paper alone.
    """
    before = trade.seller.get(API).json["total"]
    named = {"agent_id": agent_id(agent)}
    for who, mine in ((trade.buyer, {}), (trade.carrier, {}), (trade.dispatcher, {})):
        for chosen in BILLING:
            for door in (API, f"{API}/quote"):
                problem = refused(who.post(door, json=trade.draft(**chosen, **mine)))
                assert (problem["slug"], problem["where"]) == ("forbidden", next(iter(chosen)))
    assert refused(trade.buyer.post(API, json=trade.draft(**PAPER)))["where"] == "deliver_with"
    assert refused(agent.post(API, json=trade.draft(**PAPER, **named)))["where"] == "deliver_with"
    assert trade.seller.get(API).json["total"] == before
    for who, mine in ((trade.seller, {}), (agent, named)):
        made = answered(who.post(API, json=trade.draft(billing_type="external", **mine)), 201)
        assert (made["billing_type"], made["is_billed_outside"]) == ("external", True)
    for who in (trade.seller, trade.carrier, trade.dispatcher):
        assert answered(who.post(API, json=trade.draft(**PAPER)), 201)["deliver_with"] == "invoice"


def test_a_buyer_that_posts_external_billing_gets_no_order_without_invoice(trade: Trade) -> None:
    """R001, R077: the reviewer's case: refused with external billing, and invoiced once without it."""
    assert trade.buyer.post(API, json=trade.draft(billing_type="external")).status_code == 403
    order = trade.order(by=trade.buyer, accepted=True)
    assert order["billing_type"] == "platform"
    assert len(trade.seller.get(f"/api/v1/invoices?order_id={order['id']}").json) == 1


def test_who_bills_for_the_seller_chooses_and_its_accountant_does_not(billed: Trade) -> None:
    """Section 3 (set billing type: the distributor under agent billing; accountants, terms of payment alone), C15."""
    made = answered(billed.carrier.post(API, json=billed.draft(one_invoice_a_stop=True)), 201)
    assert (made["billing_type"], made["one_invoice_a_stop"]) == ("agent", True)
    assert refused(billed.dispatcher.post(API, json=billed.draft(billing_type="platform")))["where"] == "billing_type"
    home = Organisation(OrganisationKind.DISTRIBUTOR, billed.world.carrier_id)
    both = browser_of(billed.app, make_member(home, Role.DISPATCHER, also=(Role.ACCOUNTANT,)))
    assert refused(both.post(API, json=billed.draft(emission="manual")))["where"] == "emission"
    assert answered(both.post(API, json=billed.draft(deliver_with="po")), 201)["deliver_with"] == "po"


def test_a_distributor_does_not_make_itself_the_sellers_side(trade: Trade) -> None:
    """Section 3 (accept, relieve, publish: ○ if agreed), C22, C28: no agent of an order by its own word."""
    carrier_id = str(trade.world.carrier_id)
    for maker in (trade.carrier, trade.seller):
        problem = refused(maker.post(API, json=trade.draft(agent_id=carrier_id)))
        assert (problem["slug"], problem["where"]) == ("not-its-agent", "agent_id")
    order = trade.order(by=trade.carrier)
    path = f"{API}/{order['id']}"
    relief = {"taxed": False, "with_deposits": True}
    assert trade.carrier.open(f"{path}/relief", "PUT", json=relief).status_code == 403
    assert trade.carrier.post(f"{path}/accept", json={}).status_code == 403
    answered(trade.seller.post(f"{path}/accept", json={}))
    assert trade.carrier.post(f"{path}/invoice").status_code == 403


def test_a_buyer_opens_its_order_to_nobody_else(trade: Trade, agent: Client) -> None:
    """R034, R047, C16: neither another shop, nor itself, nor even the seller's real agent, by the buyer's word."""
    world = trade.world
    shop = trade.member(world.buyers[1].id, OrganisationKind.RETAILER)
    before = shop.get(API).json["total"]
    for named in (world.buyers[1].id, world.buyer.id, world.carrier_id):
        assert refused(trade.buyer.post(API, json=trade.draft(agent_id=str(named))))["slug"] == "not-its-agent"
    assert refused(trade.buyer.post(API, json=trade.draft(agent_id=agent_id(agent))))["where"] == "agent_id"
    assert refused(trade.carrier.post(API, json=trade.draft(agent_id=agent_id(agent))))["where"] == "agent_id"
    for way in ("shipped", "pickup"):
        asked = trade.draft(distribution=way, carrier_id=str(world.buyers[1].id))
        assert refused(trade.buyer.post(API, json=asked), 422)["where"] == "carrier_id"
    assert shop.get(API).json["total"] == before
    for who in (trade.seller, agent):
        answered(who.post(API, json=trade.draft(agent_id=agent_id(agent))), 201)


def test_a_wanted_day_moves_neither_due_date_nor_tax_date(trade: Trade) -> None:
    """R074-R076: the base is the carrier's next delivery, without cycle the acceptance; a wish is only read."""
    day = today(trade)
    wanted = day + timedelta(days=60)
    order = trade.order(by=trade.buyer, accepted=True, wanted_on=str(wanted))
    assert (order["wanted_on"], order["planned_on"]) == (str(wanted), None)
    assert dates(trade, order) == (str(day), str(day + timedelta(days=30)))
    for page in (f"/commandes/{order['id']}", f"/planification?jour={wanted}"):
        assert "souhait" in unescape(trade.dispatcher.get(page).text)
    assert order["number"] not in trade.dispatcher.get(f"/planification?jour={day}").text  # it waits for its day
    assert order["number"] in trade.dispatcher.get(f"/planification?jour={wanted}").text


def test_a_carriers_cycle_plans_the_day_whatever_the_buyer_wants(trade: Trade) -> None:
    """R074, R075: due date and tax date follow the cycle's next day, not the wanted one."""
    day = today(trade)
    on = day + timedelta(days=5)
    with transaction(trade.world.carrier_id) as session:
        cycle = planning.set_cycle(
            session, name="Chaque semaine", first_on=on, every_weeks=1, seller_ids=(), site_ids=(), stamp=stamp()
        )
        cycle_id = cycle.id
    order = trade.order(by=trade.buyer, accepted=True, wanted_on=str(day + timedelta(days=200)))
    with transaction(trade.world.carrier_id) as session:
        planning.drop_cycle(session, cycle_id=cycle_id, stamp=stamp())
    assert order["planned_on"] == str(on)
    assert dates(trade, order) == (str(on), str(on + timedelta(days=30)))


def dates(trade: Trade, order: dict[str, Any]) -> tuple[str, str]:
    """Return the tax date and the due date of the order's one invoice."""
    (listed,) = trade.seller.get(f"/api/v1/invoices?order_id={order['id']}").json
    invoice = read_invoice(UUID(listed["id"]), acting=trade.world.seller.id)
    assert str(invoice.due_on) == listed["due_on"]
    return str(invoice.tax_on), str(invoice.due_on)


def test_days_are_bounded_and_planned_by_who_plans(trade: Trade) -> None:
    """R074: a wish is from the seller's today to a year on; the buyer plans nothing; the form says the same."""
    day = today(trade)
    assert refused(trade.buyer.post(API, json=trade.draft(planned_on="2099-01-01")))["where"] == "planned_on"
    assert refused(trade.buyer.post(API, json=trade.draft(planned_on=str(day))))["slug"] == "forbidden"
    for wrong in (day - timedelta(days=1), day + timedelta(days=367), date(2099, 1, 1)):
        problem = refused(trade.buyer.post(API, json=trade.draft(wanted_on=str(wrong))), 422)
        assert (problem["slug"], problem["where"]) == ("bad-order", "wanted_on")
    for far in (trade.seller, trade.carrier):
        assert refused(far.post(API, json=trade.draft(planned_on="2099-01-01")), 422)["where"] == "planned_on"
        planned = answered(far.post(API, json=trade.draft(planned_on=str(day + timedelta(days=9)))), 201)
        assert planned["planned_on"] == str(day + timedelta(days=9))
    for first_or_last in (day, day + timedelta(days=366)):
        made = answered(trade.buyer.post(API, json=trade.draft(wanted_on=str(first_or_last))), 201)
        assert made["wanted_on"] == str(first_or_last)
    world = trade.world
    form = {
        "seller_id": world.seller.id, "buyer_id": world.buyer.id, "site_id": world.buyer.site_id,
        "way": world.carrier_id, "taxed": "1", "with_deposits": "1", f"n-{world.seller.case_id}": "1",
    }  # fmt: skip
    assert 'name="wanted_on"' in trade.buyer.get(f"/commandes/nouvelle?vendeur={world.seller.id}").text
    wrong_page = trade.buyer.post("/commandes/nouvelle", data=form | {"wanted_on": "2099-01-01"})
    assert (wrong_page.status_code, "Le jour souhaité va du" in unescape(wrong_page.text)) == (422, True)
    sent = trade.buyer.post("/commandes/nouvelle", data=form | {"wanted_on": str(day + timedelta(days=3))})
    order = trade.buyer.get(API + str(sent.location).removeprefix("/commandes")).json
    assert (order["wanted_on"], order["planned_on"]) == (str(day + timedelta(days=3)), None)


def test_a_distributor_changes_what_and_how_much_but_no_price(trade: Trade) -> None:
    """R062, R063, C22: quantities and formats of the catalogue; prices, discounts, taxes, charges are who bills's."""
    order = trade.order(document_discount_cents=200)
    whole = {"document_discount_cents": 200}
    case_id, keg_id = str(trade.world.seller.case_id), str(trade.world.seller.keg_id)
    first = {"line_id": order["lines"][0]["id"], "quantity": 4}
    priced: tuple[dict[str, Any], ...] = (
        {"items": [first | {"unit_price": "0.01"}]},
        {"items": [first | {"discount_cents": 1}]},
        {"items": [first | {"tax_codes": []}]},
        {"items": [first, {"format_id": keg_id, "quantity": 1, "unit_price": "1.00"}]},
        {"items": [first, {"format_id": keg_id, "quantity": 1, "discount_cents": 1}]},
        {"items": [first, {"format_id": keg_id, "quantity": 1, "with_discounts": False}]},
        {"items": [first, {"kind": "charge", "words": "Frais", "quantity": 1, "unit_price": "9", "tax_codes": []}]},
        {"items": [first], "document_discount_cents": 300},
        {"items": [first], "rebates": [{"words": "Geste", "amount_cents": 1, "tax_codes": ["gst", "qst"]}]},
    )
    for content in priced:
        assert refused(put(trade, order, whole | content, trade.carrier))["where"] == order["number"], content
        quoted = trade.carrier.post(f"{API}/{order['id']}/quote", json=whole | content)
        assert quoted.status_code == 403, content
    new = [{"format_id": case_id, "quantity": 2}]
    for content in ({"items": [new[0] | {"unit_price": "1.00"}]}, {"items": new, "document_discount_cents": 1}):
        assert refused(trade.carrier.post(API, json=trade.draft(**content)))["slug"] == "forbidden"
    assert trade.seller.get(f"{API}/{order['id']}").json == order
    changed = answered(put(trade, order, whole | {"items": [first | {"quantity": 2}, *new]}, trade.carrier))
    assert [(line["quantity"], line["unit_price"]) for line in changed["lines"]] == [(2, "42.5000"), (2, "42.5000")]


def test_a_distributors_form_has_no_prices_and_keeps_them(trade: Trade, billed: Trade) -> None:
    """R062, R063, C22: the page shows prices, discounts and rebates as words; saving keeps each of them."""
    order = trade.order()
    content = kept(order, rebates=[{"words": "Geste", "amount_cents": 100, "tax_codes": ["gst", "qst"]}])
    content["items"][0]["discount_cents"] = 150
    order = answered(put(trade, order, content, trade.seller))
    case, keg = (line["id"] for line in order["lines"])
    path = f"/commandes/{order['id']}/modifier"
    form = trade.carrier.get(path).text
    for field, is_typed in ((f"p-{case}", False), ("ew-0", False), (f"q-{case}", True)):
        assert (f'name="{field}"' in form) == is_typed
        assert f'name="{field}"' in trade.seller.get(path).text
    data = {"revision": order["revision"], f"q-{case}": "9", f"q-{keg}": "1", "taxed": "1", "with_deposits": "1"}
    data |= hidden(form)
    assert trade.carrier.post(path, data=data | {f"p-{case}": "0,01"}).status_code == 403
    assert trade.carrier.post(path, data=data).status_code == 303
    saved = trade.seller.get(f"{API}/{order['id']}").json
    assert [(line["quantity"], line["discount_cents"]) for line in saved["lines"]] == [(9, 150), (1, 0)]
    assert saved["rebates"] == order["rebates"]
    other = billed.order()
    assert f'name="p-{other["lines"][0]["id"]}"' in billed.carrier.get(f"/commandes/{other['id']}/modifier").text


def hidden(form: str) -> dict[str, Any]:
    """Return what a form's hidden fields send, lists as lists."""
    found: dict[str, Any] = {}
    for part in form.split('<input type="hidden" name="')[1:]:
        name, _, rest = part.partition('" value="')
        if name.startswith(("d-", "rw-", "ra-", "rt-")):
            found.setdefault(name, []).append(unescape(rest.partition('"')[0]))
    return found


def test_restore_brings_the_paper_back(trade: Trade) -> None:
    """R013, R066: « état initial » has the paper that the order was submitted with."""
    order = trade.order(by=trade.buyer)
    path = f"{API}/{order['id']}"
    other = "po" if order["deliver_with"] == "invoice" else "invoice"
    assert answered(trade.carrier.open(f"{path}/deliver-with", "PUT", json={"deliver_with": other}))
    assert trade.seller.get(path).json["deliver_with"] == other
    restored = answered(trade.seller.post(f"{path}/restore"))
    assert {key: value for key, value in restored.items() if key != "revision"} == {
        key: value for key, value in order.items() if key != "revision"
    }


def test_an_agent_of_another_seller_is_none_of_this_one(trade: Trade) -> None:
    """R027: an organisation of the right kind without a deal with this seller is a stranger."""
    stranger = make_organisation(OrganisationKind.AGENT, "Agence Étrangère")
    for named in (stranger, uuid4()):
        problem = refused(trade.seller.post(API, json=trade.draft(agent_id=str(UUID(str(named))))))
        assert (problem["slug"], problem["where"]) == ("no-relation", "agent_id")
