"""Stripe's own library against a real server of its interface: intents, notices that are signed, refunds."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from uuid import UUID

import pytest
import requests
from werkzeug.serving import make_server

from server.core.settings import reload_settings
from server.core.transaction import transaction
from server.receivables.jobs import bring_to_agree
from server.receivables.model import Payment
from server.receivables.providers import Asked, GatewayState, gateway_of
from server.receivables.service.online import ask_online, note_opened, provider_account
from server.worker import run_until_empty
from shared.ids import new_id
from tests.factories.accounts import Books, answered, make_books
from tests.factories.web import now_stamp

KEY, WEBHOOK = "sk_test_local_9090", "whsec_local"
CARD = {"number": "4242424242424242", "exp_month": 12, "exp_year": 2031, "cvc": "123"}
PATIENCE_S = 20


@pytest.fixture(scope="module")
def stripe_url() -> Iterator[str]:
    """A server of Stripe's interface as a process of its own, on a free port of this machine."""
    with socket.socket(socket.AF_INET6) as free:
        free.bind(("::1", 0))
        port = free.getsockname()[1]
    running = subprocess.Popen(
        [sys.executable, "-m", "localstripe", "--port", str(port), "--from-scratch"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    url = f"http://[::1]:{port}"
    try:
        deadline = time.monotonic() + PATIENCE_S
        while not _answers(url):
            assert running.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield url
    finally:
        running.terminate()
        running.wait(PATIENCE_S)


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/v1/customers", auth=(KEY, ""), timeout=2).status_code == 200
    except requests.ConnectionError:
        return False


@pytest.fixture(scope="module")
def books(module_database, stripe_url: str) -> Iterator[Books]:
    """An issuer whose provider's interface is that server."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TOURNEE_STRIPE_API_BASE", stripe_url)
        reload_settings()
        made = make_books()
        body = {"is_enabled": True, "secret_key": KEY, "webhook_secret": WEBHOOK}
        answered(made.issuer.open("/api/v1/payment-provider", "PUT", json=body))
        yield made
    reload_settings()


@pytest.fixture(scope="module")
def heard(books: Books, stripe_url: str) -> Iterator[None]:
    """The application on a port of its own, where the provider sends its notices."""
    server = make_server("127.0.0.1", 0, books.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.port}/api/v1/online-payments/notices/{books.world.seller.id}"
    body = {"url": url, "secret": WEBHOOK}
    assert requests.post(f"{stripe_url}/_config/webhooks/one", json=body, timeout=5).ok
    yield
    server.shutdown()
    thread.join(PATIENCE_S)


def confirm(stripe_url: str, ref: str) -> None:
    """Do what the buyer's browser does at Stripe: give a card, and confirm."""
    posted = {"auth": (KEY, ""), "timeout": 5}
    card = requests.post(f"{stripe_url}/v1/payment_methods", json={"type": "card", "card": CARD}, **posted).json()
    made = requests.post(f"{stripe_url}/v1/payment_intents/{ref}", json={"payment_method": card["id"]}, **posted)
    assert made.ok, made.text
    done = requests.post(f"{stripe_url}/v1/payment_intents/{ref}/confirm", **posted)
    assert done.ok, done.text


def open_intent(books: Books, invoice) -> tuple[UUID, str]:
    """Open a payment of an invoice as an intent; this server has no hosted pages."""
    with transaction(books.world.buyer.id) as session:
        payment = ask_online(session, invoice_id=invoice.id, key=new_id(), stamp=now_stamp())
        account = provider_account(session, issuer_id=payment.owner_id)
    asked = Asked(
        payment_id=payment.id,
        amount_cents=payment.amount_cents,
        currency=payment.currency,
        title=invoice.number,
        language="fr",
        return_url="http://localhost/",
    )
    opened = gateway_of(account).intent(asked)
    assert opened.client_secret
    with transaction(books.world.seller.id) as session:
        note_opened(session, payment=session.get_one(Payment, payment.id), opened=opened)
    return payment.id, opened.ref


def test_a_signed_notice_of_a_real_server_pays_the_invoice(books: Books, stripe_url: str, heard) -> None:
    """R080: the card is confirmed there, the notice comes back signed, the worker asks and the invoice is paid."""
    del heard
    invoice = books.invoice()
    payment_id, ref = open_intent(books, invoice)
    assert bring_to_agree(books.world.seller.id, payment_id).state.value == "pending"
    confirm(stripe_url, ref)
    deadline = time.monotonic() + PATIENCE_S
    while books.open_of(invoice) and time.monotonic() < deadline:
        run_until_empty()
        time.sleep(0.2)
    assert books.open_of(invoice) == 0


def test_a_refund_is_given_at_a_real_server(books: Books, stripe_url: str) -> None:
    """R080, law 16: the library's refund, capture state and standing are read as the interface gives them."""
    invoice = books.invoice()
    payment_id, ref = open_intent(books, invoice)
    confirm(stripe_url, ref)
    assert bring_to_agree(books.world.seller.id, payment_id).state.value == "allocated"
    [paid] = answered(books.issuer.get(f"/api/v1/payments/{payment_id}/allocations"))
    answered(books.issuer.delete(f"/api/v1/payment-allocations/{paid['id']}"))
    wish = {"key": str(new_id()), "amount_cents": 500, "method": "gateway", "reason": "Caisse brisée"}
    given = answered(books.issuer.post(f"/api/v1/payments/{payment_id}/refunds", json=wish), 201)
    assert given["state"] == "done"
    with transaction(books.world.seller.id) as session:
        account = provider_account(session, issuer_id=books.world.seller.id)
    standing = gateway_of(account).fetch(ref)
    assert (standing.state, standing.refunded_cents, standing.currency) == (GatewayState.PAID, 500, "CAD")
    before = books.balance()
    bring_to_agree(books.world.seller.id, payment_id)
    assert books.balance() == before
