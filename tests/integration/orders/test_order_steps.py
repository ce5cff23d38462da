"""The steps of an order's life that no run takes, its paper and news, what its retailer asks, who makes it for whom."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from pypdf import PdfReader
from sqlalchemy import select, update

from server.billing.model import Invoice, InvoiceOrder
from server.core import clock
from server.core.transaction import transaction
from server.identity.model import OrganisationKind, Role
from server.notifications.model import InboxMessage
from server.orders.jobs import watch_pending
from server.orders.model import Order
from server.parties import service as parties
from server.parties.model import DeliverWith, Emission, SettlementPolicy
from server.stock import queries as stock
from server.worker import run_until_empty
from shared.ids import new_id
from tests.conftest import Database
from tests.factories.order_doors import API, Trade, answered, kept, trade_in
from tests.factories.web import Client, application
from tests.factories.world import Deal, make_world, stamp

BY_DELIVERY = Deal(
    emission=Emission.ON_DELIVERED, deliver_with=DeliverWith.PO, settlement_policy=SettlementPolicy.CREDIT
)


@pytest.fixture(scope="module")
def trade(module_database: Database) -> Trade:
    del module_database
    return trade_in(application(), make_world([BY_DELIVERY]))


def paper_of(client: Client, order: dict[str, Any]) -> str:
    """Return the newest purchase order's text, after the worker's jobs."""
    run_until_empty()
    found = answered(client.get("/api/v1/documents", query_string={"order_id": order["id"]}))
    newest = max((one for one in found if one["kind"] == "purchase_order"), key=lambda one: one["revision"])
    pdf = client.get(f"/api/v1/documents/{newest['id']}/file").data
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


def test_creation_issues_a_numbered_paper_that_follows_the_order(trade: Trade) -> None:
    """R037-R040, R051, R055: number, items, date, final amount, note; then Acceptée, and Annulée, for every party."""
    made = answered(trade.buyer.post(API, json=trade.draft(cases=2, kegs=0, note="Par la ruelle")), 201)
    first = paper_of(trade.buyer, made)
    total = f"{made['total_cents'] / 100:.2f}".replace(".", ",")
    for fact in (made["number"], "Brouillon", "caisse de 24", "Par la ruelle", total, "Consignes"):
        assert fact in first, fact
    answered(trade.buyer.post(f"{API}/{made['id']}/submit"))
    answered(trade.seller.post(f"{API}/{made['id']}/accept", json={}))
    assert "Acceptée" in paper_of(trade.carrier, made)
    answered(trade.seller.post(f"{API}/{made['id']}/cancel", json={"reason": "Doublon"}))
    assert "Annulée" in paper_of(trade.buyer, made)


def test_parties_are_told_of_each_answer(trade: Trade) -> None:
    """R064, C13, R046: the seller of a new order, both of its acceptance, the seller of a request and a message."""
    order = trade.order(by=trade.buyer)
    run_until_empty()
    answered(trade.seller.post(f"{API}/{order['id']}/accept", json={}))
    answered(trade.buyer.post(f"{API}/{order['id']}/requests", json={"kind": "cancel", "words": "Fermé lundi"}), 201)
    run_until_empty()
    assert kinds_told(trade.world.seller.id, order) == {
        "order.submitted",
        "order.accepted",
        "order.request_made",
        "order.message",
    }
    assert kinds_told(trade.world.buyer.id, order) == {"order.accepted"}


def kinds_told(org_id: UUID, order: dict[str, Any]) -> set[str]:
    with transaction(org_id) as session:
        wanted = InboxMessage.subject_id == UUID(order["id"])
        return set(session.scalars(select(InboxMessage.kind).where(wanted)))


def test_a_retailer_asks_and_the_seller_grants_or_declines(trade: Trade) -> None:
    """R045, C13: the retailer changes nothing itself; its typed request is granted by doing it, or declined."""
    order = trade.order(by=trade.buyer)
    asks = f"{API}/{order['id']}/requests"
    assert trade.seller.post(asks, json={"kind": "change", "words": "x"}).status_code == 403
    change = answered(trade.buyer.post(asks, json={"kind": "change", "words": "Trois caisses, svp"}), 201)
    assert trade.buyer.post(asks, json={"kind": "change", "words": "Encore"}).status_code == 409
    answered(trade.buyer.post(asks, json={"kind": "cancel", "words": "Tout compte fait"}), 201)
    content = kept(order, quantities={0: 3})
    answered(trade.seller.open(f"{API}/{order['id']}/content", "PUT", json=content))
    states = {one["kind"]: one["state"] for one in answered(trade.buyer.get(asks))}
    assert states == {"change": "granted", "cancel": "open"}
    cancel = next(one for one in trade.buyer.get(asks).json if one["kind"] == "cancel")
    door = f"{asks}/{cancel['id']}/decline"
    assert trade.buyer.post(door, json={"answer": "non"}).status_code == 403
    assert trade.carrier.post(door, json={"answer": "non"}).status_code == 403
    assert answered(trade.seller.post(door, json={"answer": "Déjà brassée"}))["state"] == "declined"
    assert trade.seller.post(f"{asks}/{change['id']}/decline", json={"answer": "trop tard"}).status_code == 409
    assert "Déjà brassée" in trade.buyer.get(f"{API}/{order['id']}/timeline").json[-1]["text"]["fr"]


@pytest.mark.parametrize("distribution", ["shipped", "pickup"])
def test_an_order_without_a_run_is_shipped_and_delivered_by_hand(trade: Trade, distribution: str) -> None:
    """R005, R031, R041, R048, C7: by hand for Expédié and Ramassage; delivery publishes its one invoice; goods move.

    Its row says how far it is and what comes next, on the page as for programs.
    """
    order = trade.order(accepted=True, cases=2, kegs=0, distribution=distribution, carrier_id=None)
    path = f"{API}/{order['id']}"
    before = at_the_customer(trade)
    first, then = NEXT[distribution]
    assert standing(trade, order) == (first, 2)
    assert trade.seller.post(f"{path}/deliver").status_code == 409
    assert trade.buyer.post(f"{path}/ship").status_code == 403
    assert answered(trade.seller.post(f"{path}/ship"))["state"] == "shipped"
    assert standing(trade, order) == (then, 4)
    assert answered(trade.seller.post(f"{path}/fail", json={"failure": "absent"}))["state"] == "not_delivered"
    assert standing(trade, order) == ("À replanifier", 4)
    assert answered(trade.seller.post(f"{path}/replan"))["state"] == "accepted"
    assert answered(trade.seller.post(f"{path}/ship"))["state"] == "shipped"
    delivered = answered(trade.seller.post(f"{path}/deliver"))
    assert (delivered["state"], delivered["billing_state"]) == ("delivered", "settled")
    assert standing(trade, order) == ("Rien à faire", 5)
    assert at_the_customer(trade) == before + 2
    with transaction(trade.world.seller.id) as session:
        invoices = [one for one in session.scalars(select(Invoice)) if one.total_cents == delivered["total_cents"]]
    assert len([one for one in invoices if one.number]) >= 1


NEXT = {"shipped": ("À expédier", "À livrer"), "pickup": ("À préparer au comptoir", "À remettre au client")}


def standing(trade: Trade, order: dict[str, Any]) -> tuple[str, int]:
    """Return what is next for an order and how far it is, as the API says it; its row on the page says the same."""
    said = answered(trade.seller.get(f"{API}/{order['id']}"))
    page = trade.seller.get(f"/commandes?q={order['number']}").text
    assert f'<progress value="{said["progress"]}" max="5"' in page
    words: str = said["next_step"]["fr"]
    assert words == "Rien à faire" or words in page
    return words, said["progress"]


def test_the_page_s_buttons_deliver_and_invoice_once(trade: Trade) -> None:
    """R005, R041, R042, law 20: « Marquer livrée » publishes the one invoice, and the kegs stand at the customer."""
    order = trade.order(accepted=True, cases=1, kegs=2, distribution="pickup", carrier_id=None)
    page = f"/commandes/{order['id']}"
    before = kegs_at_the_shop(trade)
    left, whole = (f"{page}/etape", {"etape": "expedier"}), (f"{page}/livraison", {"resultat": "tout"})
    for (path, said), button in ((left, "Prête au ramassage"), (whole, "Marquer livrée")):
        assert button in trade.seller.get(page).get_data(as_text=True)
        assert trade.seller.post(path, data=said).status_code == 303
    assert trade.seller.post(whole[0], data=whole[1]).status_code == 409
    assert trade.buyer.post(whole[0], data=whole[1]).status_code == 403
    with transaction(trade.world.seller.id) as session:
        covering = select(InvoiceOrder.invoice_id).where(InvoiceOrder.order_id == UUID(order["id"]))
        [invoice] = session.scalars(select(Invoice).where(Invoice.id.in_(covering))).all()
        assert (bool(invoice.number), invoice.total_cents) == (True, order["total_cents"])
    assert kegs_at_the_shop(trade) == before + 2
    assert f"/factures/{invoice.id}" in trade.buyer.get(page).get_data(as_text=True)


def kegs_at_the_shop(trade: Trade) -> int:
    with transaction(trade.world.seller.id) as session:
        return stock.container_balance(
            session, class_id=trade.world.seller.keg_class_id, holder_id=trade.world.buyer.id
        )


def at_the_customer(trade: Trade) -> int:
    with transaction(trade.world.seller.id) as session:
        return -stock.on_hand(session, format_ids=[trade.world.seller.case_id]).get(trade.world.seller.case_id, 0)


def test_an_order_of_a_run_is_never_shipped_by_hand(trade: Trade) -> None:
    """C7: the run's departure ships it."""
    order = trade.order(accepted=True)
    refused = trade.seller.post(f"{API}/{order['id']}/ship")
    assert (refused.status_code, refused.json["slug"]) == (409, "rides-on-run")


