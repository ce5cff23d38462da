"""A command's key: the same again is the same answer; another content is refused, and names what the key made."""

from __future__ import annotations

import re
from typing import Any

import pytest

from server.receivables.model import Provider
from server.receivables.providers import use_gateway
from shared.ids import new_id
from tests.factories.accounts import Books, answered, make_books, today
from tests.factories.online import ask
from tests.factories.strict_gateway import StrictGateway


@pytest.fixture(scope="module")
def books(module_database: object) -> Books:
    """One issuer that also takes payments online, and one shop."""
    del module_database
    made = make_books()
    body = {"is_enabled": True, "secret_key": "sk_test_keys", "webhook_secret": "whsec_keys"}
    answered(made.issuer.open("/api/v1/payment-provider", "PUT", json=body))
    return made


def used(response: Any) -> str:
    """Return the page of what a key made, of an answer that refuses it."""
    body = response.get_json()
    assert (response.status_code, body.get("slug")) == (409, "key-used"), body
    assert "déjà servi" in body["details"]["fr"]
    return body["page"]


def test_a_form_that_the_back_button_brings_back_loses_no_second_cheque(books: Books) -> None:
    """R084, R091: of two cheques from one form the second is refused with words and a link, and taken by a new one."""
    invoice, before = books.invoice(cases=2), books.balance()
    door = f"/comptes/{books.world.buyer.id}/paiement"
    page = books.issuer_page.get(door).get_data(as_text=True)
    form = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))
    form |= {"amount": "50,00", "method": "cheque", "received_on": today().isoformat(), "reference": "001"}
    first = books.issuer_page.post(door, data=form)
    assert books.issuer_page.post(door, data=form).headers["Location"] == first.headers["Location"]
    refused = books.issuer_page.post(door, data=form | {"amount": "30,00", "reference": "002"})
    words = refused.get_data(as_text=True)
    assert refused.status_code == 409
    assert "Ce formulaire a déjà servi à inscrire un paiement de 50,00" in words.replace("\u00a0", " ")
    assert f'href="{first.headers["Location"]}"' in words
    assert books.balance() == before - 5_000
    fresh = re.search(r'name="key" value="([^"]+)"', books.issuer_page.get(door).get_data(as_text=True))
    assert fresh is not None
    again = form | {"amount": "30,00", "reference": "002", "key": fresh[1]}
    assert books.issuer_page.post(door, data=again).status_code == 303
    assert (books.balance(), books.open_of(invoice) < invoice.total_cents) == (before - 8_000, True)


def test_a_payments_key_holds_for_that_payment_alone(books: Books) -> None:
    """R084: buyer, way, amount, day, reference and invoices are the payment's; told otherwise it is another one."""
    invoice, before = books.invoice(), books.balance()
    part = {"invoice_id": str(invoice.id), "amount_cents": 100}
    body = {
        "key": str(new_id()), "buyer_id": str(books.world.buyer.id), "method": "cheque", "amount_cents": 150,
        "received_on": today().isoformat(), "reference": "77", "allocations": [part],
    }  # fmt: skip
    made = answered(books.issuer.post("/api/v1/payments", json=body), 201)
    assert answered(books.issuer.post("/api/v1/payments", json=body), 201) == made
    for other in (
        {"amount_cents": 151}, {"method": "cash"}, {"reference": "78"}, {"received_on": "2026-01-05"},
        {"allocations": [part | {"amount_cents": 99}]}, {"allocations": []},
    ):  # fmt: skip
        assert used(books.issuer.post("/api/v1/payments", json=body | other)) == f"/paiements/{made['id']}"
    assert books.balance() == before - 150


