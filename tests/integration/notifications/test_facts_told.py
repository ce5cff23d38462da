"""What happened to money, credits, orders and goods is told to whom it concerns, each time once, and to nobody else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
from sqlalchemy import Engine, NullPool, create_engine, select, text

from server.core.transaction import transaction
from server.identity.model import OrganisationKind, Role
from server.ledger.model import Allocation, AllocationSource
from server.notifications.following.jobs import tell_fact
from server.notifications.model import EmailMessage, InboxMessage
from server.orders.model import Order
from server.parties.model import BillingType, Emission, Organisation, SettlementPolicy
from server.receivables import jobs
from server.receivables.model import Provider
from server.receivables.providers import GatewayState, use_gateway
from shared.ids import new_id
from tests.conftest import Database
from tests.factories.accounts import Books, answered, make_books
from tests.factories.given import deliver
from tests.factories.hand_tablet import Yard, make_yard, short
from tests.factories.order_doors import API, trade_in
from tests.factories.strict_gateway import StrictGateway
from tests.factories.web import Organisation as Org
from tests.factories.web import browser_of, make_account, make_member
from tests.factories.world import Deal, make_order, make_world

AGENT = Deal(
    billing_type=BillingType.AGENT, settlement_policy=SettlementPolicy.CREDIT, credit_threshold_cents=1,
    emission=Emission.ON_RUN_DOCUMENTS,
)  # fmt: skip


@pytest.fixture(scope="module")
def books(module_database) -> Books:
    """One issuer that offers online payment, and one shop."""
    made = make_books()
    body = {"is_enabled": True, "secret_key": "sk_test_very_secret_4242", "webhook_secret": "whsec_very_secret_1717"}
    answered(made.issuer.open("/api/v1/payment-provider", "PUT", json=body))
    return made


@pytest.fixture(scope="module")
def yard(books: Books) -> Yard:
    """Two suppliers whose orders the carrier bills as their agent, ready to leave for one shop."""
    world = make_world([AGENT, AGENT])
    for seller in world.sellers:
        make_order(world, seller=seller)
    return make_yard(books.app, world)


@pytest.fixture
def gateway() -> Iterator[StrictGateway]:
    strict = StrictGateway()
    with use_gateway(Provider.STRIPE, strict.maker):
        yield strict


type Told = Callable[[], Counter[tuple[UUID, str]]]


@pytest.fixture
def told(module_database: Database, books: Books) -> Told:
    """Who got which new message, how often, once the waiting jobs ran; what others left waiting was told before."""
    everything = create_engine(module_database.superuser_url, poolclass=NullPool)

    def tell() -> Counter[tuple[UUID, str]]:
        return _told(everything)

    tell()
    return tell


def _told(everything: Engine) -> Counter[tuple[UUID, str]]:
    """Run the waiting jobs of the table, each twice as after a death."""
    with everything.begin() as connection:
        seen = set(connection.scalars(text("SELECT id FROM inbox_message")))
        waiting = connection.scalars(
            text(
                "UPDATE procrastinate_jobs SET status = 'succeeded' WHERE status = 'todo' "
                "AND task_name = 'notifications.tell_fact' RETURNING args"
            )
        ).all()
    for arguments in [*waiting, *waiting]:
        tell_fact(**arguments)
    with everything.begin() as connection:
        rows = connection.execute(text("SELECT id, owner_id, kind FROM inbox_message")).all()
    return Counter((row.owner_id, row.kind) for row in rows if row.id not in seen)


def mailed(org_id: UUID, kind: str) -> int:
    with transaction(org_id) as session:
        return len(session.scalars(select(EmailMessage).where(EmailMessage.kind == kind)).all())


def newest(org_id: UUID, kind: str) -> InboxMessage:
    with transaction(org_id) as session:
        found = session.scalars(
            select(InboxMessage).where(InboxMessage.kind == kind).order_by(InboxMessage.id.desc())
        ).first()
        assert found is not None
        return found


def test_a_payment_by_hand_gives_its_payer_a_receipt_and_one_that_bounces_is_told(books: Books, told: Told) -> None:
    """R084: the receipt goes by e-mail; who recorded it at the same desk is told nothing."""
    seller, shop = books.world.seller.id, books.world.buyer.id
    before = mailed(shop, "payment.receipt"), mailed(shop, "payment.failed")
    paid = books.pay(12_345)
    assert told() == {(shop, "payment.receipt"): 1}
    said = newest(shop, "payment.receipt")
    assert ("123,45" in said.text_fr, "Chèque" in said.text_fr, "$123.45" in said.text_en) == (True, True, True)
    assert books.shop_page.get(said.link).status_code == 200
    answered(books.issuer.post(f"/api/v1/payments/{paid['id']}/failure"))
    assert told() == {(shop, "payment.failed"): 1}
    assert (mailed(shop, "payment.receipt"), mailed(shop, "payment.failed")) == (before[0] + 1, before[1] + 1)
    assert mailed(seller, "payment.receipt") == mailed(seller, "payment.failed") == 0


def test_an_online_payment_and_its_chargeback_are_told_to_both_sides(
    books: Books, gateway: StrictGateway, told: Told
) -> None:
    """R080, law 15: nobody's desk did it; the issuer reads of money, and gets by e-mail what failed."""
    seller, shop = books.world.seller.id, books.world.buyer.id
    invoice = books.invoice(cases=2)
    assert told() == {(shop, "order.accepted"): 1, (seller, "order.accepted"): 1, (shop, "invoice.published"): 1}
    body = {"key": str(new_id()), "invoice_id": str(invoice.id)}
    payment = answered(books.shop.post("/api/v1/online-payments", json=body), 201)["id"]

    def happen(kind: str, **standing: object) -> Counter[tuple[UUID, str]]:
        gateway.happen(payment, kind, **standing)
        jobs.follow_payment(owner_id=str(seller), subject_id=payment)
        return told()

    received = happen("payment_intent.succeeded", state=GatewayState.PAID)
    assert received == {(shop, "payment.receipt"): 1, (seller, "payment.received"): 1}
    assert mailed(seller, "payment.received") == 0
    taken = happen("charge.dispute.created", charged_back_cents=1_500)
    assert taken == {(shop, "refund.made"): 1, (seller, "refund.made"): 1}
    assert "Contestation bancaire" in newest(seller, "refund.made").title_fr
    won = happen("charge.dispute.closed", charged_back_cents=0)
    assert won == {(shop, "refund.failed"): 1, (seller, "refund.failed"): 1}
    whole = happen("charge.dispute.created", charged_back_cents=invoice.total_cents)
    assert whole == {(shop, "payment.failed"): 1, (seller, "payment.failed"): 1}
    assert mailed(seller, "payment.failed") == 1


