"""Paying online: offered by the issuer, asked by the buyer, decided by the provider whatever becomes of notices."""

from __future__ import annotations

import itertools
import json
import logging
import time
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from server.core.transaction import engine, transaction
from server.identity.model import Role
from server.receivables import jobs
from server.receivables.audit import book_faults
from server.receivables.model import Provider, ProviderAccount, Refund, RefundState
from server.receivables.providers import GatewayState, Given, use_gateway
from shared.ids import new_id
from tests.factories.accounts import Books, answered
from tests.factories.online import KEY, PAID, WEBHOOK, ask, deliver, follow
from tests.factories.strict_gateway import StrictGateway, stripe_signature


def no_transaction_is_open() -> None:
    """Fail when this process holds a transaction while the provider is called."""
    with engine(as_owner=True).connect() as connection:
        held = connection.execute(
            text(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'tournee_app' "
                "AND application_name = 'tournee' AND state LIKE 'idle in transaction%'"
            )
        ).scalar_one()
    assert held == 0


@pytest.fixture
def gateway():
    """The strict fake stands in for Stripe."""
    strict = StrictGateway(watch=no_transaction_is_open)
    with use_gateway(Provider.STRIPE, strict.maker):
        yield strict


def test_online_payment_is_there_only_when_the_issuer_offers_it(books: Books, gateway: StrictGateway) -> None:
    """R080: enabled by the issuer alone; off, the buyer has no button and the door says why."""
    invoice = books.invoice()
    button = "Payer en ligne"
    assert button in books.shop_page.get(f"/factures/{invoice.id}").get_data(as_text=True)
    answered(books.issuer.open("/api/v1/payment-provider", "PUT", json={"is_enabled": False}))
    assert button not in books.shop_page.get(f"/factures/{invoice.id}").get_data(as_text=True)
    assert ask(books, invoice, status=409)["slug"] == "online-payment-off"
    answered(books.issuer.open("/api/v1/payment-provider", "PUT", json={"is_enabled": True}))
    body = {"key": str(new_id()), "invoice_id": str(invoice.id)}
    assert books.issuer.post("/api/v1/online-payments", json=body).status_code == 403
    assert books.at_issuer(Role.ACCOUNTANT).open(
        "/api/v1/payment-provider", "PUT", json={"is_enabled": True}
    ).status_code == 403  # fmt: skip
    assert gateway.calls == []


def test_an_invoice_is_paid_at_the_providers_page(books: Books, gateway: StrictGateway) -> None:
    """R080, R085: nothing is posted before the provider says so; then both sides read Payée.

    No call was made while a transaction was open: the fake looks at the database each time.
    """
    invoice = books.invoice()
    before = books.balance()
    payment = ask(books, invoice)
    assert payment["pay_url"].startswith("https://pay.example/")
    assert (payment["state"], books.balance()) == ("pending", before)
    deliver(books, gateway.happen(payment["id"], "payment_intent.succeeded", **PAID))
    assert follow(books, payment["id"])["state"] == "allocated"
    assert (books.open_of(invoice), books.balance()) == (0, before - invoice.total_cents)
    for page in (books.issuer_page, books.shop_page):
        assert "Payée" in page.get(f"/factures/{invoice.id}").get_data(as_text=True)


def test_a_command_sent_twice_or_cut_off_pays_once(books: Books, gateway: StrictGateway) -> None:
    """R080: the provider's answer is lost; the same key tries again and finds the same payment at the provider."""
    invoice, key = books.invoice(), new_id()
    gateway.silent = 1
    assert ask(books, invoice, key=key, status=502)["slug"] == "payment-provider-unanswered"
    first = ask(books, invoice, key=key)
    assert ask(books, invoice, key=key)["id"] == first["id"]
    assert len(gateway.charges) == 1