def test_a_credits_key_holds_for_that_credit_alone(books: Books) -> None:
    """R081, R092-R095: kind, lines, containers, reason and split are the credit's, for each of the three kinds."""
    invoice = books.invoice(cases=3)
    before, line = books.balance(), str(invoice.lines[0].id)
    amount = {"description_fr": "Geste", "description_en": "Gesture", "net_cents": 100, "taxed": False}
    kinds: list[tuple[dict[str, Any], list[dict[str, Any]]]] = [
        (
            {"invoice_id": str(invoice.id), "items": [{"line_id": line, "quantity": 1}]},
            [{"items": [{"line_id": line, "quantity": 2}]}, {"reason_fr": "Autre motif"}],
        ),
        (
            {"containers": [{"class_id": str(books.world.seller.keg_class_id), "quantity": 1}]},
            [{"containers": [{"class_id": str(books.world.seller.keg_class_id), "quantity": 2}]}],
        ),
        (
            {"lines": [amount], "apply": [{"invoice_id": str(invoice.id), "amount_cents": 40}]},
            [
                {"lines": [amount | {"net_cents": 101}]}, {"lines": [amount | {"taxed": True}]},
                {"lines": [amount, amount]}, {"apply": [{"invoice_id": str(invoice.id), "amount_cents": 41}]},
            ],
        ),
    ]  # fmt: skip
    credited = 0
    for body, others in kinds:
        key = str(new_id())
        made = books.write(key=key, **body)
        credited += made["total_cents"]
        assert books.write(key=key, **body) == made
        base = {"key": key, "buyer_id": str(books.world.buyer.id), "reason_fr": "Réconciliation"}
        for other in others:
            assert used(books.issuer.post("/api/v1/credit-notes", json=base | body | other)) == f"/credits/{made['id']}"
        stranger = {"lines": [amount | {"net_cents": 7}]}
        assert used(books.issuer.post("/api/v1/credit-notes", json=base | stranger))
    assert books.balance() == before - credited


def test_refunds_and_write_offs_keep_their_key(books: Books) -> None:
    """Laws 6, 16: a refund is of one source, amount, way and reason; a write-off of one invoice, amount and reason."""
    invoice, other = books.invoice(), books.invoice()
    before = books.open_of(invoice)
    paid = books.pay(5_000, allocations=[])
    door = f"/api/v1/payments/{paid['id']}/refunds"
    body = {"key": str(new_id()), "amount_cents": 500, "method": "cheque", "reason": "Trop payé"}
    made = answered(books.issuer.post(door, json=body), 201)
    assert answered(books.issuer.post(door, json=body), 201) == made
    for change in ({"amount_cents": 501}, {"method": "cash"}, {"reason": "Geste"}):
        assert used(books.issuer.post(door, json=body | change)) == f"/paiements/{paid['id']}"
    door, body = f"/api/v1/invoices/{invoice.id}/write-offs", {
        "key": str(new_id()), "amount_cents": 30, "reason": "Perdu",
    }  # fmt: skip
    let_off = answered(books.issuer.post(door, json=body), 201)
    assert answered(books.issuer.post(door, json=body), 201) == let_off
    for path, change in (
        (door, {"amount_cents": 31}), (door, {"reason": "Fermé"}), (f"/api/v1/invoices/{other.id}/write-offs", {}),
    ):  # fmt: skip
        assert used(books.issuer.post(path, json=body | change)) == f"/factures/{invoice.id}"
    assert books.open_of(invoice) == before - 30


def test_a_key_opens_the_payment_of_one_invoice_and_says_one_message(books: Books) -> None:
    """R080, R087: another invoice under the key of a first, or other words in the chat, are not answered as if done."""
    first, second, key = books.invoice(), books.invoice(), new_id()
    with use_gateway(Provider.STRIPE, StrictGateway().maker):
        made = ask(books, first, key=key)
        assert ask(books, first, key=key) == made
        refused = ask(books, second, key=key, status=409)
    assert (refused["slug"], refused["page"]) == ("key-used", f"/paiements/{made['id']}")
    door = f"/api/v1/accounts/{books.world.buyer.id}/messages"
    said = {"key": str(key), "text": "Le virement part ce soir."}
    assert answered(books.issuer.post(door, json=said), 201) == answered(books.issuer.post(door, json=said), 201)
    other = books.issuer.post(door, json=said | {"text": "Non, demain."})
    assert (other.status_code, other.get_json()["slug"]) == (409, "key-used")