def test_a_refund_by_hand_is_told_to_who_gets_it(books: Books, told: Told) -> None:
    """Law 16: money that goes back is announced once, with the page of the payment that it left."""
    shop = books.world.buyer.id
    paid = books.pay(5_000, allocations=[])
    told()
    wish = {"key": str(new_id()), "amount_cents": 700, "method": "cheque", "reason": "Geste"}
    for _ in range(2):
        assert books.issuer.post(f"/api/v1/payments/{paid['id']}/refunds", json=wish).status_code == 201
    assert told() == {(shop, "refund.made"): 1}
    assert newest(shop, "refund.made").link == f"/paiements/{paid['id']}"


def test_a_hold_is_told_without_its_reason_and_once_until_it_is_lifted(books: Books, told: Told) -> None:
    """R079: neither reason nor balance leaves the issuer; a changed reason is no news."""
    shop = books.world.buyer.id
    path = f"/comptes/{shop}/retenir"
    for reason in ("Doit 3 000 $ depuis mai", "Doit 4 000 $"):
        assert books.issuer_page.post(path, data={"reason": reason}).status_code == 303
    assert told() == {(shop, "account.hold_set"): 1}
    assert "000" not in newest(shop, "account.hold_set").text_fr
    assert books.issuer_page.post(f"/comptes/{shop}/liberer").status_code == 303
    assert told() == {(shop, "account.hold_ended"): 1}
    assert mailed(shop, "account.hold_set") == 0


def test_a_customer_without_an_account_gets_a_receipt_that_asks_for_none(books: Books, told: Told) -> None:
    """C26: its receipt comes by e-mail, without a link to a page that it cannot open."""
    shop, seller = books.world.buyer.id, books.world.seller.id
    with transaction(shop) as session:
        session.get_one(Organisation, shop).kept_by_id = seller
    try:
        books.pay(777)
        told()
        with transaction(shop) as session:
            sent = session.scalars(select(EmailMessage).order_by(EmailMessage.id.desc())).first()
            assert sent is not None
            assert ("7,77" in sent.body, "http" in sent.body) == (True, False)
    finally:
        with transaction(shop) as session:
            session.get_one(Organisation, shop).kept_by_id = None