def test_a_lost_notice_is_made_up_for(books: Books, gateway: StrictGateway) -> None:
    """R080: a job looks at waiting payments by itself; the buyer may also ask from the payment's page."""
    invoice = books.invoice()
    payment = ask(books, invoice)
    gateway.happen(payment["id"], "payment_intent.succeeded", **PAID)
    with engine(as_owner=True).connect() as connection:
        waiting = connection.execute(
            text("SELECT count(*) FROM procrastinate_jobs WHERE queueing_lock = :key AND scheduled_at > now()"),
            {"key": f"follow-later:{payment['id']}"},
        ).scalar_one()
    assert waiting == 1
    looked = answered(books.shop.post(f"/api/v1/online-payments/{payment['id']}/look"))
    assert (looked["state"], books.open_of(invoice)) == ("allocated", 0)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3)))[1::2], ids=str)
def test_notices_replayed_or_reordered_change_nothing(books: Books, gateway: StrictGateway, order) -> None:
    """Law 14: paid, refunded and doubled notices, in any order, leave the books that the provider's state asks for."""
    invoice = books.invoice()
    before = books.balance() - invoice.total_cents
    payment = ask(books, invoice)
    notices = [
        gateway.happen(payment["id"], "payment_intent.processing"),
        gateway.happen(payment["id"], "payment_intent.succeeded", **PAID),
        gateway.happen(payment["id"], "charge.updated"),
    ]
    for at in (*order, *order):
        deliver(books, notices[at])
        follow(books, payment["id"])
    assert (books.open_of(invoice), books.balance()) == (0, before)
    rows = answered(books.issuer.get(f"/api/v1/payments/{payment['id']}/allocations"))
    assert [row["amount_cents"] for row in rows] == [invoice.total_cents]


def test_a_forged_or_old_notice_is_refused(books: Books) -> None:
    """R080, law 14: a notice without the issuer's signature, or five minutes old, changes nothing."""
    payload = json.dumps(
        {"id": "evt_1", "object": "event", "type": "payment_intent.succeeded", "data": {"object": {"id": "pi_1"}}}
    ).encode()
    deliver(books, (payload, stripe_signature(payload, WEBHOOK)), status=204)
    deliver(books, (payload, stripe_signature(payload, "whsec_wrong")), status=400)
    deliver(books, (payload, stripe_signature(payload, WEBHOOK, at=time.time() - 400)), status=400)
    deliver(books, (payload, ""), status=400)
    deliver(books, (b"\xff\xfe", stripe_signature(b"x", WEBHOOK)), status=400)


def test_a_failed_payment_and_a_chargeback_leave_what_was_open(books: Books, gateway: StrictGateway) -> None:
    """Law 15: a payment that fails posts nothing; a chargeback opens its invoice again, as often as told."""
    invoice = books.invoice()
    before = (books.open_of(invoice), books.balance())
    failed = ask(books, invoice)
    gateway.happen(failed["id"], "payment_intent.canceled", state=GatewayState.FAILED)
    assert follow(books, failed["id"])["state"] == "failed"
    assert (books.open_of(invoice), books.balance()) == before
    payment = ask(books, invoice)
    gateway.happen(payment["id"], "payment_intent.succeeded", **PAID)
    follow(books, payment["id"])
    gateway.happen(payment["id"], "charge.dispute.created", charged_back_cents=invoice.total_cents)
    for _ in range(2):
        assert follow(books, payment["id"])["state"] == "failed"
    assert (books.open_of(invoice), books.balance()) == before
    gateway.happen(payment["id"], "charge.dispute.closed", charged_back_cents=0)
    for _ in range(2):
        follow(books, payment["id"])
    assert (books.open_of(invoice), books.balance()) == (0, before[1] - invoice.total_cents)