def test_after_publication_no_role_changes_a_line(trade: Trade) -> None:
    """R043: 409 for each who may edit; the retailer stays at 403 (R045)."""
    order = trade.order(accepted=True, distribution="pickup", carrier_id=None)
    for step in ("ship", "deliver"):
        answered(trade.seller.post(f"{API}/{order['id']}/{step}"))
    now = answered(trade.seller.get(f"{API}/{order['id']}"))
    for client, status in ((trade.seller, 409), (trade.buyer, 403)):
        path = f"{API}/{order['id']}/content"
        assert client.open(path, "PUT", json=kept(now, quantities={0: 1})).status_code == status
    assert trade.seller.post(f"{API}/{order['id']}/cancel", json={"reason": "x"}).status_code == 409


def test_an_order_that_nobody_answers_is_recalled_then_expires(trade: Trade) -> None:
    """R058: the clock reminds the seller, then lets the order expire; answered ones are left alone."""
    waiting, answered_one = trade.order(), trade.order(accepted=True)
    for days in (17, 19, 22):
        aged(trade, waiting, days)
        aged(trade, answered_one, days)
        for one in (waiting, answered_one):
            watch_pending(owner_id=str(trade.world.seller.id), subject_id=one["id"])
        state = trade.seller.get(f"{API}/{waiting['id']}").json["state"]
        assert state == ("expired" if days == 22 else "pending")
        run_until_empty()
    assert trade.seller.get(f"{API}/{answered_one['id']}").json["state"] == "accepted"
    assert {"order.expiring", "order.expired"} <= kinds_told(trade.world.seller.id, waiting)
    assert trade.seller.post(f"{API}/{waiting['id']}/accept", json={}).status_code == 409