def test_an_order_restored_shipped_and_delivered_by_hand_is_told_to_its_buyer(books: Books, told: Told) -> None:
    """C7, R066: one message each; the seller's own desk did it and is told nothing."""
    trade = trade_in(books.app, books.world)
    shop, seller = books.world.buyer.id, books.world.seller.id
    pending = trade.order(by=trade.buyer)
    answered(trade.seller.post(f"{API}/{pending['id']}/restore"))
    assert told() == {(seller, "order.submitted"): 1, (shop, "order.restored"): 1}
    order = trade.order(accepted=True, cases=1, kegs=0, distribution="pickup", carrier_id=None)
    answered(trade.seller.post(f"{API}/{order['id']}/ship"))
    assert told() == {(shop, "shipment.shipped"): 1}
    assert "prête à ramasser" in newest(shop, "shipment.shipped").title_fr
    answered(trade.seller.post(f"{API}/{order['id']}/fail", json={"failure": "absent"}))
    assert told() == {(shop, "shipment.not_delivered"): 1, (shop, "order.message"): 1, (seller, "delivery.variance"): 1}
    answered(trade.seller.post(f"{API}/{order['id']}/replan"))
    answered(trade.seller.post(f"{API}/{order['id']}/ship"))
    answered(trade.seller.post(f"{API}/{order['id']}/deliver"))
    assert told() == {
        (shop, "shipment.shipped"): 1, (shop, "shipment.delivered"): 1, (shop, "invoice.published"): 1,
    }  # fmt: skip
    assert mailed(shop, "shipment.delivered") == 0


def test_a_run_tells_each_supplier_of_its_own_order_and_the_agent_of_its_credit(yard: Yard, told: Told) -> None:
    """C7, C12, C28, R022: whose variance says it is not told twice; the credit waits on the agent's first page."""
    world = yard.world
    agent, shop = world.carrier_id, world.buyer.id
    stop = yard.tablet.stop(0)
    with transaction(agent) as session:
        first, second = (session.get_one(Order, UUID(one.order_id)).owner_id for one in stop.orders)
    line = stop.orders[0].goods.lines[0]
    deliver(yard, counted=short(line.line_id, line.quantity))
    assert told() == {
        (first, "shipment.shipped"): 1, (second, "shipment.shipped"): 1, (shop, "shipment.shipped"): 2,
        (second, "shipment.delivered"): 1, (shop, "shipment.delivered"): 2, (agent, "credit_note.proposed"): 1,
        (first, "delivery.variance"): 1, (shop, "order.message"): 1, (agent, "order.message"): 1,
    }  # fmt: skip
    said = newest(agent, "credit_note.proposed")
    office = browser_of(yard.app, make_member(Org(OrganisationKind.DISTRIBUTOR, agent), Role.OWNER))
    assert office.get(said.link).status_code == 200
    for page in ("/accueil", "/tableau"):
        assert '<a href="/credits">1 note de crédit attend votre approbation</a>' in office.get(page).text
    driver = browser_of(yard.app, make_member(Org(OrganisationKind.DISTRIBUTOR, agent), Role.DRIVER))
    assert (said.title_fr in office.get("/avis").text, said.title_fr in driver.get("/avis").text) == (True, False)
    assert said.kind not in driver.get("/api/v1/inbox").text
    decided = office.post(f"/credits/{said.subject_id}/refuser", data={"reason": "La photo montre tout"})
    assert decided.status_code == 303
    assert told() == {
        (first, "credit_note.refused"): 1, (shop, "credit_note.refused"): 1,
        (agent, "order.message"): 1, (shop, "order.message"): 1,
    }  # fmt: skip
    assert "attend votre approbation" not in office.get("/accueil").text
    for kind, org_id in ((OrganisationKind.SUPPLIER, first), (OrganisationKind.RETAILER, shop)):
        reader = browser_of(yard.app, make_member(Org(kind, org_id), Role.OWNER))
        assert reader.get(newest(org_id, "credit_note.refused").link).status_code == 200