def test_a_partial_chargeback_opens_its_part_alone(books: Books, gateway: StrictGateway) -> None:
    """Laws 13, 14, 15: the bank takes a part, then more, returns some, then all; what is open follows to the cent."""
    invoice = books.invoice(cases=2)
    before = books.balance()
    payment = ask(books, invoice)
    gateway.happen(payment["id"], "payment_intent.succeeded", **PAID)
    follow(books, payment["id"])
    for taken, kind in ((1_500, "created"), (4_000, "created"), (2_500, "closed"), (0, "closed"), (700, "created")):
        gateway.happen(payment["id"], f"charge.dispute.{kind}", charged_back_cents=taken)
        for _ in range(2):
            assert follow(books, payment["id"])["state"] == "allocated"
        assert books.open_of(invoice) == taken
        assert books.balance() == before - invoice.total_cents + taken
    gateway.happen(payment["id"], "charge.dispute.created", charged_back_cents=invoice.total_cents)
    assert follow(books, payment["id"])["state"] == "failed"
    assert (books.open_of(invoice), books.balance()) == (invoice.total_cents, before)
    for taken in (900, 300, 0):  # what comes back of a payment that failed whole, bit by bit
        gateway.happen(payment["id"], "charge.dispute.closed", charged_back_cents=taken)
        for _ in range(2):
            follow(books, payment["id"])
        assert (books.open_of(invoice), books.balance()) == (taken, before - invoice.total_cents + taken)
    with transaction(books.world.seller.id) as session:
        assert list(book_faults(session, issuer_id=books.world.seller.id)) == []


def test_refunds_go_through_the_provider_and_come_back_from_it(books: Books, gateway: StrictGateway) -> None:
    """Law 16: asked here, it is given there once, never more than is held; given there, the books follow."""
    invoice = books.invoice()
    payment = ask(books, invoice)
    gateway.happen(payment["id"], "payment_intent.succeeded", **PAID)
    follow(books, payment["id"])
    path = f"/api/v1/payments/{payment['id']}/refunds"
    wish = {"key": str(new_id()), "amount_cents": 700, "method": "gateway", "reason": "Geste"}
    assert books.issuer.post(path, json=wish).get_json()["slug"] == "over-refunded"
    [paid] = answered(books.issuer.get(f"/api/v1/payments/{payment['id']}/allocations"))
    answered(books.issuer.delete(f"/api/v1/payment-allocations/{paid['id']}"))
    gateway.silent = 1
    assert books.issuer.post(path, json=wish).status_code == 502
    assert answered(books.issuer.post(path, json=wish), 201)["state"] == "done"
    assert gateway.charges[f"pi_{payment['id'].replace('-', '')}"].refunded_cents == 700
    follow(books, payment["id"])
    charge = gateway.charges[f"pi_{payment['id'].replace('-', '')}"]
    gateway.refund(next(iter(gateway.charges)), amount_cents=300, key="at-the-provider")
    before = books.balance()
    for _ in range(2):
        follow(books, payment["id"])
    assert (books.balance(), charge.refunded_cents) == (before + 300, 1_000)


@pytest.mark.parametrize("elsewhere", [False, True], ids=["its-invoice", "another"])
def test_a_refund_given_at_the_provider_opens_its_part_alone(
    books: Books, gateway: StrictGateway, *, elsewhere: bool
) -> None:
    """Laws 13, 14, 15: the rest goes on paying what it paid, be it another invoice; failed there, its money pays again.

    The buyer is asked for what is open, no more.
    """
    invoice, other = books.invoice(cases=2), books.invoice(cases=2)
    payment = ask(books, invoice)
    gateway.happen(payment["id"], "payment_intent.succeeded", **PAID)
    follow(books, payment["id"])
    pays, total = invoice, invoice.total_cents
    if elsewhere:
        parts = {"parts": [{"invoice_id": str(other.id), "amount_cents": total}], "replace": True}
        answered(books.issuer.post(f"/api/v1/payments/{payment['id']}/allocations", json=parts), 201)
        pays = other
    before, opened = books.balance(), {one.id: books.open_of(one) for one in (invoice, other)}
    charge = gateway.charges[f"pi_{payment['id'].replace('-', '')}"]
    for arrived, open_cents in ((None, 500), (True, 500), (False, 0)):
        charge.refunds["dashboard"] = (500, Given("re_dashboard", arrived))
        for _ in range(2):
            deliver(books, gateway.happen(payment["id"], "charge.refunded"))
            assert follow(books, payment["id"])["state"] == "allocated"
        assert books.balance() == before + open_cents
        if not elsewhere or open_cents:
            assert {one.id: books.open_of(one) for one in (invoice, other)} == opened | {pays.id: open_cents}
        if open_cents:
            assert ask(books, pays)["amount_cents"] == open_cents
    assert no_fault(books)