def aged(trade: Trade, order: dict[str, Any], days: int) -> None:
    with transaction(trade.world.seller.id) as session:
        at = clock.now() - timedelta(days=days)
        session.execute(update(Order).where(Order.id == UUID(order["id"])).values(submitted_at=at))


def test_each_of_the_four_parties_creates_it_and_is_recorded_beside_the_retailer(trade: Trade) -> None:
    """R034-R036, R047: retailer, supplier, distributor and agent once related; maker and beneficiary are kept."""
    agent = an_agent(trade)
    agent_id = str(agent.member.owner_id) if agent.member else ""
    makers = {"seller": trade.seller, "buyer": trade.buyer, "carrier": trade.carrier, "agent": agent}
    for name, maker in makers.items():
        named = {"agent_id": agent_id} if name in {"seller", "agent"} else {}
        made = answered(maker.post(API, json=trade.draft(**named)), 201)
        assert made["created_by"]["id"] == str(maker.member.owner_id), name
        assert made["created_for"]["id"] == str(trade.world.buyer.id)
        assert made["created_by_name"].startswith("Camille Roy, ")
        assert (made["agent"] or {}).get("id") == named.get("agent_id")
        for reader, other in makers.items():
            reads = reader != "agent" or bool(named)
            assert other.get(f"{API}/{made['id']}").status_code == (200 if reads else 404)
    pending = trade.order(agent_id=agent_id)
    assert answered(agent.post(f"{API}/{pending['id']}/accept", json={}))["state"] == "accepted"


