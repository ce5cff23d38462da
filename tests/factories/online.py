"""Paying online in tests: what a buyer asks for, a provider's notice at its door, and the job that follows it."""

from __future__ import annotations

from server.receivables import jobs
from server.receivables.providers import GatewayState
from shared.ids import new_id
from tests.factories.accounts import Books, answered, make_books

KEY, WEBHOOK = "sk_test_very_secret_4242", "whsec_very_secret_1717"
PAID = {"state": GatewayState.PAID}


def make_online_books() -> Books:
    """Return one issuer that offers online payment, and one shop."""
    made = make_books()
    body = {"is_enabled": True, "secret_key": KEY, "webhook_secret": WEBHOOK}
    answered(made.issuer.open("/api/v1/payment-provider", "PUT", json=body))
    return made


def ask(books: Books, invoice, *, key=None, status=201):
    body = {"key": str(key or new_id()), "invoice_id": str(invoice.id)}
    return answered(books.shop.post("/api/v1/online-payments", json=body), status)


def deliver(books: Books, notice: tuple[bytes, str], *, status: int = 204) -> None:
    payload, signature = notice
    path = f"/api/v1/online-payments/notices/{books.world.seller.id}"
    response = books.app.test_client().post(
        path, data=payload, headers={"Stripe-Signature": signature, "Content-Type": "application/json"}
    )
    assert response.status_code == status, response.get_json(silent=True)


def follow(books: Books, payment_id: str) -> dict:
    """Do what the job of a notice does."""
    jobs.follow_payment(owner_id=str(books.world.seller.id), subject_id=payment_id)
    return answered(books.issuer.get(f"/api/v1/payments/{payment_id}"))