def test_secrets_are_sealed_and_in_no_log(books: Books, gateway: StrictGateway, caplog) -> None:
    """R080: what the database and the log hold of the issuer's keys opens nothing; answers show four characters."""
    del gateway
    with caplog.at_level(logging.DEBUG):
        body = {"is_enabled": True, "secret_key": KEY, "webhook_secret": WEBHOOK}
        shown = books.issuer.open("/api/v1/payment-provider", "PUT", json=body)
        page = books.issuer_page.get("/paiement-en-ligne").get_data(as_text=True)
    assert shown.get_json()["key_hint"] == "4242"
    with transaction(books.world.seller.id) as session:
        [row] = session.query(ProviderAccount).all()
        kept = row.sealed_key + row.sealed_webhook_secret
    for secret in (KEY, WEBHOOK):
        assert secret.encode() not in kept
        assert secret not in caplog.text + page + shown.get_data(as_text=True)


def refunded(books: Books, gateway: StrictGateway, cents: int) -> tuple[str, Any]:
    """Pay an invoice online, take the payment off it, and ask the provider to give ``cents`` back."""
    invoice = books.invoice(cases=2)
    payment = ask(books, invoice)
    gateway.happen(payment["id"], "payment_intent.succeeded", **PAID)
    follow(books, payment["id"])
    [paid] = answered(books.issuer.get(f"/api/v1/payments/{payment['id']}/allocations"))
    answered(books.issuer.delete(f"/api/v1/payment-allocations/{paid['id']}"))
    wish = {"key": str(new_id()), "amount_cents": cents, "method": "gateway", "reason": "Geste"}
    asked = answered(books.issuer.post(f"/api/v1/payments/{payment['id']}/refunds", json=wish), 201)
    return payment["id"], asked


def end(gateway: StrictGateway, payment_id: str, *, arrived: bool) -> None:
    """Let every refund of a payment end at the provider."""
    charge = gateway.charges[f"pi_{payment_id.replace('-', '')}"]
    charge.refunds = {key: (cents, Given(given.ref, arrived)) for key, (cents, given) in charge.refunds.items()}


def refund_state(books: Books, refund_id: str) -> RefundState:
    with transaction(books.world.seller.id) as session:
        return session.get_one(Refund, UUID(refund_id)).state


def no_fault(books: Books) -> bool:
    with transaction(books.world.seller.id) as session:
        return list(book_faults(session, issuer_id=books.world.seller.id)) == []