def test_an_unrelated_agent_or_distributor_is_refused(trade: Trade) -> None:
    """R027, R048: an agent without a deal and a distributor without an agreement are a 403 each."""
    stranger = str(new_id())
    assert trade.seller.post(API, json=trade.draft(agent_id=stranger)).status_code == 403
    assert trade.seller.post(API, json=trade.draft(carrier_id=stranger)).json["slug"] == "no-agreement"


def an_agent(trade: Trade) -> Client:
    agent_id = new_id()
    with transaction(agent_id) as session:
        parties.create_organisation(
            session,
            org_id=agent_id,
            kind=OrganisationKind.AGENT,
            name="Agence du Houblon",
            legal_name="Agence du Houblon inc.",
            code="ADH",
            stamp=stamp(),
        )
    with transaction(trade.world.seller.id) as session:
        parties.relate(session, buyer_id=agent_id, stamp=stamp())
    return trade.member(agent_id, OrganisationKind.AGENT, Role.OWNER, "Agence du Houblon")


def test_a_quote_is_what_creation_gives_and_leaves_no_trace(trade: Trade) -> None:
    """R038, R067, C8: the form's totals are the server's; no number is taken; the minimum is warned of."""
    with transaction(trade.world.seller.id) as session:
        parties.change_group(
            session, terms=parties.GroupTerms(min_items=10, emission=Emission.ON_DELIVERED), stamp=stamp()
        )
    asked = trade.draft(cases=3, kegs=0)
    before = answered(trade.buyer.post(API, json=asked), 201)
    quoted = answered(trade.buyer.post(f"{API}/quote", json=asked))
    after = answered(trade.buyer.post(API, json=asked), 201)
    assert int(after["number"][-6:]) == int(before["number"][-6:]) + 1
    assert quoted["total_cents"] == after["total_cents"]
    [whole] = quoted["explained"]["totals"]  # « why this number », before the order is made
    assert whole["amount_cents"] == quoted["total_cents"] == sum(part["amount_cents"] for part in whole["parts"])
    assert (quoted["min_items"], "minimum" in quoted["warnings"][0]["fr"]) == (10, True)


def test_the_distributor_chooses_the_paper_until_the_goods_leave(trade: Trade) -> None:
    """R013: purchase order or invoice, per order; the retailer does not choose."""
    order = trade.order(accepted=True)
    path = f"{API}/{order['id']}/deliver-with"
    assert order["deliver_with"] == "po"
    assert trade.buyer.open(path, "PUT", json={"deliver_with": "invoice"}).status_code == 403
    for client in (trade.dispatcher, trade.carrier):
        assert answered(client.open(path, "PUT", json={"deliver_with": "invoice"}))["deliver_with"] == "invoice"