def test_a_transfer_is_told_to_the_company_at_its_other_end(yard: Yard, told: Told) -> None:
    """R057: sent, accepted, cancelled; the other supplier of the same carrier learns nothing."""
    seller, carrier = yard.world.seller, yard.world.carrier_id
    supplier = browser_of(yard.app, make_member(Org(OrganisationKind.SUPPLIER, seller.id), Role.OWNER))
    keeper = browser_of(yard.app, make_member(Org(OrganisationKind.DISTRIBUTOR, carrier), Role.DISPATCHER))
    case = str(seller.case_id)
    stock = {"format_id": case, "keeper_id": "own", "reason": "received", "quantity": "50"}
    assert supplier.post("/stock", data=stock).status_code == 303

    def send() -> str:
        sent = {"source": "own", "target": str(carrier), "formats": case, f"quantity-{case}": "20"}
        assert supplier.post("/stock/transferts", data=sent).status_code == 303
        assert told() == {(carrier, "transfer.sent"): 1}
        return str(newest(carrier, "transfer.sent").subject_id)

    first = send()
    arrived = {"formats": case, f"arrived-{case}": "18"}
    assert keeper.post(f"/stock/transferts/{first}/accepter", data=arrived).status_code == 303
    assert told() == {(seller.id, "transfer.accepted"): 1}
    assert "18 sur 20 unités" in newest(seller.id, "transfer.accepted").text_fr
    assert supplier.post(f"/stock/transferts/{send()}/annuler").status_code == 303
    assert told() == {(carrier, "transfer.cancelled"): 1}


def test_a_write_off_is_told_to_the_issuer_and_to_a_client_that_sees_its_balance(books: Books, told: Told) -> None:
    """R079, law 6: both accountings hear of it and of its undoing, once; the reason stays with the issuer.

    A client whose balance is not shared hears nothing; each reader switches it; without a choice it is no e-mail.
    """
    seller, shop = books.world.seller.id, books.world.buyer.id
    invoice = books.invoice()
    told()
    wish = {"key": str(new_id()), "amount_cents": 300, "reason": "Trop petit pour relancer."}
    written = answered(books.issuer.post(f"/api/v1/invoices/{invoice.id}/write-offs", json=wish), 201)
    assert told() == {(seller, "invoice.written_off"): 1}
    said = newest(seller, "invoice.written_off")
    for language, words in (("fr", f"Radiation {written['number']}"), ("en", f"Write-off {written['number']}")):
        accounting = Org(OrganisationKind.SUPPLIER, seller)
        clerk = make_member(accounting, Role.ACCOUNTANT, make_account(language=language))
        assert words in browser_of(books.app, clerk).get("/avis").text
    assert ("3,00" in said.text_fr, "Trop petit pour relancer." in said.text_fr) == (True, True)
    books.share_balance(True)
    again = wish | {"key": str(new_id()), "amount_cents": 200}
    answered(books.issuer.post(f"/api/v1/invoices/{invoice.id}/write-offs", json=again), 201)
    assert told() == {(seller, "invoice.written_off"): 1, (shop, "invoice.written_off"): 1}
    heard = newest(shop, "invoice.written_off")
    assert ("2,00" in heard.text_fr, "$2.00" in heard.text_en, "Trop petit" in heard.text_fr) == (True, True, False)
    assert books.shop_page.get(heard.link).status_code == 200
    assert mailed(shop, "invoice.written_off") == mailed(seller, "invoice.written_off") == 0
    with transaction(seller) as session:
        newest_off = select(Allocation.id).where(Allocation.source == AllocationSource.WRITE_OFF)
        undone = session.scalars(newest_off.order_by(Allocation.id.desc())).first()
    answered(books.issuer.delete(f"/api/v1/payment-allocations/{undone}"))
    assert told() == {(seller, "invoice.written_off"): 1, (shop, "invoice.written_off"): 1}
    assert "de nouveau à payer" in newest(shop, "invoice.written_off").text_fr


def test_each_new_event_is_switched_on_its_own(books: Books, told: Told) -> None:
    """Notifications: what is on without a choice, and that a switch holds for its event alone."""
    chosen = answered(books.shop.get("/api/v1/inbox/choices"))
    mailed_to_us = {one["event"]: one["by_email"] for one in chosen["organisation"]}
    assert {one["in_app"] for one in chosen["mine"]} == {True}
    assert [name for name in mailed_to_us if not mailed_to_us[name]] == [
        "shipment.", "payment.", "invoice.written_off", "account.hold",
    ]  # fmt: skip
    off = {"organisation": [{"event": "payment.receipt", "by_email": False}]}
    answered(books.shop.open("/api/v1/inbox/choices", "PUT", json=off))
    before = mailed(books.world.buyer.id, "payment.receipt")
    books.pay(100)
    assert told() == {(books.world.buyer.id, "payment.receipt"): 1}
    assert mailed(books.world.buyer.id, "payment.receipt") == before