@pytest.mark.parametrize("by_notice", [True, False], ids=["notice", "job"])
@pytest.mark.parametrize("arrived", [True, False], ids=["arrives", "fails"])
def test_a_refund_that_waits_is_followed_until_it_ends(
    books: Books, gateway: StrictGateway, *, arrived: bool, by_notice: bool
) -> None:
    """Laws 13, 14, 16: looked up again and again, by notice or job; failed, the payment holds its money again.

    Stripe repeats its first answer under a key: a refund is never asked for twice to learn what became of it. The
    first of two jobs finds the provider away; it is not the last.
    """
    gateway.refunds_arrive = None
    payment_id, asked = refunded(books, gateway, 3_000)
    before, asks = books.balance(), gateway.calls.count("refund")
    assert asked["state"] == "pending"
    for silent in (1, 0):
        gateway.silent = silent
        with engine(as_owner=True).begin() as connection:
            connection.execute(text("DELETE FROM procrastinate_jobs WHERE queueing_lock LIKE 'refund:%'"))
        jobs.give_back_again(owner_id=str(books.world.seller.id), subject_id=asked["id"])
        with engine(as_owner=True).connect() as connection:
            locks = connection.scalars(text("SELECT queueing_lock FROM procrastinate_jobs WHERE status = 'todo'")).all()
        assert f"refund:{asked['id']}" in locks
    assert refund_state(books, asked["id"]) is RefundState.PENDING
    end(gateway, payment_id, arrived=arrived)
    for _ in range(2):
        if by_notice:
            deliver(books, gateway.happen(payment_id, "refund.updated"))
            follow(books, payment_id)
        else:
            jobs.give_back_again(owner_id=str(books.world.seller.id), subject_id=asked["id"])
    assert refund_state(books, asked["id"]) is (RefundState.DONE if arrived else RefundState.FAILED)
    assert (books.balance(), gateway.calls.count("refund")) == (before if arrived else before - 3_000, asks)
    assert no_fault(books)


def test_a_refund_that_had_arrived_and_failed_gives_its_money_back(books: Books, gateway: StrictGateway) -> None:
    """Laws 13, 14: a bank returns a refund weeks later; the payment holds it again, and may refund it another way."""
    payment_id, asked = refunded(books, gateway, 2_000)
    before = books.balance()
    assert asked["state"] == "done"
    end(gateway, payment_id, arrived=False)
    for _ in range(2):
        deliver(books, gateway.happen(payment_id, "refund.failed"))
        follow(books, payment_id)
    assert (refund_state(books, asked["id"]), books.balance()) == (RefundState.FAILED, before - 2_000)
    wish = {"key": str(new_id()), "amount_cents": 2_000, "method": "cheque", "reason": "Autre voie"}
    answered(books.issuer.post(f"/api/v1/payments/{payment_id}/refunds", json=wish), 201)
    assert books.balance() == before
    assert no_fault(books)


@pytest.mark.parametrize("left_cents", [0, 3_000], ids=["all", "all-but-the-refund"])
def test_a_chargeback_ends_the_refund_that_waits(books: Books, gateway: StrictGateway, left_cents: int) -> None:
    """Laws 13, 15: whatever becomes of the refund, what the provider has no more is open, and what it has is held."""
    before = books.balance()
    gateway.refunds_arrive = None
    payment_id, asked = refunded(books, gateway, 3_000)
    total = answered(books.issuer.get(f"/api/v1/payments/{payment_id}"))["amount_cents"]
    taken = total - left_cents
    deliver(books, gateway.happen(payment_id, "charge.dispute.created", charged_back_cents=taken))
    assert follow(books, payment_id)["state"] == "failed"
    end(gateway, payment_id, arrived=False)
    for _ in range(2):
        follow(books, payment_id)
    assert refund_state(books, asked["id"]) is RefundState.FAILED
    assert books.balance() == before + taken
    assert no_fault(books)


def test_what_was_refunded_by_hand_is_owed_when_the_bank_takes_all(books: Books, gateway: StrictGateway) -> None:
    """Law 15: a cheque went out for a part of an online payment that is charged back whole: that part is owed, too."""
    before = books.balance()
    payment_id, _ = refunded(books, gateway, 100)
    wish = {"key": str(new_id()), "amount_cents": 1_000, "method": "cheque", "reason": "Geste"}
    answered(books.issuer.post(f"/api/v1/payments/{payment_id}/refunds", json=wish), 201)
    total = answered(books.issuer.get(f"/api/v1/payments/{payment_id}"))["amount_cents"]
    deliver(books, gateway.happen(payment_id, "charge.dispute.created", charged_back_cents=total - 100))
    assert follow(books, payment_id)["state"] == "failed"
    assert books.balance() == before + total + 1_000
    assert no_fault(books)
